import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** The origin behind every contender. Its count of requests is the proof that hits are hits. */
export interface Origin extends AsyncDisposable {
  port: number
  readonly requests: number
}

/**
 * Serves `/BYTES/NAME`, whatever the name: a body of so many bytes that stays fresh for longer than any
 * benchmark lasts. On `node:net`, because behind misses it has to be faster than whoever asks it.
 */
export async function startOrigin(): Promise<Origin> {
  let requests = 0
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined) // a contender that ends breaks its connections off
    let heads = ''
    socket.on('data', (chunk) => {
      heads += chunk.toString('latin1')
      for (let end = heads.indexOf('\r\n\r\n'); end >= 0; end = heads.indexOf('\r\n\r\n')) {
        requests += 1
        answer(socket, heads.slice(0, end))
        heads = heads.slice(end + 4)
      }
    })
  }).listen({ host: '127.0.0.1', port: 0, backlog: 4_096 })
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get requests() {
      return requests
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

function answer(socket: Socket, head: string): void {
  const [method, path = ''] = head.split(' ', 2)
  const bytes = bytesIn(path)
  if (method !== 'GET' || bytes === undefined) {
    socket.write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
    return
  }
  socket.cork()
  socket.write(`HTTP/1.1 200 OK\r\n${fieldsOf(path, bytes)}\r\n${startOf(path, bytes)}`, 'latin1')
  socket.write(textAfter(path, bytes))
  socket.uncork()
}

/** What a path is answered with. It begins with the path itself, so that answers can't be mixed up. */
export function bodyOf(path: string): Buffer {
  const bytes = bytesIn(path) ?? 0
  return Buffer.concat([Buffer.from(startOf(path, bytes), 'latin1'), textAfter(path, bytes)])
}

/**
 * Header fields of an answer, each with its line end. The media type is one that nobody compresses; nginx gives
 * parts out of its cache only where the origin says that it would (`Accept-Ranges`).
 */
export function fieldsOf(path: string, bytes: number): string {
  return (
    `Content-Type: image/webp\r\nContent-Length: ${bytes}\r\nAccept-Ranges: bytes\r\n` +
    `Cache-Control: public, max-age=3600\r\n` +
    `Date: ${dateNow()}\r\nETag: "${path}"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n`
  )
}

let date = { text: '', untilMs: 0 }

/** The time as `Date` has it, worded once a second. */
function dateNow(): string {
  const nowMs = Date.now()
  if (nowMs >= date.untilMs) date = { text: new Date(nowMs).toUTCString(), untilMs: nowMs + 1_000 }
  return date.text
}

const BYTES_MAX = 2 * 1_048_576
const TEXT = Buffer.from(Array.from({ length: BYTES_MAX }, (_, at) => 97 + ((at * at + 7 * at) % 26)))

function bytesIn(path: string): number | undefined {
  const bytes = Number(path.slice(1, path.indexOf('/', 1)))
  return Number.isInteger(bytes) && bytes > 0 && bytes <= BYTES_MAX ? bytes : undefined
}

function startOf(path: string, bytes: number): string {
  return path.slice(0, bytes)
}

function textAfter(path: string, bytes: number): Buffer {
  return TEXT.subarray(Math.min(path.length, bytes), bytes)
}
