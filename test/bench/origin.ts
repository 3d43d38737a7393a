import { createServer } from 'node:http'
import { listenOn } from '../../edge/program/admin.ts'

/** The origin behind every contender. Its count of requests is the proof that hits are hits. */
export interface Origin extends AsyncDisposable {
  port: number
  readonly requests: number
}

const CACHE_CONTROL = 'public, max-age=3600'

/** Serves bodies that stay fresh for longer than any benchmark lasts, under their paths. */
export async function startOrigin(bodies: ReadonlyMap<string, Buffer>): Promise<Origin> {
  let requests = 0
  const server = createServer((request, response) => {
    requests += 1
    const body = bodies.get(request.url ?? '')
    if (body === undefined) return void response.writeHead(404).end()
    response.writeHead(200, {
      'Content-Type': 'text/plain',
      'Content-Length': body.byteLength,
      'Cache-Control': CACHE_CONTROL,
      ETag: `"${request.url}"`,
      'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
    })
    response.end(body)
  })
  const listening = await listenOn(server, { host: '127.0.0.1', port: 0 }, 'benchmark origin', 'nothing')
  return {
    port: listening.port,
    get requests() {
      return requests
    },
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  }
}

/** A body of so many bytes that no compression or repetition makes smaller than it looks. */
export function textOf(bytes: number): Buffer {
  const letters = Array.from({ length: bytes }, (_, at) => 97 + ((at * at + 7 * at) % 26))
  return Buffer.from(letters)
}
