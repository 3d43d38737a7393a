import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'undici'
import { exchange } from '../../edge/cache/fetch/exchange.ts'
import { UpstreamError } from '../../edge/cache/fetch/upstream-error.ts'
import { type Leaving, signalOf } from '../../edge/cache/leaving.ts'
import type { Request, Response } from '../../edge/cache/message.ts'
import { connectorFor } from './connector.ts'
import type { Origin } from './origin.ts'
import { isPassing } from './passing-failure.ts'
import { plainResponse } from './plain-response.ts'
import type { HttpOriginSettings } from './schema.ts'
import { soundResponse } from './sound-response.ts'
import { startCheck } from './start-check.ts'

/** Largest head of a response that is taken, bytes: CloudFront's limit for request heads, with room. */
const HEAD_BYTES_MAX = 32_768
/** Pause before another attempt, ms: an origin that restarts drops a connection and takes the next. */
const RETRY_PAUSE_MS = 100

/** Methods that may be sent twice (RFC 9110 §9.2.2); with a body they can't be, for it is gone. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/** `..` between separators, in any encoding that some server may undo. */
const LEADS_UP = /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){2}(?:$|[/\\;?]|%2f|%5c|%3b)/i

/** Any HTTP or HTTPS server as an origin, through a pool of kept connections. */
export function openHttpOrigin(settings: HttpOriginSettings): Origin {
  const url = new URL(settings.url)
  const name = settings.url
  const prefix = url.pathname.replace(/\/$/, '')
  const options = {
    connections: 128,
    connect: connectorFor(settings.connectionTimeout * 1000),
    // HTTP/2 flattens repeated fields and has its own ways to end half a body; origins all speak HTTP/1.1.
    allowH2: false,
    headersTimeout: settings.originReadTimeout * 1000,
    bodyTimeout: settings.originReadTimeout * 1000,
    keepAliveTimeout: settings.originKeepaliveTimeout * 1000,
    maxHeaderSize: HEAD_BYTES_MAX,
  }
  const pool = new Pool(url.origin, options)
  // Whoever sends a body slowly holds a connection: none that requests without one wait for.
  const uploads = new Pool(url.origin, options)

  async function attempt(request: Request, signal: Leaving): Promise<Response> {
    const host = (request.hostHeader ?? settings.hostHeader) === 'viewer' ? request.host : url.host
    const asked = prefix === '' ? request : { ...request, target: `${prefix}${request.target}` }
    return soundResponse(
      request,
      await exchange(request.body === undefined ? pool : uploads, asked, { where: name, host }, signal),
      name,
    )
  }

  async function fetch(request: Request, signal: Leaving): Promise<Response> {
    if (!isBelow(prefix, request.target)) {
      return plainResponse(400, 'The path is malformed.', [], request.method)
    }
    const attempts = mayRepeat(request) ? settings.connectionAttempts : 1
    for (let made = 1; ; made += 1) {
      try {
        return await attempt(request, signal)
      } catch (error) {
        if (made >= attempts || signal.aborted || !isPassing(error)) throw error
        await pause(RETRY_PAUSE_MS * made, undefined, { signal: signalOf(signal) })
      }
    }
  }

  return {
    name,
    upgradeUrl: url,
    fetch,
    problem: () => startCheck(name, (signal) => reach(url, signal)),
    async [Symbol.asyncDispose]() {
      await Promise.all([pool.destroy(), uploads.destroy()])
    },
  }
}

function mayRepeat(request: Request): boolean {
  return IDEMPOTENT.has(request.method) && request.body === undefined
}

/** Whether a target is a path, and stays below the one of the origin's URL: `/../admin` would leave it. */
function isBelow(prefix: string, target: string): boolean {
  return target.startsWith('/') && (prefix === '' || !LEADS_UP.test(target.split('?', 1)[0] ?? ''))
}

/** Connects and no more: every request that an origin gets is to be a viewer's. @throws UpstreamError */
async function reach(url: URL, signal: AbortSignal): Promise<void> {
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
  const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port })
  try {
    await once(socket, 'connect', { signal })
  } catch (cause) {
    throw new UpstreamError('OriginConnectError', url.origin, { cause })
  } finally {
    socket.on('error', () => undefined).destroy()
  }
}
