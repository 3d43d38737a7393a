import { once } from 'node:events'
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A real HTTP server that plays the origin, and remembers what it was asked. */
export interface Site extends AsyncDisposable {
  url: string
  /** As `GET /page`, in order. */
  requests: string[]
  /** Headers of the requests, in the same order. */
  headers: IncomingMessage['headers'][]
  /** Answers every request from now on. */
  answers(handler: (request: IncomingMessage, response: ServerResponse) => void): void
}

/** A site that answers every request with the same headers and a body that names the request's count. */
export async function site(headers: OutgoingHttpHeaders = {}, status = 200): Promise<Site> {
  let handler = (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, headers).end(`answer ${requests.length}`)
  }
  const requests: string[] = []
  const seen: IncomingMessage['headers'][] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    seen.push(request.headers)
    // The house's clock may be ahead of ours: a Date of ours would make every response old there.
    response.sendDate = false
    handler(request, response)
  })
  // On a busy machine what was answered may take longer to be read than node:http keeps a connection for.
  server.keepAliveTimeout = 120_000
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    headers: seen,
    answers(next) {
      handler = next
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
