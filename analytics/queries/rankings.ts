import { z } from 'zod'
import type { Formula } from '../ranking/formula.ts'
import type { Ask } from './ask.ts'
import { type Day, daysOf, type Span, type Window } from './window.ts'

const rankedSite = z.object({
  rank: z.int().min(1),
  /** How many sites have a rank in the window. */
  ranked: z.int().min(1),
  site: z.string(),
  score: z.number(),
  reach: z.number(),
  pageViews: z.number(),
  /** `null` where the rank is exact, else the site is only known to be among the first so many. */
  bucket: z.int().nullable(),
})

/** A site's place in a window; every word is defined in ../ranking/ranked-sites.sql. */
export type RankedSite = z.infer<typeof rankedSite>

/** Which of the sites, and by whom they are ranked. */
interface Selection {
  limit: number
  /** How many of the best to leave out; none when left out itself. */
  offset?: number | undefined
  /** ISO 3166-1 alpha-2: by people there only. */
  country?: string | undefined
  /** Answer for this one only, ranked among all. */
  site?: string
}

/** The sites with most traffic, best first; sites that share a rank by reach, then by name. */
export async function rankings(
  ask: Ask,
  formula: Formula,
  { from, to }: Window,
  { limit, offset = 0, country = '', site = '' }: Selection,
): Promise<RankedSite[]> {
  const fresh = await freshDays(ask, { from, to })
  const where = { from, to, fresh, place: country, of: country, site, limit, offset }
  return await ask('rankings', rankedSite, { ...formula.parameters, ...where })
}

/** One site's place among all, or `undefined` when it has none in the window. */
export async function rankOf(
  ask: Ask,
  formula: Formula,
  window: Window,
  site: string,
): Promise<RankedSite | undefined> {
  const [only] = await rankings(ask, formula, window, { site, limit: 1 })
  return only
}

/** The days of a span that have no final figures yet, as today: they are counted from the log. */
export async function freshDays(ask: Ask, span: Span): Promise<Day[]> {
  const rows = await ask('days-published', z.object({ day: z.string() }), { ...span })
  const published = new Set(rows.map(({ day }) => day))
  return daysOf(span).filter((day) => !published.has(day))
}
