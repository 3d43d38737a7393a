import { z } from 'zod'
import type { SoFar } from '../so-far/so-far.ts'
import type { Ask } from './ask.ts'
import { WINDOW_DAYS, type Window } from './window.ts'

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
export interface Selection {
  limit: number
  /** How many of the best to leave out; none when left out itself. */
  offset?: number | undefined
  /** ISO 3166-1 alpha-2: by people there only. */
  country?: string | undefined
  /** Answer for this one only, ranked among all. */
  site?: string | undefined
}

/** Places in a window's ranking, as it was at an instant. */
export interface Ranking {
  /** When the log was read for it, as `2026-07-25T12:00:00Z`. */
  asOf: string
  /** Best first; sites that share a rank by reach, then by name. */
  items: RankedSite[]
}

/** The sites with most traffic in a window that ends with the newest day. @throws QueryFailed */
export async function rankings(
  ask: Ask,
  soFar: SoFar,
  window: Window,
  { limit, offset = 0, country = '', site = '' }: Selection,
): Promise<Ranking> {
  const { id: computation, asOfMs } = await soFar.ranking(window, country)
  const of = { computation, windowDays: WINDOW_DAYS[window.window], scope: country, site, limit, offset }
  const items = await ask('rankings', rankedSite, of)
  return { asOf: `${new Date(asOfMs).toISOString().slice(0, 19)}Z`, items }
}
