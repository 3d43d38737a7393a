import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How a site answers one path. */
export type Answer = string | ((request: IncomingMessage, response: ServerResponse) => void)

/** A server in the edge's place: all names lead here. */
export interface Site extends AsyncDisposable {
  port: number
  /** `GET docs.example /path`, as they came; icons and a robots.txt that there isn't left out. */
  requests: string[]
  /** Can be altered while it runs. */
  pages: Record<string, Answer>
}

/** Serves HTML by path, whatever the host; 404 for the rest. */
export async function startSite(pages: Record<string, Answer>): Promise<Site> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    const isAside = ['/favicon.ico', '/robots.txt'].includes(request.url ?? '')
    if (isAside && pages[request.url ?? ''] === undefined) return void response.writeHead(404).end()
    requests.push(`${request.method} ${request.headers.host} ${request.url}`)
    const answer = pages[request.url ?? '']
    if (answer === undefined) return void response.writeHead(404).end('nothing here')
    if (typeof answer === 'function') return answer(request, response)
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    pages,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** A page whose left half is red and right half blue, with a word on it. */
export const twoColours = (left = '#ff0000', right = '#0000ff') => `<!doctype html><title>Two colours</title>
<style>body { margin: 0; height: 768px; background: linear-gradient(90deg, ${left} 50%, ${right} 50%) }</style>`
