import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Server as NetServer, Socket } from 'node:net'
import { PortInUse } from './errors.ts'

/** How long responses under way may take to finish when we stop, ms: a stop has to end. */
const DRAIN_MS_MAX = 2_000

/** In which header `/readyz` says how busy a program is, 0 to 1. */
export const LOAD_HEADER = 'Selvedge-Load'

/** What an operator's tools can ask a program. */
export interface Health {
  /** Why the program can't serve now, or `undefined` when it can. */
  unready(): string | undefined
  /** How busy it is, 0 to 1: told with `/readyz`, for whoever spreads viewers. Not told without. */
  load?(): number
  /** Metrics in the Prometheus text format. */
  metrics(): Promise<string>
}

/** A port that is listened on until disposed. */
export interface Listening extends AsyncDisposable {
  port: number
}

/** An answer of an admin port. */
export interface Replied {
  status: number
  type: string
  body: string
  headers?: Record<string, string>
}

/** One more thing that an admin port answers. */
export interface AdminRoute {
  method: string
  /** Without query. */
  path: string
  reply(request: IncomingMessage): Promise<Replied>
}

/**
 * Serves `GET /healthz` (alive), `GET /readyz` (able to serve, else 503 and the reason),
 * `GET /metrics` and the program's own routes on a port meant for operators only.
 *
 * @throws PortInUse
 */
export async function serveAdmin(
  at: { host: string; port: number },
  health: Health,
  more: readonly AdminRoute[] = [],
): Promise<Listening> {
  const routes = [...healthRoutes(health), ...more]
  const server = createServer(async (request, response) => {
    const { status, type, body, headers } = await replyOf(routes, request)
    response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', ...headers }).end(body)
  })
  return listenOn(server, at, 'admin and metrics', 'the `admin` setting of the program')
}

async function replyOf(routes: readonly AdminRoute[], request: IncomingMessage): Promise<Replied> {
  const [path] = (request.url ?? '').split('?', 1)
  const here = routes.filter((route) => route.path === path)
  if (here.length === 0) {
    const paths = [...new Set(routes.map((route) => route.path))]
    return text(404, `There is ${paths.slice(0, -1).join(', ')} and ${paths.at(-1)}.\n`)
  }
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const route = here.find((one) => one.method === method)
  if (route === undefined) return text(405, `Ask with ${here.map((one) => one.method).join(' or ')}.\n`)
  return route.reply(request).catch((error: unknown) => text(500, `${error}\n`))
}

function healthRoutes(health: Health): AdminRoute[] {
  return [
    { method: 'GET', path: '/healthz', reply: async () => text(200, 'ok\n') },
    {
      method: 'GET',
      path: '/readyz',
      reply: async () => {
        const reason = health.unready()
        if (reason !== undefined) return text(503, `${reason}\n`)
        const load = health.load?.()
        return {
          ...text(200, 'ready\n'),
          headers: load === undefined ? {} : { [LOAD_HEADER]: load.toFixed(3) },
        }
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      reply: async () => ({
        status: 200,
        type: 'text/plain; version=0.0.4; charset=utf-8',
        body: await health.metrics(),
      }),
    },
  ]
}

function text(status: number, body: string): Replied {
  return { status, type: 'text/plain', body }
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
  const port = await claim(server, at, purpose, option)
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

/**
 * Lets a server of any kind listen; to stop it is the caller's. Returns its port.
 *
 * @param option how to choose another port
 * @throws PortInUse
 */
export async function claim(
  server: NetServer,
  at: { host: string; port: number; reusePort?: boolean; backlog?: number },
  purpose: string,
  option: string,
): Promise<number> {
  try {
    server.listen(at)
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new PortInUse(at.port, at.host, purpose, option)
  }
  return (server.address() as AddressInfo).port
}
