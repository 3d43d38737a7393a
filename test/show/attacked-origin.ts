import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What good viewers ask for while others attack. */
export interface AttackedOrigin extends AsyncDisposable {
  port: number
  url: string
}

const SMALL = Buffer.alloc(1_000, 'selvedge ')
const LARGE = Buffer.alloc(1_000_000, 'selvedge ')

/** Starts an origin with a small object at each path and a large one at `/large`; what is below `/new` nobody may keep. */
export async function startAttackedOrigin(): Promise<AttackedOrigin> {
  const origin = createServer((incoming, response) => {
    const body = incoming.url === '/large' ? LARGE : SMALL
    const keep = incoming.url?.startsWith('/new') ? 'no-store' : 'max-age=3600'
    const headers = { 'Content-Length': body.length, 'Cache-Control': keep, ETag: '"one"' }
    // It waits for a request's body, as most do.
    incoming.resume().once('end', () => response.writeHead(200, headers).end(body))
  })
  origin.listen(0, '127.0.0.1')
  await once(origin, 'listening')
  const { port } = origin.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      origin.closeAllConnections()
      origin.close()
    },
  }
}
