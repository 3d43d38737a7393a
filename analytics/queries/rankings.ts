import { z } from 'zod'
import type { RankingSoFar, SoFar } from '../so-far/so-far.ts'
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
}

/** Places in a window's ranking, as it was at an instant. */
export interface Ranking {
  /** When the log was read for it, as `2026-07-25T12:00:00Z`. */
  asOf: string
  /** Best first; sites that share a rank by reach, then by name. */
  items: RankedSite[]
}

/** A site's place in one window; `undefined` when it has none. */
export interface Place {
  window: Window
  /** When the log was read for it, as `2026-07-25T12:00:00Z`. */
  asOf: string
  ranked: RankedSite | undefined
}

/** How many have a rank is known to who made the ranking. */
const rankedRow = rankedSite.omit({ ranked: true })

const placeRow = rankedRow.omit({ site: true }).extend({ windowDays: z.int() })

/** A site's place in each of some windows that end with the newest day, in their order. @throws QueryFailed */
export async function placesOf(
  ask: Ask,
  soFar: SoFar,
  windows: readonly Window[],
  site: string,
): Promise<Place[]> {
  const computed = await Promise.all(windows.map((window) => soFar.ranking(window, '')))
  // Mostly one has them all; more of them only while a new one takes the old one's place.
  const ids = [...new Set(computed.map(({ id }) => id))]
  const rows = await Promise.all(
    ids.map((computation) => ask('site-places', placeRow, { computation, site })),
  )
  return windows.map((window, at) => {
    const { id, asOfMs, ranked } = computed[at] as RankingSoFar
    const row = rows[ids.indexOf(id)]?.find(({ windowDays }) => windowDays === WINDOW_DAYS[window.window])
    if (row === undefined) return { window, asOf: instantOf(asOfMs), ranked: undefined }
    const { windowDays: _one, ...place } = row
    return { window, asOf: instantOf(asOfMs), ranked: { ...place, ranked, site } }
  })
}

/** The sites with most traffic in a window that ends with the newest day. @throws QueryFailed */
export async function rankings(
  ask: Ask,
  soFar: SoFar,
  window: Window,
  { limit, offset = 0, country = '' }: Selection,
): Promise<Ranking> {
  const { id: computation, asOfMs, ranked } = await soFar.ranking(window, country)
  const of = { computation, windowDays: WINDOW_DAYS[window.window], scope: country, limit, offset }
  const items = await ask('rankings', rankedRow, of)
  return { asOf: instantOf(asOfMs), items: items.map((item) => ({ ...item, ranked })) }
}

function instantOf(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`
}
