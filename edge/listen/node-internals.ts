import { once } from 'node:events'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { connect, createServer, type Server, Socket } from 'node:net'
import type { Logger } from 'pino'

/**
 * All that leans on Node's insides stands here: a socket's `_handle`, and what node:http leaves on a socket.
 * `checkInternals` tries it out at start; where Node has changed, the public way is taken, which is slower.
 *
 * Held against Node 26.10.
 */
export interface Internals {
  /**
   * Whether connections are read into one buffer for all (`onread`), which `net.createServer` doesn't offer:
   * the handle of an accepted socket is taken over by a socket of our own.
   */
  ownReads: boolean
  /** Whether a connection can be taken back from node:http. */
  takesBack: boolean
}

/** Node as it is documented. */
export const PUBLIC_ONLY: Internals = { ownReads: false, takesBack: false }

/** What of a socket isn't documented. */
interface Insides {
  _handle: { _consumed?: boolean; writeQueueSize?: number } | null
  /** Whose connections it is counted among. */
  _server: Server | null
}

/** A socket's insides, where Node has them. */
function insidesOf(socket: Socket): Insides {
  return socket as unknown as Insides
}

/** Bytes are handed to `received` in a buffer that the next read overwrites; false stops reading. */
export type Received = (bytes: number, buffer: Uint8Array) => boolean

/**
 * Takes a connection over from the socket that it was accepted as (paused, nothing read yet), so that it is
 * read into `buffer`. The old socket is nobody's from then on.
 */
export function adopt(accepted: Socket, buffer: Uint8Array, received: Received): Socket {
  const { _handle: handle, _server: server } = insidesOf(accepted)
  insidesOf(accepted)._handle = null
  const options = {
    handle,
    readable: true,
    writable: true,
    allowHalfOpen: true,
    onread: { buffer, callback: received },
  }
  const socket = new Socket(options as ConstructorParameters<typeof Socket>[0])
  // Else `server.close()` and its connection count would wait for a socket that is gone.
  insidesOf(socket)._server = server
  return socket
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

/** Events that node:http listens to on a connection. */
const EVENTS = ['close', 'data', 'drain', 'end', 'error', 'pause', 'readable', 'resume', 'timeout'] as const
type Listener = (...values: unknown[]) => void
export type Listeners = ReadonlyMap<string, readonly Listener[]>

/** A connection's listeners, to be held against what they are later. */
export function listenersOf(socket: Socket): Listeners {
  return new Map(EVENTS.map((event) => [event, socket.rawListeners(event) as Listener[]]))
}

/** Properties by which node:http covers a socket's own methods. */
const COVERED = ['on', 'addListener', 'prependListener', 'setEncoding'] as const

/**
 * Takes a connection back from node:http: its listeners go, and its parser is freed as at the end of a
 * connection. Only between two requests, with nothing read of the next one.
 *
 * @param before the listeners before node:http was given the connection
 */
export function takeBack(socket: Socket, before: Listeners): void {
  for (const event of EVENTS) {
    const known = before.get(event) ?? []
    for (const listener of socket.rawListeners(event) as Listener[]) {
      if (known.includes(listener)) continue
      socket.removeListener(event, listener)
      // It frees the parser and takes the connection off the server's list.
      if (event === 'close') listener.call(socket)
    }
  }
  for (const method of COVERED) Reflect.deleteProperty(socket, method)
  const { _handle: handle } = insidesOf(socket)
  if (handle !== null) handle._consumed = false
  socket.setTimeout(0)
}

/** How long the trial may take, ms. */
const TRIAL_MS_MAX = 5_000

/** Tries out what this file leans on, over a connection to ourselves. */
export async function checkInternals(log: Logger): Promise<Internals> {
  const failure = await trial().catch((error: unknown) => String(error))
  if (failure === undefined) return { ownReads: true, takesBack: true }
  log.warn(
    { failure, node: process.version },
    'Node has changed: connections take its documented, slower way',
  )
  return PUBLIC_ONLY
}

/** A request read by us, one by node:http, and one by us again. Returns what went wrong. */
async function trial(): Promise<string | undefined> {
  const slow = createHttpServer((_, response) => response.end('slow'))
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true })
  const signal = AbortSignal.timeout(TRIAL_MS_MAX)
  const seen: string[] = []
  server.on('connection', (accepted) => tryOut(accepted, slow, seen))
  // Workers of a cluster would share the port, and one get the other's connection.
  server.listen({ host: '127.0.0.1', port: 0, exclusive: true })
  await once(server, 'listening', { signal })
  const address = server.address()
  const client = connect({ host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 })
  try {
    for (const [sent, answer] of [
      ['one', 'ours'],
      ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'slow'],
      ['three', 'ours'],
    ] as const) {
      client.write(sent)
      let text = ''
      while (!text.endsWith(answer)) text += String((await once(client, 'data', { signal }))[0])
      if (answer === 'slow') await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return seen.join() === 'one,GET,three' ? undefined : `read ${seen.join()}`
  } finally {
    client.destroy()
    server.close()
    slow.close()
  }
}

function tryOut(accepted: Socket, slow: HttpServer, seen: string[]): void {
  const shared = Buffer.alloc(1_024)
  let isOurs = true
  const socket = adopt(accepted, shared, (bytes) => {
    const text = shared.toString('latin1', 0, bytes)
    seen.push(text.split(' ')[0] ?? '')
    if (!isOurs) return socket.push(Buffer.from(text))
    if (!text.startsWith('GET')) return socket.write('ours')
    isOurs = false
    const before = listenersOf(socket)
    slow.once('request', (_, response) =>
      response.once('finish', () =>
        setImmediate(() => {
          takeBack(socket, before)
          isOurs = true
          socket.resume()
        }),
      ),
    )
    Object.assign(socket, { server: slow })
    socket.unshift(Buffer.from(text))
    slow.emit('connection', socket)
    return true
  })
  socket.on('error', () => socket.destroy())
  socket.resume()
}
