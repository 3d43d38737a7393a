import { z } from 'zod'
import type { Ask } from './ask.ts'
import { type Day, daysOf, type Span, spanEnding } from './window.ts'

/** Longest span that is told of: the longest window's, and the longest report's. */
const DAYS = 92

const publishedDay = z.object({ day: z.string(), computation: z.string() })

/** Where the figures of a span of days are. */
export interface DaysTold {
  /** Days that have no final figures yet, as today: theirs are worked out of the log. */
  fresh: Day[]
  /** What holds for the others. */
  computations: string[]
}

/** Of a span of 92 days at most. */
export async function daysTold(ask: Ask, { from, to }: Span): Promise<DaysTold> {
  // The same for every span that ends with the day, so that it is asked once.
  const published = await ask('days-published', publishedDay, { ...spanEnding(Date.parse(to), DAYS) })
  const computations = new Map(published.map(({ day, computation }) => [day, computation]))
  const days = daysOf({ from, to })
  return {
    fresh: days.filter((day) => !computations.has(day)),
    computations: days.flatMap((day) => computations.get(day) ?? []),
  }
}

/**
 * The days until one that have no final figures yet. Those that are longer ago than any that is told of have theirs,
 * or have none.
 */
export async function freshDays(ask: Ask, to: Day): Promise<Day[]> {
  return (await daysTold(ask, spanEnding(Date.parse(to), DAYS))).fresh
}
