import { z } from 'zod'
import type { Ask } from './ask.ts'
import { KNOWN_CRAWLERS } from './known-crawlers.ts'
import type { Span } from './window.ts'

const count = z.number().min(0)

const crawler = z.object({ crawler: z.string(), requests: count, bytes: count, verified: count })

/** What came in a known crawler's name; defined in crawlers.sql. */
export type Crawler = z.infer<typeof crawler>

const TOKENS = KNOWN_CRAWLERS.map(({ token }) => token)
const NETWORKS = KNOWN_CRAWLERS.flatMap(({ token, asns }) => asns.map((asn) => `${token} ${asn}`))

/** Which known crawlers came to a site, most requests first. */
export function crawlersOf(ask: Ask, site: string, { from, to }: Span): Promise<Crawler[]> {
  return ask('crawlers', crawler, { site, from, to, tokens: TOKENS, networks: NETWORKS })
}
