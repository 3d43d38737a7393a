import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import { Pool } from 'undici'
import { exchange, failureOf, neverConnected } from './cache/fetch/exchange.ts'
import { wholeIfSmall } from './cache/fetch/small-body.ts'
import { UpstreamError, type UpstreamFailure } from './cache/fetch/upstream-error.ts'
import { firstValue } from './cache/fields.ts'
import type { Leaving } from './cache/leaving.ts'
import { discardBody, type Request, type Response, type Upstream } from './cache/message.ts'
import { cdnIdOf, cdnLoop } from './distribution/cdn-loop.ts'
import { shieldFields } from './distribution/shield-protocol.ts'
import { HEAD_BYTES_MAX } from './shield-link/response-head.ts'
import { openShieldLink, type ShieldLink } from './shield-link/shield-link.ts'
import type { UpgradeRoute } from './upgrade-viewer.ts'
import type { ViewerRequest } from './viewer.ts'

/** Time to connect to a shield, ms. */
const CONNECT_MS_MAX = 3_000
/** Time to a shield's response head, ms: longer than a shield gives its origins. */
const HEAD_MS_MAX = 125_000
/** Time between two pieces of a body, ms. */
const BODY_MS_MAX = 125_000

/** How long a connection is kept between requests, ms: less than a shield keeps it. */
const IDLE_MS_MAX = 30_000

/** Connections to one shield; one slow site's misses must not keep the others' waiting. */
const CONNECTIONS_MAX = 1_024

/** What the link to a shield takes, if it comes without a body: what may be sent twice, and is nearly all there is. */
const BY_LINK: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

const REMEDY = 'Check that the shields in `edge.shields` are up (GET /healthz) and reachable from this edge.'

/** The shields, and the choice among them. */
export interface Shields extends AsyncDisposable {
  /** Asks the shield that a key belongs to, or the next one when that can't be reached. */
  ask(
    key: string,
    request: Request,
    about: { distribution: string; requestId: string },
    signal: Leaving,
  ): ReturnType<Upstream>
  /** The shield that a key belongs to, for what is not a plain request (a WebSocket). */
  shieldOf(key: string): URL
}

/** Makes a pool of connections to each shield. @param urls `http:` URLs; @param key shared with the shields */
export function connectShields(urls: readonly string[], key: string, log: Logger): Shields {
  const shields = urls.map((url) => connectShield(new URL(url)))
  return {
    async ask(cacheKey, request, about, signal) {
      const fields = request.fields.concat(shieldFields(key, request, about))
      let failure: unknown
      for (const shield of ranked(shields, cacheKey)) {
        try {
          return await askShield(shield, { ...request, fields }, signal)
        } catch (error) {
          failure = error
          // Only a request that never left may be sent again: a body is gone, and a POST may have been done.
          if (signal.aborted || request.body !== undefined || !neverConnected(error)) break
        }
      }
      if (!signal.aborted && failure instanceof UpstreamError && failure.cause !== undefined) {
        log.warn({ requestId: about.requestId, remedy: REMEDY }, failure.message)
      }
      throw failure
    },
    shieldOf: (cacheKey) => (ranked(shields, cacheKey)[0] as { url: URL }).url,
    async [Symbol.asyncDispose]() {
      for (const { link } of shields) link.destroy()
      await Promise.all(shields.map(({ pool }) => pool.destroy()))
    },
  }
}

/** One shield: a link of our own for most requests, and undici for those that have a body. */
interface Shield {
  url: URL
  link: ShieldLink
  pool: Pool
}

function connectShield(url: URL): Shield {
  const link = openShieldLink(url, {
    connectionsMax: CONNECTIONS_MAX,
    connectMs: CONNECT_MS_MAX,
    headMs: HEAD_MS_MAX,
    bodyMs: BODY_MS_MAX,
    idleMs: IDLE_MS_MAX,
  })
  const pool = new Pool(url.origin, {
    connections: CONNECTIONS_MAX,
    maxHeaderSize: HEAD_BYTES_MAX,
    connect: { timeout: CONNECT_MS_MAX },
    headersTimeout: HEAD_MS_MAX,
    bodyTimeout: BODY_MS_MAX,
    keepAliveTimeout: IDLE_MS_MAX,
  })
  return { url, link, pool }
}

/** The way of upgrades: to the shield that the host belongs to, so that all of a site's meet there. */
export function upgradeRoutes(shields: Shields, key: string) {
  const cdnId = cdnIdOf(key)
  return (distribution: string, { request, hostName, requestId, address }: ViewerRequest): UpgradeRoute => {
    const scheme = request.scheme === 'wss' ? 'https' : 'http'
    const signed = shieldFields(key, { ...request, scheme }, { distribution, requestId })
    const pairs = Array.from({ length: signed.length / 2 }, (_, at) => [signed[at * 2], signed[at * 2 + 1]])
    const fields: Record<string, string> = Object.fromEntries(pairs)
    return {
      url: shields.shieldOf(hostName),
      fields: {
        ...fields,
        'X-Forwarded-For': address,
        'X-Forwarded-Host': request.host,
        'X-Forwarded-Proto': scheme,
        'CDN-Loop': cdnLoop(request.fields, cdnId),
      },
    }
  }
}

/**
 * Rendezvous hashing (highest random weight): each key has its own order of shields, so one that
 * comes or goes moves only its own keys.
 */
function ranked<One extends { url: URL }>(shields: readonly One[], key: string): readonly One[] {
  if (shields.length === 1) return shields
  const weight = ({ url }: One) => createHash('sha1').update(url.href).update(key).digest('hex')
  return shields
    .map((shield) => ({ shield, weight: weight(shield) }))
    .sort((a, b) => (a.weight < b.weight ? 1 : -1))
    .map(({ shield }) => shield)
}

/** What the shield answered; that it could not reach the origin is told by a field, and is an error here. */
async function askShield({ url, link, pool }: Shield, request: Request, signal: Leaving): Promise<Response> {
  const isForLink = request.body === undefined && BY_LINK.has(request.method)
  const response = isForLink ? await link.ask(request, signal) : await askByPool(pool, url, request, signal)
  const failure = firstValue(response.fields, 'selvedge-failure')
  if (failure === undefined) return response
  discardBody(response)
  // Without a cause: the shield itself is well, and has logged what isn't.
  throw new UpstreamError(failure as UpstreamFailure, 'shield')
}

async function askByPool(pool: Pool, { origin }: URL, request: Request, signal: Leaving): Promise<Response> {
  const where = `shield ${origin}`
  const body = await wholeIfSmall(request).catch((cause: unknown) => {
    throw new UpstreamError(failureOf(cause), where, { cause })
  })
  return exchange(pool, { ...request, body }, { where, host: request.host }, signal)
}
