import { z } from 'zod'
import { lastRankedDay } from './alexa.ts'
import type { Ask } from './ask.ts'
import { siteName } from './site-name.ts'
import type { Day } from './window.ts'

/** Longest text that is looked for: no site has a longer name. */
export const SOUGHT_MAX = 253

const found = z.object({ site: z.string(), rank: z.int().nullable() })

/** A site that was found; `rank` in 28 days, `null` without one. */
export type FoundSite = z.infer<typeof found>

/**
 * Sites with a text in their name, the best first: search.sql says in which order.
 *
 * @param text as somebody types it, upper case and names in other scripts too; nothing is found for ''
 */
export async function search(
  ask: Ask,
  text: string,
  { today, limit }: { today: Day; limit: number },
): Promise<FoundSite[]> {
  const typed = text.trim().slice(0, SOUGHT_MAX)
  if (typed === '') return []
  const day = (await lastRankedDay(ask)) ?? today
  return ask('search', found, { text: plain(typed), day, today, limit })
}

function plain(typed: string): string {
  // A dot at the end is the beginning of what comes next.
  const name = typed.endsWith('.') ? undefined : siteName.safeParse(typed).data
  return name ?? typed.toLowerCase()
}
