import { once } from 'node:events'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'
import type { Logger } from 'pino'
import type { Taken } from './outgoing.ts'

/**
 * All that leans on Node's insides stands here: a socket's `_handle` (for TLS in `tls/tls-internals.ts`).
 * `checkInternals` tries it out at start; where Node has changed, the public way is taken, which is slower.
 *
 * Held against Node 26.10.
 */
export interface Internals {
  /**
   * Whether connections are read into one buffer for all (`onread`), which `net.createServer` doesn't offer:
   * an accepted socket is told so afterwards. And whether they are written past their streams.
   */
  ownReads: boolean
}

/** Node as it is documented. */
export const PUBLIC_ONLY: Internals = { ownReads: false }

/** What of a socket isn't documented. */
interface Insides {
  _handle?: Handle | null
  [name: symbol]: unknown
}

interface Handle {
  writeQueueSize?: number
  useUserBuffer?(buffer: Uint8Array): void
  /** @returns the write that is under way, or how it has ended: 0, or an error's number */
  writeBuffer?(request: null, bytes: Uint8Array): Write | number
}

interface Write {
  oncomplete(status: number): void
  /** How it has ended, where it had before it could be said whom to tell. */
  writeStatus: number | null
  /** What is written: only we keep it. */
  bytes: Uint8Array
}

/** A socket's insides, where Node has them. */
function insidesOf(socket: Socket): Insides {
  return socket as unknown as Insides
}

/** Bytes are handed to `received` in a buffer that the next read overwrites; false stops reading. */
export type Received = (bytes: number, buffer: Uint8Array) => boolean

/** What Node calls the buffer that a socket is read into, and who is told: once they were found. */
let names: { buffer: symbol; callback: symbol } | undefined

function namesIn(socket: Socket): typeof names {
  const symbols = Object.getOwnPropertySymbols(socket)
  const buffer = symbols.find(({ description }) => description === 'kBuffer')
  const callback = symbols.find(({ description }) => description === 'kBufferCb')
  return buffer && callback && { buffer, callback }
}

/**
 * Has a socket read into one buffer for all, on which nothing was read yet. What isn't wanted there any more may be
 * pushed, for whoever listens.
 *
 * @returns whether it could; `received` is never called else
 */
export function readInto(socket: Socket, buffer: Uint8Array, received: Received): boolean {
  names ??= namesIn(socket)
  const insides = insidesOf(socket)
  const { _handle: handle } = insides
  if (names === undefined || handle?.useUserBuffer === undefined || socket.readableLength > 0) return false
  insides[names.buffer] = buffer
  insides[names.callback] = received
  handle.useUserBuffer(buffer)
  socket.resume()
  return true
}

/** The number of no error that Node knows: there is no handle any more. */
const GONE = -1

/**
 * Writes bytes past a socket's stream, behind all that the stream has given to the kernel or has waiting there.
 *
 * @param taken told of bytes that the kernel didn't take at once: when it has, or never will
 * @returns whether it has taken all
 */
export function writePast(socket: Socket, bytes: Uint8Array, taken: Taken): boolean {
  const write = insidesOf(socket)._handle?.writeBuffer?.(null, bytes) ?? GONE
  if (write === 0) return true
  if (typeof write === 'number') {
    process.nextTick(taken, writeError(write))
    return false
  }
  write.bytes = bytes
  write.oncomplete = (status) => taken(status < 0 ? writeError(status) : null)
  if (write.writeStatus !== null) process.nextTick(write.oncomplete, write.writeStatus)
  return false
}

/** What Node makes of a write that has failed. */
function writeError(errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno)
  return Object.assign(new Error(`write ${code}`), { errno, code, syscall: 'write' })
}

/**
 * Bytes of what was written that the kernel has taken, which grows as long as the other side reads. How
 * much still waits tells nothing: in a steady stream it is the same at every look.
 */
export function takenBytes(socket: Socket): number {
  return socket.bytesWritten - waitingBytes(socket)
}

/** Bytes of what was written that the kernel has yet to take. */
export function waitingBytes(socket: Socket): number {
  return socket.writableLength + (insidesOf(socket)._handle?.writeQueueSize ?? 0)
}

/**
 * Whether Node makes a write's request itself where it is given none: others end the process over it, which no trial
 * would survive.
 */
export function makesRequests(version: string = process.versions.node): boolean {
  const [major, minor] = version.split('.').map(Number)
  return major === 26 && Number(minor) >= 10
}

/** How long the trial may take, ms. */
const TRIAL_MS_MAX = 5_000

/** Tries out what this file leans on, over a connection to ourselves. */
export async function checkInternals(log: Logger): Promise<Internals> {
  const failure = await trial().catch((error: unknown) => String(error))
  if (failure === undefined) return { ownReads: true }
  log.warn(
    { failure, node: process.version },
    'Node has changed: connections take its documented, slower way',
  )
  return PUBLIC_ONLY
}

/** An answer, or one that is more than the kernel takes at once. */
function answerTo(asked: string): Buffer {
  return asked === 'large' ? Buffer.from('whole'.padStart(4 * 1_048_576)) : Buffer.from('ours')
}

/** Two requests read and answered by us, one handed over, and one that node:http reads itself. Returns what went wrong. */
async function trial(): Promise<string | undefined> {
  if (!makesRequests()) return 'it is not Node 26.10 or a later 26'
  const slow = createHttpServer((_, response) => response.end('slow'))
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true })
  const signal = AbortSignal.timeout(TRIAL_MS_MAX)
  const seen: string[] = []
  server.on('connection', (socket) => tryOut(socket, slow, seen))
  // Workers of a cluster would share the port, and one get the other's connection.
  server.listen({ host: '127.0.0.1', port: 0, exclusive: true })
  await once(server, 'listening', { signal })
  const address = server.address()
  const client = connect({ host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 })
  try {
    for (const [sent, answer] of [
      ['one', 'ours'],
      ['large', 'whole'],
      ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'slow'],
      ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'slow'],
    ] as const) {
      client.write(sent)
      let text = ''
      while (!text.endsWith(answer)) {
        const [bytes] = await once(client, 'data', { signal })
        text = `${text}${bytes}`.slice(-answer.length)
      }
    }
    return seen.join() === 'one,taken,large,taken,GET' ? undefined : `seen was ${seen.join()}`
  } finally {
    client.destroy()
    server.close()
    slow.close()
  }
}

function tryOut(socket: Socket, slow: HttpServer, seen: string[]): void {
  const shared = Buffer.alloc(1_024)
  let isOurs = true
  const taken: Taken = (error) => void seen.push(error == null ? 'taken' : String(error))
  const answer = (bytes: Buffer) => {
    try {
      if (writePast(socket, bytes, taken)) taken()
    } catch (error) {
      taken(error as Error)
      socket.resetAndDestroy()
    }
  }
  const isRead = readInto(socket, shared, (bytes) => {
    const text = shared.toString('latin1', 0, bytes)
    seen.push(text.split(' ')[0] ?? '')
    if (!isOurs) return socket.push(Buffer.from(text))
    if (!text.startsWith('GET')) {
      answer(answerTo(text))
      return true
    }
    isOurs = false
    Object.assign(socket, { server: slow })
    socket.unshift(Buffer.from(text))
    slow.emit('connection', socket)
    return true
  })
  socket.on('error', () => socket.destroy())
  // Its other end is told by that, and needn't wait for the time to be over.
  if (!isRead) socket.resetAndDestroy()
}
