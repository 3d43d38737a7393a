import { LRUCache } from 'lru-cache'
import robotsParser from 'robots-parser'
import { Agent, buildConnector, request } from 'undici'
import type { Destination, Refusal, RefusalReason } from './egress/destination.ts'
import type { IsFronted } from './fronted.ts'

/** The name that a site's robots.txt knows us by; it is in the browser's User-Agent as well. */
export const AGENT_NAME = 'SelvedgeThumbnailer'

/** Whether a site lets its pages be pictured. */
export interface Robots extends AsyncDisposable {
  /**
   * `unknown`: the site's robots.txt can't be had, and then (RFC 9309 §2.3.1.4) nothing of it may be. A site that isn't
   * let out to at all has its refusal's reason.
   */
  mayRender(url: string): Promise<'yes' | 'no' | 'unknown' | { refused: RefusalReason }>
}

/** RFC 9309 §2.4 and §2.5: kept no longer than a day, read no further than 500 KiB. */
const KEPT_MS = 3_600_000
const UNKNOWN_KEPT_MS = 30_000
const SITES_MAX = 5_000
const BYTES_MAX = 512_000
const FETCH_MS_MAX = 5_000
/** §2.3.1.2 */
const REDIRECTS_MAX = 5

/** Its types describe an ES module, and it is a CommonJS one: the function is what is imported. */
const parserOf = robotsParser as unknown as typeof robotsParser.default

/** What a site's file says; `undefined` when it could not be had. */
type Rules = { isAllowed(url: string): boolean } | { refused: RefusalReason } | undefined

/** The guard's rules let nothing out to there. */
class NotLetOut extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.because)
    this.refusal = refusal
  }
}

/** Where something may be asked for: what the egress guard goes by. */
export type JudgeDestination = (host: string, port: number) => Promise<Destination | Refusal>

/**
 * Reads robots.txt files where the pages themselves would be had, and nowhere else.
 *
 * @param isFronted whose certificate is taken as it comes: their edge may have made it itself
 */
export function createRobots(judge: JudgeDestination, userAgent: string, isFronted: IsFronted): Robots {
  const agent = agentOf(judge, isFronted)
  const known = new LRUCache<string, Promise<Rules>>({ max: SITES_MAX, ttl: KEPT_MS })

  async function rulesOf(origin: string): Promise<Rules> {
    let url = `${origin}/robots.txt`
    for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
      const { status, location, text } = await fetchText(url)
      if (status >= 500 || status === 429) return undefined
      const next = status >= 300 && status < 400 ? URL.parse(location ?? '', url) : null
      if (next === null || !/^https?:$/.test(next.protocol))
        return parsed(`${origin}/robots.txt`, status, text)
      url = next.href
    }
    return parsed(url, 404, '') // led astray for too long: as if there were none
  }

  function read(origin: string): Promise<Rules> {
    const reading = rulesOf(origin).catch((error: unknown) => {
      const isItself = error instanceof NotLetOut && error.refusal.host === bareHostOf(origin)
      return isItself ? { refused: error.refusal.because } : undefined
    })
    known.set(origin, reading)
    void reading.then((rules) => {
      if (rules === undefined || 'refused' in rules) known.set(origin, reading, { ttl: UNKNOWN_KEPT_MS })
    })
    return reading
  }

  async function fetchText(url: string): Promise<{ status: number; location?: string; text: string }> {
    const { statusCode, headers, body } = await request(url, {
      dispatcher: agent,
      headers: { 'user-agent': userAgent, accept: 'text/plain' },
      signal: AbortSignal.timeout(FETCH_MS_MAX),
    })
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of body) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= BYTES_MAX) break
    }
    const location = headers.location
    const text = Buffer.concat(chunks).subarray(0, BYTES_MAX).toString('utf8')
    return { status: statusCode, text, ...(typeof location === 'string' && { location }) }
  }

  return {
    async mayRender(url) {
      const { origin } = new URL(url)
      const rules = await (known.get(origin) ?? read(origin))
      if (rules === undefined) return 'unknown'
      if ('refused' in rules) return rules
      return rules.isAllowed(url) ? 'yes' : 'no'
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

/** As undici names it: an IPv6 address without brackets. */
function bareHostOf(origin: string): string {
  return new URL(origin).hostname.replace(/^\[(.*)\]$/, '$1')
}

function parsed(url: string, status: number, text: string): Rules {
  // §2.3.1.3: a site that has no such file forbids nothing.
  if (status >= 300) return { isAllowed: () => true }
  const robots = parserOf(url, text)
  return { isAllowed: (page) => robots.isAllowed(page, AGENT_NAME) ?? true }
}

/** Goes to addresses that were judged; nothing is looked up again. */
function agentOf(judge: JudgeDestination, isFronted: IsFronted): Agent {
  const connectors = [true, false].map((rejectUnauthorized) => buildConnector({ rejectUnauthorized }))
  const [toPublic, toEdge] = connectors as [buildConnector.connector, buildConnector.connector]
  return new Agent({
    connections: 8,
    connect: (options, done) => {
      const port = Number(options.port || (options.protocol === 'https:' ? 443 : 80))
      judge(options.hostname, port).then(
        (destination) => {
          if ('because' in destination) return done(new NotLetOut(destination), null)
          const [address = ''] = destination.addresses
          const { hostname: servername } = options
          const connect = isFronted(servername) ? toEdge : toPublic
          connect(
            { ...options, hostname: address, host: address, port: String(destination.port), servername },
            done,
          )
        },
        (error: Error) => done(error, null),
      )
    },
  })
}
