import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** What came back over one connection. */
export interface Reply {
  /** All bytes, as latin1. */
  text: string
  /** Whether the other side ended the connection; if not, it said nothing for `SILENT_LOOKS`. */
  closed: boolean
}

/**
 * How often a connection may be found silent until we take it that nothing more comes. Looks are counted, not
 * time: where the machine is busy with others, the edge in this process comes as far between two of them.
 */
const SILENT_LOOKS = 30
const LOOK_MS = 50

/** How to send. */
export interface Sending {
  port: number
  secure?: boolean
  /** Pieces, each in a packet of its own. */
  pieces: readonly (string | Buffer)[]
}

/** Sends bytes as they are, and reads until the other side closes or falls silent. */
export async function sendOver({ port, secure, pieces }: Sending): Promise<Reply> {
  const socket = secure ? await secured(port) : connect({ host: '127.0.0.1', port, noDelay: true })
  const chunks: Buffer[] = []
  const { promise, resolve } = Promise.withResolvers<boolean>()
  let silentLooks = 0
  const looks = setInterval(() => {
    silentLooks += 1
    if (silentLooks > SILENT_LOOKS) resolve(false)
  }, LOOK_MS)
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    silentLooks = 0
  })
  socket.on('error', () => resolve(true))
  socket.on('close', () => resolve(true))
  for (const piece of pieces) {
    if (socket.destroyed) break
    socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)
    silentLooks = 0
    if (pieces.length > 1) await new Promise((done) => setTimeout(done, 2))
  }
  const closed = await promise
  clearInterval(looks)
  socket.destroy()
  return { text: Buffer.concat(chunks).toString('latin1'), closed }
}

async function secured(port: number): Promise<Socket> {
  const options = { host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }
  const socket = connectTls(options)
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  return socket
}

/** A reply without what differs from one time, or one house, to the next. */
export function normalised(text: string): string {
  return (
    text
      // On a pipeline node:http says it before or after what it belongs to, as it happens.
      .replaceAll('HTTP/1.1 100 Continue\r\n\r\n', '')
      .replace(/^(Date): [^\r]*/gm, '$1: …')
      .replace(/^(Age): \d+/gm, '$1: …')
      .replace(/^(X-Selvedge-Request-Id): [\w-]{20}\r$/gm, '$1: …\r')
      .replace(/\b[0-9a-f]{32}\b/g, 'boundary')
      .replace(/(https:\/\/[a-z.]+):\d+/g, '$1')
      .replace(/ttl=-?\d+/g, 'ttl=…')
      .replace(/Request id: [\w-]{20}/g, 'Request id: …')
      // Who waited for another's answer and then asked alone isn't told why: whether anybody did is chance.
      .replaceAll('; detail=no-store', '')
  )
}
