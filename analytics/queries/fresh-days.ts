import { z } from 'zod'
import type { Ask } from './ask.ts'
import { type Day, daysOf, type Span, spanEnding } from './window.ts'

/** Longest span that is told of: the longest window's, and the longest report's. */
const DAYS = 92

/**
 * The days until one that have no final figures yet, as today: theirs are worked out of the log. Those that are longer
 * ago have theirs, or have none.
 */
export async function freshDays(ask: Ask, to: Day): Promise<Day[]> {
  const span: Span = spanEnding(Date.parse(to), DAYS)
  const rows = await ask('days-published', z.object({ day: z.string() }), { ...span })
  const published = new Set(rows.map(({ day }) => day))
  return daysOf(span).filter((day) => !published.has(day))
}
