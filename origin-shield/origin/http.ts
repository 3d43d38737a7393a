import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'undici'
import { exchange, neverConnected } from '../../edge/cache/exchange.ts'
import type { Request, Response } from '../../edge/cache/message.ts'
import { UpstreamError } from '../../edge/cache/upstream-error.ts'
import type { Origin } from './origin.ts'
import type { HttpOriginSettings } from './schema.ts'

/** Largest head of a response that is taken, bytes: CloudFront's limit for request heads, with room. */
const HEAD_BYTES_MAX = 32_768
/** How long a start-up check may take, ms. */
const PROBE_MS_MAX = 5_000
/** Pause before another attempt, ms: an origin that restarts drops a connection and takes the next. */
const RETRY_PAUSE_MS = 100

/** Methods that may be sent twice (RFC 9110 §9.2.2); with a body they can't be, for it is gone. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/** Any HTTP or HTTPS server as an origin, through a pool of kept connections. */
export function openHttpOrigin(settings: HttpOriginSettings): Origin {
  const url = new URL(settings.url)
  const prefix = url.pathname.replace(/\/$/, '')
  const pool = new Pool(url.origin, {
    connections: 128,
    connect: { timeout: settings.connectionTimeout * 1000 },
    headersTimeout: settings.originReadTimeout * 1000,
    bodyTimeout: settings.originReadTimeout * 1000,
    keepAliveTimeout: settings.originKeepaliveTimeout * 1000,
    maxHeaderSize: HEAD_BYTES_MAX,
  })
  const where = settings.url

  async function attempt(request: Request, signal: AbortSignal): Promise<Response> {
    const host = settings.hostHeader === 'viewer' ? request.host : url.host
    return exchange(pool, { ...request, target: `${prefix}${request.target}` }, { where, host }, signal)
  }

  async function fetch(request: Request, signal: AbortSignal): Promise<Response> {
    const attempts = mayRepeat(request) ? settings.connectionAttempts : 1
    for (let made = 1; ; made += 1) {
      try {
        return await attempt(request, signal)
      } catch (error) {
        if (made >= attempts || signal.aborted || !isPassing(error)) throw error
        await pause(RETRY_PAUSE_MS * made, undefined, { signal })
      }
    }
  }

  return {
    name: settings.url,
    upgradeUrl: url,
    fetch,
    problem: () => connectProblem(url),
    [Symbol.asyncDispose]: () => pool.destroy(),
  }
}

function mayRepeat(request: Request): boolean {
  return IDEMPOTENT.has(request.method) && request.body === undefined
}

/** Failures before any response head that another attempt may not meet: no connection, or a stale one. */
function isPassing(error: unknown): boolean {
  return neverConnected(error) || (error instanceof UpstreamError && error.failure === 'OriginReadError')
}

/** Whether the server takes a connection; it is not asked anything, for every request there is somebody's. */
async function connectProblem(url: URL): Promise<string | undefined> {
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
  const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(PROBE_MS_MAX) })
    return undefined
  } catch (error) {
    return `${url.origin} can't be reached (${(error as Error).message})`
  } finally {
    socket.on('error', () => undefined).destroy()
  }
}
