import { z } from 'zod'
import type { SoFar } from '../so-far/so-far.ts'
import type { Ask } from './ask.ts'
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
export async function visitsOf(ask: Ask, soFar: SoFar, site: string, span: Span): Promise<DayOfVisits[]> {
  const { id: computation, fresh } = await soFar.figures(span.to)
  const rows = await ask('visits', dayOfVisits, { ...span, computation, fresh, site })
  const byDate = new Map(rows.map((row) => [row.date, row]))
  const none = { visits: 0, bounceRate: null, pageViewsPerVisit: null, secondsPerVisit: null }
  return daysOf(span).map((date) => byDate.get(date) ?? { date, ...none })
}
