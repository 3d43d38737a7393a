import { z } from 'zod'
import type { Ask } from './ask.ts'
import { DAY_MS, type Day, type Span, spanEnding, WINDOW_DAYS, type WindowName } from './window.ts'

const day = z.object({ day: z.string() })

const usage = z.object({
  rank: z.int(),
  reachRank: z.int(),
  pageViewsRank: z.int(),
  reachPerMillion: z.number(),
  pageViewsPerMillion: z.number(),
  pageViewsPerVisitor: z.number(),
})

/** A site's place in one window; every word is defined in site-usage.sql. */
export type Usage = z.infer<typeof usage>

/** A site's place in a window and in the same window before; `undefined` where it has none. */
export interface UsageThenAndNow {
  window: WindowName
  now: Usage | undefined
  before: Usage | undefined
}

const siteRank = z.object({ site: z.string(), rank: z.int() })

const countryRank = z.object({
  country: z.string(),
  rank: z.int(),
  viewsShare: z.number(),
  reachShare: z.number(),
})

/** A site's place in one country; defined in site-country-ranks.sql. */
export type CountryRank = z.infer<typeof countryRank>

const rankedPlace = z.object({ scope: z.string(), sites: z.int() })

const dayOfHistory = z.object({
  date: z.string(),
  rank: z.int(),
  reachPerMillion: z.number(),
  pageViewsPerMillion: z.number(),
  pageViewsPerVisitor: z.number(),
})

/** A site's rank on one day; defined in traffic-history.sql. */
export type DayOfHistory = z.infer<typeof dayOfHistory>

/** The last day that has rankings, or `undefined`. */
export async function lastRankedDay(ask: Ask): Promise<Day | undefined> {
  return (await ask('last-ranked-day', day, {}))[0]?.day
}

/** A site's place in a window that ended with a day, and in the one before. */
export async function usageOf(
  ask: Ask,
  site: string,
  window: WindowName,
  last: Day,
): Promise<UsageThenAndNow> {
  const windowDays = WINDOW_DAYS[window]
  const ending = async (endMs: number) =>
    (await ask('site-usage', usage, { site, windowDays, ...spanEnding(endMs, windowDays) }))[0]
  const lastMs = Date.parse(last)
  const [now, before] = await Promise.all([ending(lastMs), ending(lastMs - windowDays * DAY_MS)])
  return { window, now, before }
}

/** Sites' ranks among all (scope ''), in a country or in a category (`category:NAME`). */
export async function ranksOf(
  ask: Ask,
  sites: readonly string[],
  of: { window: WindowName; day: Day; scope: string },
): Promise<Map<string, number>> {
  if (sites.length === 0) return new Map()
  const { window, ...rest } = of
  const rows = await ask('site-ranks', siteRank, { ...rest, windowDays: WINDOW_DAYS[window], sites })
  return new Map(rows.map(({ site, rank }) => [site, rank]))
}

/** A site's ranks by country, of the last day that has rankings. */
export function countryRanksOf(ask: Ask, site: string, window: WindowName): Promise<CountryRank[]> {
  return ask('site-country-ranks', countryRank, { site, windowDays: WINDOW_DAYS[window] })
}

/** How many sites have a rank, by scope. */
export async function rankedPlaces(ask: Ask, window: WindowName, last: Day): Promise<Map<string, number>> {
  const rows = await ask('ranked-places', rankedPlace, { windowDays: WINDOW_DAYS[window], day: last })
  return new Map(rows.map(({ scope, sites }) => [scope, sites]))
}

/** A site's ranks day by day. */
export function trafficHistoryOf(ask: Ask, site: string, span: Span): Promise<DayOfHistory[]> {
  return ask('traffic-history', dayOfHistory, { site, ...span })
}
