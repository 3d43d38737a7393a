import { z } from 'zod'
import type { Ask } from './ask.ts'
import { freshDays } from './fresh-days.ts'
import { roundedAsInSql } from './rounded.ts'
import { isHostName } from './site-name.ts'
import { type DayOfTraffic, everyDay } from './traffic.ts'
import { type Day, type Span, spanEnding } from './window.ts'

/** Most hosts told of one site. */
const HOSTS_MAX = 20

/** Days of traffic that are told with a site. */
const DAYS = 30

const count = z.number().min(0)

const trafficRow = z.object({
  total: z.boolean(),
  host: z.string(),
  pageViews: count,
  requests: count,
  windowViews: count,
  windowPeople: count,
  firstSeen: z.string(),
  lastSeen: z.string(),
  days: z.array(z.tuple([z.string(), count, count, count, count])),
})

/** A site's traffic in all, or under one host name; every word is defined in site-traffic.sql. */
type TrafficRow = z.infer<typeof trafficRow>

/** When a site was first and last asked for, as `2026-07-25T12:00:00Z`. */
export interface Seen {
  firstSeen: string
  lastSeen: string
}

/** One of a site's host names: page views by people, and requests by anybody, ever. */
export interface SiteHost {
  host: string
  pageViews: number
  requests: number
}

/** What one host name brings to its site in a window. */
export interface ContributingHost {
  host: string
  /** Of the site's visitors, those who opened a page of the host, 0 to 1; who came to two hosts is in both. */
  reachShare: number
  /** Of all the site's page views by people, repeats too, 0 to 1. */
  pageViewsShare: number
  pageViewsPerVisitor: number
}

/** All that came to a site. */
export interface SiteTraffic extends Seen {
  /** The one with most page views first; what can't be a host name is left out. */
  hosts: SiteHost[]
  /** What each brought in the window, most page views first. */
  contributing: ContributingHost[]
  /** The last 30 days, the last of which is today so far. */
  days: DayOfTraffic[]
}

/** Who asks again for the same site and window is told the same, without another question. */
export async function siteTraffic(
  ask: Ask,
  site: string,
  { today, window: { from, to } }: { today: Day; window: Span },
): Promise<SiteTraffic | undefined> {
  const span = spanEnding(Date.parse(today), DAYS)
  const fresh = await freshDays(ask, today)
  const rows = await ask('site-traffic', trafficRow, { site, from, to, since: span.from, fresh })
  const total = rows.find((row) => row.total)
  if (total === undefined) return undefined
  const hosts = rows.filter((row) => !row.total)
  const days = total.days.map(([date, visitors, pageViews, requests, bytes]) => ({
    ...{ date, visitors, pageViews, requests, bytes },
  }))
  const { firstSeen, lastSeen } = total
  return {
    ...{ firstSeen, lastSeen },
    hosts: everHosts(hosts),
    contributing: contributingHosts(hosts, total),
    days: everyDay(span, days),
  }
}

function everHosts(rows: readonly TrafficRow[]): SiteHost[] {
  return rows
    .toSorted(
      (one, other) =>
        other.pageViews - one.pageViews || other.requests - one.requests || byName(one.host, other.host),
    )
    .slice(0, HOSTS_MAX)
    .filter(({ host }) => isHostName(host))
    .map(({ host, pageViews, requests }) => ({ host, pageViews, requests }))
}

function contributingHosts(rows: readonly TrafficRow[], total: TrafficRow): ContributingHost[] {
  return rows
    .filter(({ windowViews }) => windowViews > 0)
    .sort((one, other) => other.windowViews - one.windowViews || byName(one.host, other.host))
    .slice(0, HOSTS_MAX)
    .filter(({ host }) => isHostName(host))
    .map(({ host, windowViews, windowPeople }) => ({
      host,
      reachShare: roundedAsInSql(windowPeople / total.windowPeople, 4),
      pageViewsShare: roundedAsInSql(windowViews / total.windowViews, 4),
      pageViewsPerVisitor: roundedAsInSql(windowViews / windowPeople, 2),
    }))
}

function byName(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

/** The host to show for a site: the one with most page views, else the one with the site's own name. */
export function mainHostIn(site: string, traffic: SiteTraffic | undefined): string {
  const [first] = traffic?.hosts ?? []
  return first !== undefined && first.pageViews > 0 ? first.host : site
}
