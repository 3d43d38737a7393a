import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import { makesRequests, type Received, readInto } from '../node-internals.ts'
import type { Taken } from '../outgoing.ts'

/**
 * How TLS sockets are read and written past Node's streams, which take as long as all that we do. What leans on
 * Node's insides for it stands here; `checkTlsInternals` tries it out at start, and where Node has changed, the
 * documented way is taken.
 *
 * Held against Node 26.10.
 */
export interface TlsInternals {
  /** As `readInto` of `node-internals.ts`, where that works with TLS as well. */
  readInto(socket: TLSSocket, buffer: Uint8Array, received: Received): boolean
  /**
   * Writes bytes, which may be changed once this returns, while nothing else is being written.
   *
   * @param taken told when the kernel has them, or never will
   */
  write(socket: TLSSocket, bytes: Uint8Array, taken: Taken): void
}

/** Node as it is documented. */
export const DOCUMENTED_TLS: TlsInternals = {
  readInto: () => false,
  write: (socket, bytes, taken) => void socket.write(bytes, taken),
}

/** What of a socket isn't documented. */
interface Insides {
  _handle: Handle | null
}

interface Handle {
  /** @returns the write that is under way, or how it has ended: 0, or an error's number */
  writeBuffer(request: null, bytes: Uint8Array): Write | number
}

interface Write {
  oncomplete(this: Write, status: number): void
  /** How it has ended, where it had before it could be said whom to tell. */
  writeStatus: number | null
  socket: TLSSocket
  taken: Taken
}

function insidesOf(socket: TLSSocket): Insides {
  return socket as unknown as Insides
}

const OWN: TlsInternals = {
  readInto,

  write(socket, bytes, taken) {
    const write = insidesOf(socket)._handle?.writeBuffer(null, bytes) ?? GONE
    const ended = typeof write === 'number' ? write : write.writeStatus
    if (typeof write !== 'number') {
      write.oncomplete = completed
      write.socket = socket
      write.taken = taken
    }
    // As with Node's own: nobody is told before this has returned.
    if (ended !== null) process.nextTick(tell, socket, ended, taken)
  },
}

/** The number of no error that Node knows: there is no handle any more. */
const GONE = -1

function completed(this: Write, status: number): void {
  tell(this.socket, status, this.taken)
}

function tell(socket: TLSSocket, status: number, taken: Taken): void {
  if (status >= 0) taken()
  else {
    socket.destroy()
    taken(new Error(`a write ended with ${status}`))
  }
}

/** How long the trial may take, ms. */
const TRIAL_MS_MAX = 5_000

/** Tries out what this file leans on, over a connection to ourselves. */
export async function checkTlsInternals(log: Logger): Promise<TlsInternals> {
  const failure = await trial().catch((error: unknown) => String(error))
  if (failure === undefined) return OWN
  log.warn({ failure, node: process.version }, 'Node has changed: TLS takes its documented, slower way')
  return DOCUMENTED_TLS
}

/** A key in place of a certificate, which is for viewers. */
const TRIAL = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const

/** One who is read and written by us, and then by Node. @returns what went wrong */
async function trial(): Promise<string | undefined> {
  if (!makesRequests()) return 'it is not Node 26.10 or a later 26'
  const psk = randomBytes(32)
  const signal = AbortSignal.timeout(TRIAL_MS_MAX)
  let taken = 0
  const server = createServer({ ...TRIAL, pskCallback: () => psk }, (socket) => {
    socket.on('error', () => socket.destroy())
    tryOut(socket, () => {
      taken += 1
    })
  })
  server.listen({ host: '127.0.0.1', port: 0, exclusive: true })
  await once(server, 'listening', { signal })
  const { port } = server.address() as AddressInfo
  const asked = { ...TRIAL, host: '127.0.0.1', port, checkServerIdentity: () => undefined }
  const client = connect({ ...asked, pskCallback: () => ({ psk, identity: 'trial' }) })
  try {
    await once(client, 'secureConnect', { signal })
    for (const said of ['one', 'two', 'stream']) {
      client.write(said)
      let text = ''
      while (text.length < said.length) text += String((await once(client, 'data', { signal }))[0])
      if (text !== said) return `${said} came back as ${text}`
    }
    return taken >= 2 ? undefined : `of 2 writes ${taken} came to their end`
  } finally {
    client.destroy()
    server.close()
  }
}

/** Says again what it is told: by us, and in the end by Node's streams. */
function tryOut(socket: TLSSocket, taken: () => void): void {
  const buffer = Buffer.alloc(1_024)
  const isOurs = OWN.readInto(socket, buffer, (length) => {
    const said = buffer.subarray(0, length)
    if (String(said) === 'stream') return socket.push(Buffer.from(said))
    OWN.write(socket, said, taken)
    said.fill('x')
    return true
  })
  if (isOurs) socket.on('data', (said) => socket.write(said))
}
