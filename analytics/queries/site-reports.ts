import { getDomain } from 'tldts'
import { z } from 'zod'
import type { Ask } from './ask.ts'
import type { Span } from './window.ts'

/** Hosts that are put together to domains; what is beyond them adds next to nothing. */
const REFERRING_HOSTS_MAX = 10_000

const count = z.number().min(0)

const pageRow = z.object({
  host: z.string(),
  path: z.string(),
  pageViews: count,
  visitors: count,
  share: count,
})

/** One of a site's pages; every word is defined in site-pages.sql. */
export type SitePage = z.infer<typeof pageRow>

/** A site's pages, most page views first. */
export function pagesOf(
  ask: Ask,
  site: string,
  { from, to }: Span,
  part: { limit: number; offset: number },
): Promise<SitePage[]> {
  return ask('site-pages', pageRow, { site, from, to, ...part })
}

const referrerRow = z.object({ host: z.string(), pageViews: count, of: count })

/** Whence people came to a site's pages. */
export interface Referrers {
  /** All page views by people, those of `items` and the two below among them. */
  pageViews: number
  /** Of these, the browser named no page before. */
  direct: number
  /** And these, one of the site itself. */
  internal: number
  /** By registrable domain, most page views first. */
  items: { domain: string; pageViews: number; share: number }[]
}

/** Whence people came, by registrable domain (the Public Suffix List, its private section included). */
export async function referrersOf(
  ask: Ask,
  site: string,
  { from, to }: Span,
  limit: number,
): Promise<Referrers> {
  const rows = await ask('site-referrers', referrerRow, { site, from, to, limit: REFERRING_HOSTS_MAX })
  const pageViews = rows[0]?.of ?? 0
  const byDomain = new Map<string, number>()
  for (const { host, pageViews: views } of rows) {
    const domain = domainOf(host)
    byDomain.set(domain, (byDomain.get(domain) ?? 0) + views)
  }
  const direct = byDomain.get('') ?? 0
  const internal = byDomain.get(site) ?? 0
  const items = [...byDomain]
    .filter(([domain]) => domain !== '' && domain !== site)
    .sort(([one, views], [other, others]) => others - views || (one < other ? -1 : 1))
    .slice(0, limit)
    .map(([domain, views]) => ({ domain, pageViews: views, share: shareOf(views, pageViews) }))
  return { pageViews, direct, internal, items }
}

/** As sites are named (collect/site.ts): names under `.localhost` are each a machine's own. */
function domainOf(host: string): string {
  if (host.endsWith('.localhost')) return host
  return getDomain(host, { allowPrivateDomains: true }) ?? host
}

function shareOf(part: number, of: number): number {
  return Math.round((10_000 * part) / of) / 10_000
}

const percentiles = z
  .tuple([count, count, count, count])
  .transform(([p50, p75, p95, p99]) => ({ p50, p75, p95, p99 }))

const speedRow = z.object({
  views: count,
  firstByte: percentiles,
  complete: percentiles,
  fetched: count,
  origin: percentiles,
})

/** How long people waited for pages, ms; defined in site-speed.sql. */
export type PageSpeed = z.infer<typeof speedRow>

/** What a browser's name for itself tells of who has it. */
export const DEVICE_TRAITS = ['device', 'browser', 'os'] as const

export type DeviceTrait = (typeof DEVICE_TRAITS)[number]

const deviceRow = z.object({ trait: z.enum(DEVICE_TRAITS), value: z.string(), requests: count })

/** What opened some of a site's pages. */
export interface DeviceShare {
  /** `Unknown` where the rules know nothing better. */
  value: string
  pageViews: number
  /** Of the site's page views, 0 to 1. */
  share: number
}

/** With what people opened a site's pages, by each trait, most page views first. */
export type Devices = Record<DeviceTrait, DeviceShare[]>

/** With what people opened a site's pages; the rules are in reports/agent-traits.sql. */
export async function devicesOf(ask: Ask, site: string, { from, to }: Span): Promise<Devices> {
  const byTrait = Map.groupBy(await ask('site-devices', deviceRow, { site, from, to }), ({ trait }) => trait)
  const shares = (trait: DeviceTrait): DeviceShare[] => {
    const rows = byTrait.get(trait) ?? []
    const all = rows.reduce((sum, { requests }) => sum + requests, 0)
    return rows.map(({ value, requests }) => ({ value, pageViews: requests, share: shareOf(requests, all) }))
  }
  return { device: shares('device'), browser: shares('browser'), os: shares('os') }
}

/** How long people waited for a site's pages; `undefined` when nobody opened one. */
export async function speedOf(ask: Ask, site: string, { from, to }: Span): Promise<PageSpeed | undefined> {
  return (await ask('site-speed', speedRow, { site, from, to }))[0]
}
