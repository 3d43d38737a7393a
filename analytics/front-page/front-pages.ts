import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { ClickHouse } from '../clickhouse/connect.ts'
import { messageOf } from '../clickhouse/failure.ts'
import { sqlFile } from '../clickhouse/sql-file.ts'
import type { Ask } from '../queries/ask.ts'
import { connectEdge, type EdgeAddress } from './edge-client.ts'
import { type FrontPage, lookAtSite } from './look-at-site.ts'

/** A front page, and when it was looked at. */
export interface LookedAt extends FrontPage {
  /** As `2026-07-25T12:00:00Z`. */
  lookedAt: string
}

/** What sites say of themselves. */
export interface FrontPages {
  /**
   * What is known of a site now. What is older than a day is looked at again behind it; of a site that nobody has
   * asked for yet the first look is waited for, briefly.
   *
   * @param hostOf the host that people come to, asked for when it is needed
   * @throws QueryFailed
   */
  of(site: string, hostOf: () => Promise<string>): Promise<LookedAt | undefined>
}

/** For who has no edge to ask. */
export const NO_FRONT_PAGES: FrontPages = { of: async () => undefined }

/** A page is as good as its last look for so long, ms. */
const GOOD_MS = 86_400_000

/** A site that had nothing to show is left alone for so long, ms. */
const FAILURE_MS = 3_600_000

/** How long who asks first waits for the first look, ms. */
const FIRST_WAIT_MS = 700

/** Sites looked at at the same time; more are not looked at now. */
const LOOKS_MAX = 4

const KNOWN_MAX = 2_000
const FAILED_MAX = 10_000

/** How long what is known is not asked for again, ms: another program may have looked meanwhile. */
const KNOWN_MS = 60_000

const text = z.string()
const row = z.object({
  lookedAt: text,
  url: text,
  title: text,
  description: text,
  siteName: text,
  keywords: text,
  language: text,
  encoding: text,
  owner: text,
  email: text,
  emailFrom: z.enum(['', 'organization', 'author', 'page', 'security.txt']),
  phone: text,
  contactUrl: text,
  street: text,
  city: text,
  region: text,
  postalCode: text,
  country: text,
})

export interface FrontPagesOptions {
  ask: Ask
  /** Where what was read is kept. */
  ingest: ClickHouse['ingest']
  edge: EdgeAddress
  log: Logger
  /** Unix ms. */
  now(): number
  firstWaitMs?: number
}

/** Looks at front pages through the edge and keeps what they say in ClickHouse. Disposing ends looks under way. */
export function keepFrontPages(options: FrontPagesOptions): FrontPages & AsyncDisposable {
  const { ask, ingest, log, now, firstWaitMs = FIRST_WAIT_MS } = options
  const edge = connectEdge(options.edge)
  const known = new LRUCache<string, { page: LookedAt | undefined }>({ max: KNOWN_MAX, ttl: KNOWN_MS })
  const failed = new LRUCache<string, number>({ max: FAILED_MAX })
  const looks = new Map<string, Promise<LookedAt | undefined>>()

  async function kept(site: string): Promise<LookedAt | undefined> {
    const remembered = known.get(site)
    if (remembered !== undefined) return remembered.page
    const [page] = await ask('../front-page/front-page', row, { site })
    known.set(site, { page })
    return page
  }

  async function look(site: string, hostOf: () => Promise<string>): Promise<LookedAt | undefined> {
    try {
      const found = await lookAtSite(edge, { site, host: await hostOf() }, now())
      if (typeof found !== 'string') return await remember(site, found)
      log.debug({ site, because: found }, 'a front page can not be read')
    } catch (error) {
      log.warn({ site, failure: messageOf(error) }, 'what a front page says could not be kept')
    }
    failed.set(site, now())
    return undefined
  }

  async function remember(site: string, page: FrontPage): Promise<LookedAt> {
    const seconds = Math.floor(now() / 1_000)
    const query = await sqlFile(import.meta.url, 'remember-front-page.sql')
    await ingest.command({ query, query_params: { site, lookedAt: seconds, ...page } })
    const whole = { ...page, lookedAt: new Date(seconds * 1_000).toISOString().replace('.000', '') }
    known.set(site, { page: whole })
    return whole
  }

  /** One look a site; `undefined` when there is none to wait for. */
  function lookOf(site: string, hostOf: () => Promise<string>): Promise<LookedAt | undefined> | undefined {
    const underWay = looks.get(site)
    if (underWay !== undefined) return underWay
    const failedMs = failed.get(site)
    const isHopeless = failedMs !== undefined && Math.abs(now() - failedMs) < FAILURE_MS
    if (isHopeless || looks.size >= LOOKS_MAX) return undefined
    const started = look(site, hostOf).finally(() => looks.delete(site))
    looks.set(site, started)
    return started
  }

  return {
    async of(site, hostOf) {
      const page = await kept(site)
      if (page !== undefined && now() - Date.parse(page.lookedAt) < GOOD_MS) return page
      const underWay = lookOf(site, hostOf)
      if (page !== undefined || underWay === undefined) return page
      return Promise.race([underWay, elapsed(firstWaitMs)])
    },
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]()
      await Promise.allSettled(looks.values())
    },
  }
}

function elapsed(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref())
}
