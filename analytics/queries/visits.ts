import { z } from 'zod'
import type { Formula } from '../ranking/formula.ts'
import type { Ask } from './ask.ts'
import { freshDays } from './rankings.ts'
import { daysOf, type Span } from './window.ts'

const dayOfVisits = z.object({
  date: z.string(),
  visits: z.int(),
  bounceRate: z.number().nullable(),
  pageViewsPerVisit: z.number().nullable(),
  secondsPerVisit: z.number().nullable(),
})

/** A site's visits on one day; defined in visits.sql. Rates are `null` where there was no visit. */
export type DayOfVisits = z.infer<typeof dayOfVisits>

/** A site's visits, one item for each day of the span in order. */
export async function visitsOf(ask: Ask, formula: Formula, site: string, span: Span): Promise<DayOfVisits[]> {
  const fresh = await freshDays(ask, span)
  const rows = await ask('visits', dayOfVisits, { ...formula.parameters, ...span, fresh, site })
  const byDate = new Map(rows.map((row) => [row.date, row]))
  const none = { visits: 0, bounceRate: null, pageViewsPerVisit: null, secondsPerVisit: null }
  return daysOf(span).map((date) => byDate.get(date) ?? { date, ...none })
}
