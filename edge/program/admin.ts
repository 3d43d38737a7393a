import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { PortInUse } from './errors.ts'

/** How long responses under way may take to finish when we stop, ms: a stop has to end. */
const DRAIN_MS_MAX = 2_000

/** What an operator's tools can ask a program. */
export interface Health {
  /** Why the program can't serve now, or `undefined` when it can. */
  unready(): string | undefined
  /** Metrics in the Prometheus text format. */
  metrics(): Promise<string>
}

/** A port that is listened on until disposed. */
export interface Listening extends AsyncDisposable {
  port: number
}

/**
 * Serves `GET /healthz` (alive), `GET /readyz` (able to serve, else 503 and the reason) and
 * `GET /metrics` on a port meant for operators only.
 *
 * @throws PortInUse
 */
export async function serveAdmin(at: { host: string; port: number }, health: Health): Promise<Listening> {
  const server = createServer(async (request, response) => {
    const reply = (status: number, type: string, body: string) =>
      response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body)
    switch (request.url) {
      case '/healthz':
        return reply(200, 'text/plain', 'ok\n')
      case '/readyz': {
        const reason = health.unready()
        return reason === undefined
          ? reply(200, 'text/plain', 'ready\n')
          : reply(503, 'text/plain', `${reason}\n`)
      }
      case '/metrics':
        return health.metrics().then(
          (text) => reply(200, 'text/plain; version=0.0.4; charset=utf-8', text),
          (error: unknown) => reply(500, 'text/plain', `${error}\n`),
        )
      default:
        return reply(404, 'text/plain', 'There is /healthz, /readyz and /metrics.\n')
    }
  })
  return listenOn(server, at, 'admin and metrics', 'the `admin` setting of the program')
}

/**
 * Listens, and turns "address in use" into an error that names the remedy.
 *
 * @param option how to choose another port
 * @throws PortInUse
 */
export async function listenOn(
  server: Server,
  at: { host: string; port: number; reusePort?: boolean },
  purpose: string,
  option: string,
): Promise<Listening> {
  // Upgraded connections are none of the server's any more, but it waits for them all the same.
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  try {
    server.listen(at)
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new PortInUse(at.port, at.host, purpose, option)
  }
  const { port } = server.address() as AddressInfo
  return {
    port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const deadline = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, DRAIN_MS_MAX)
      await closed
      clearTimeout(deadline)
    },
  }
}
