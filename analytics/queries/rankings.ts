import { z } from 'zod'
import type { Ask } from './ask.ts'
import type { Window } from './window.ts'

const rankedSite = z.object({
  rank: z.int().min(1),
  /** How many sites have a rank in the window. */
  ranked: z.int().min(1),
  site: z.string(),
  score: z.number(),
  reach: z.number(),
  pageViews: z.number(),
})

/** A site's place in a window; every word is defined in rankings.sql. */
export type RankedSite = z.infer<typeof rankedSite>

/** The sites with most traffic, best first; sites that share a rank by reach, then by name. */
export function rankings(
  ask: Ask,
  { from, to }: Window,
  { limit, country = '' }: { limit: number; country?: string | undefined },
): Promise<RankedSite[]> {
  return ask('rankings', rankedSite, { from, to, country, site: '', limit })
}

/** One site's place among all, or `undefined` when nobody viewed a page of it in the window. */
export async function rankOf(ask: Ask, { from, to }: Window, site: string): Promise<RankedSite | undefined> {
  const [only] = await ask('rankings', rankedSite, { from, to, country: '', site, limit: 1 })
  return only
}
