import { getDomain } from 'tldts'
import { z } from 'zod'
import type { Ask } from './ask.ts'
import { daysTold } from './fresh-days.ts'
import { roundedAsInSql } from './rounded.ts'
import { COUNTRIES_MAX, type CountryShare } from './site-countries.ts'
import type { Span } from './window.ts'

const count = z.number().min(0)

/** What a browser's name for itself tells of who has it. */
export const DEVICE_TRAITS = ['device', 'browser', 'os'] as const

export type DeviceTrait = (typeof DEVICE_TRAITS)[number]

const TIMES = ['first_byte', 'complete', 'origin'] as const

/** Of which no day leaves any out: all of a site's page views are in it. */
const WHOLE = 'device'

const KINDS = ['page', 'referrer', 'country', ...DEVICE_TRAITS, ...TIMES] as const

type Kind = (typeof KINDS)[number]

const percentiles = z
  .tuple([count, count, count, count])
  .transform(([p50, p75, p95, p99]) => ({ p50, p75, p95, p99 }))

const item = z
  .tuple([z.int(), z.int(), z.int(), z.string(), z.string()])
  .transform(([_isNamed, lessViews, lessVisitors, host, name]) => ({
    host,
    name,
    pageViews: -lessViews,
    visitors: -lessVisitors,
  }))

const detailsRow = z.object({
  kind: z.enum(KINDS),
  pageViews: count,
  items: z.array(item),
  percentiles,
})

/** What page views tell of a site, of each kind that there is anything of: defined in site-details.sql. */
type Told = ReadonlyMap<Kind, z.infer<typeof detailsRow>>

/** Which part of a list. */
interface Part {
  limit: number
  offset: number
}

async function told(
  ask: Ask,
  site: string,
  span: Span,
  kinds: readonly Kind[],
  part: Part = { limit: 0, offset: 0 },
): Promise<Told> {
  const { from, to } = span
  const rows = await ask('site-details', detailsRow, {
    ...{ site, from, to },
    ...(await daysTold(ask, { from, to })),
    kinds,
    ...part,
  })
  return new Map(rows.map((row) => [row.kind, row]))
}

/** One of a site's pages. */
export interface SitePage {
  host: string
  path: string
  pageViews: number
  /** Sum of the daily distinct visitors. */
  visitors: number
  /** Of the site's page views, 0 to 1. */
  share: number
}

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

/** How long people waited for pages, ms: percentiles. */
export interface PageSpeed {
  /** Page views that are counted in. */
  views: number
  /** From the request's head until the first byte left the edge … */
  firstByte: z.infer<typeof percentiles>
  /** … and until the last one did. */
  complete: z.infer<typeof percentiles>
  /** Of them, those for which the origin was asked, and how long that took it. */
  fetched: number
  origin: z.infer<typeof percentiles>
}

/** All that page views tell of a site. */
export interface SiteDetails {
  pages: SitePage[]
  referrers: Referrers
  devices: Devices
  /** `undefined` when nobody opened a page. */
  speed: PageSpeed | undefined
  /** Where people were, most page views first. */
  countries: CountryShare[]
}

/** All at once, with the first pages and referrers. */
export async function detailsOf(
  ask: Ask,
  site: string,
  span: Span,
  first: { pages: number; referrers: number },
): Promise<SiteDetails> {
  const all = await told(ask, site, span, KINDS, { limit: first.pages, offset: 0 })
  return {
    pages: pagesIn(all),
    referrers: referrersIn(all, site, first.referrers),
    devices: devicesIn(all),
    speed: speedIn(all),
    countries: countriesIn(all),
  }
}

/** As site-countries.sql tells them. */
function countriesIn(all: Told): CountryShare[] {
  const { items = [], pageViews: views = 0 } = all.get('country') ?? {}
  return items.slice(0, COUNTRIES_MAX).map(({ name, visitors, pageViews }) => ({
    country: name === '' ? null : name,
    visitors,
    pageViews,
    share: roundedAsInSql(pageViews / views, 4),
  }))
}

/** A site's pages, most page views first. */
export async function pagesOf(ask: Ask, site: string, span: Span, part: Part): Promise<SitePage[]> {
  return pagesIn(await told(ask, site, span, ['page', WHOLE], part))
}

function pagesIn(all: Told): SitePage[] {
  const items = all.get('page')?.items ?? []
  return items.map(({ host, name, pageViews, visitors }) => ({
    host,
    path: name,
    pageViews,
    visitors,
    share: shareOf(pageViews, viewsIn(all)),
  }))
}

/** Whence people came, by registrable domain (the Public Suffix List, its private section included). */
export async function referrersOf(ask: Ask, site: string, span: Span, limit: number): Promise<Referrers> {
  return referrersIn(await told(ask, site, span, ['referrer', WHOLE]), site, limit)
}

function referrersIn(all: Told, site: string, limit: number): Referrers {
  const pageViews = viewsIn(all)
  const byDomain = new Map<string, number>()
  for (const { host, pageViews: views } of all.get('referrer')?.items ?? []) {
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

/** With what people opened a site's pages; the rules are in reports/agents-told-apart.sql. */
export async function devicesOf(ask: Ask, site: string, span: Span): Promise<Devices> {
  return devicesIn(await told(ask, site, span, DEVICE_TRAITS))
}

function devicesIn(all: Told): Devices {
  const shares = (trait: DeviceTrait): DeviceShare[] =>
    (all.get(trait)?.items ?? []).map(({ name, pageViews }) => ({
      value: name,
      pageViews,
      share: shareOf(pageViews, viewsIn(all)),
    }))
  return { device: shares('device'), browser: shares('browser'), os: shares('os') }
}

/** How long people waited for a site's pages; `undefined` when nobody opened one. */
export async function speedOf(ask: Ask, site: string, span: Span): Promise<PageSpeed | undefined> {
  return speedIn(await told(ask, site, span, TIMES))
}

function speedIn(all: Told): PageSpeed | undefined {
  const firstByte = all.get('first_byte')
  const complete = all.get('complete')
  const origin = all.get('origin')
  if (firstByte === undefined || complete === undefined) return undefined
  return {
    views: firstByte.pageViews,
    firstByte: firstByte.percentiles,
    complete: complete.percentiles,
    fetched: origin?.pageViews ?? 0,
    origin: origin?.percentiles ?? { p50: 0, p75: 0, p95: 0, p99: 0 },
  }
}

function viewsIn(all: Told): number {
  return all.get(WHOLE)?.pageViews ?? 0
}

function shareOf(part: number, of: number): number {
  return Math.round((10_000 * part) / of) / 10_000
}
