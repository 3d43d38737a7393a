import { z } from 'zod'
import type { Ask } from './ask.ts'
import { daysTold } from './fresh-days.ts'
import { type Day, daysOf, type Span } from './window.ts'

/** Most sites in one comparison; more lines nobody can tell apart. */
export const SITES_MAX = 10

const count = z.number().min(0)

const dayRow = z.object({
  site: z.string(),
  date: z.string(),
  visitors: count,
  pageViews: count,
  requests: count,
  bytes: count,
})

/** What one day brought; every word is defined in traffic.sql. */
export interface DayOfTraffic {
  date: Day
  visitors: number
  pageViews: number
  requests: number
  bytes: number
}

/** The traffic of each site, one item for each day of the span in order, days without any as zeros. */
export async function trafficOf(
  ask: Ask,
  sites: readonly string[],
  span: Span,
): Promise<Map<string, DayOfTraffic[]>> {
  if (sites.length === 0) return new Map()
  const rows = await ask('traffic', dayRow, { sites, ...span, ...(await daysTold(ask, span)) })
  const bySite = Map.groupBy(rows, (row) => row.site)
  const daysOfSite = (site: string) => (bySite.get(site) ?? []).map(({ site: _site, ...day }) => day)
  return new Map(sites.map((site) => [site, everyDay(span, daysOfSite(site))]))
}

/** One item for each day of a span in order, days without any traffic as zeros. */
export function everyDay(span: Span, days: readonly DayOfTraffic[]): DayOfTraffic[] {
  const byDate = new Map(days.map((day) => [day.date, day]))
  const none = { visitors: 0, pageViews: 0, requests: 0, bytes: 0 }
  return daysOf(span).map((date) => byDate.get(date) ?? { date, ...none })
}
