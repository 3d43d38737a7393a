import { z } from 'zod'
import type { Ask } from './ask.ts'
import { DAY_MS, type Day, dayOf, type Span, spanEnding, WINDOW_DAYS, type WindowName } from './window.ts'

/** `null` where the rank is exact; else the site is only known to be among the first so many. */
const bucket = z.int().nullable()

const publishedRank = z.object({
  rank: z.int().min(1),
  bucket,
  site: z.string(),
  reach: z.number(),
  pageViews: z.number(),
  reachPerMillion: z.number(),
  pageViewsPerMillion: z.number(),
  pageViewsPerVisitor: z.number(),
  change: z.int().nullable(),
})

/** A site's place in a ranking of days that are over; every word is defined in published-rankings.sql. */
export type PublishedRank = z.infer<typeof publishedRank>

const pastRank = z.object({
  date: z.string(),
  rank: z.int().min(1),
  bucket,
  reach: z.number(),
  pageViews: z.number(),
})

/** A site's place in the window that ended with `date`. */
export type PastRank = z.infer<typeof pastRank>

/** A site's places among all, oldest first, and its rank in each country in the last window that has rankings. */
export interface SiteRanks {
  history: PastRank[]
  inCountry: Map<string, number>
}

/** Of whom a ranking is: of everybody, of people in a country, or of the sites of a category. */
export interface Among {
  country?: string | undefined
  category?: string | undefined
}

/** The ranking of the window that ended with a day, best first; empty when there is none. */
export function publishedRankings(
  ask: Ask,
  { window, day, limit, offset = 0 }: { window: WindowName; day: Day; limit: number; offset?: number },
  { country, category }: Among,
): Promise<PublishedRank[]> {
  return ask('published-rankings', publishedRank, {
    ...parametersOf({ window, day }, { country, category }),
    limit,
    offset,
  })
}

/** What ranking/published-ranking.sql is to be told, but for how much of it. */
export function parametersOf(
  { window, day }: { window: WindowName; day: Day },
  { country = '', category }: Among,
) {
  const windowDays = WINDOW_DAYS[window]
  return {
    ...spanEnding(Date.parse(day), windowDays),
    windowDays,
    earlier: dayOf(Date.parse(day) - windowDays * DAY_MS),
    place: country,
    scope: category === undefined ? country : `category:${category}`,
  }
}

/** A site's places in the windows that ended within a span, and by country in the last. */
export async function siteRanksOf(
  ask: Ask,
  site: string,
  window: WindowName,
  span: Span,
): Promise<SiteRanks> {
  const scoped = pastRank.extend({ scope: z.string() })
  const rows = await ask('rank-history', scoped, { site, windowDays: WINDOW_DAYS[window], ...span })
  const isAmongAll = ({ scope }: { scope: string }) => scope === ''
  return {
    history: rows.filter(isAmongAll).map(({ scope: _all, ...rank }) => rank),
    inCountry: new Map(rows.filter((row) => !isAmongAll(row)).map(({ scope, rank }) => [scope, rank])),
  }
}
