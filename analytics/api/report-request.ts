import { z } from 'zod'
import {
  daysIn,
  GRANULARITIES,
  type Granularity,
  HOURLY_DAYS_MAX,
  REPORT_DAYS_MAX,
  type Reported,
} from '../reports/period.ts'
import type { Reports } from '../reports/reports.ts'
import { COMMON_PROBLEMS, type Problem, problemOf, problemResponse, Refusal } from './problem.ts'
import { day } from './words.ts'

/** Days of a report that names none. */
const DAYS_DEFAULT = 7

/** Before it there was no log of ours, and ClickHouse's days end soon. */
const FIRST_DAY = '2000-01-01'

/** Names a distribution in a path. */
export const distributionParams = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,63}$/, 'must be 1 to 63 letters, digits, `-` or `_`')
    .describe('Id of the distribution.')
    .meta({ examples: ['shop'] }),
})

/** Which days a report is of. */
export const reportDays = {
  from: day.optional().describe('First day (UTC); six days before the last when left out.'),
  to: day
    .optional()
    .describe(`Last day, included; today so far when left out. ${REPORT_DAYS_MAX} days at most.`),
}

export const granularity = z
  .enum(Object.keys(GRANULARITIES) as [Granularity, ...Granularity[]])
  .describe(`Length of a period; by the hour for ${HOURLY_DAYS_MAX} days at most.`)

export const untilDay = day.describe('Last day, included.')

/** What a report may answer besides itself. */
export const REPORT_PROBLEMS = {
  ...COMMON_PROBLEMS,
  404: problemResponse('No distribution has this id, and the log has nothing of it.'),
}

/** What a request for a report says. */
interface ReportRequest {
  params: { id: string }
  query: { from?: string | undefined; to?: string | undefined; granularity?: Granularity }
}

/**
 * The report on the distribution and the days that were asked for.
 *
 * @throws Refusal where there can be none
 */
export async function reportOn<Answer>(
  reports: Reports,
  { params, query }: ReportRequest,
  answerOf: (of: Reported) => Promise<Answer>,
): Promise<Answer> {
  const { to = reports.today() } = query
  const from = query.from ?? reports.daysUntil(to, DAYS_DEFAULT).from
  const problem = problemOfDays(reports, { from, to }, query.granularity)
  if (problem !== undefined) throw new Refusal(problem)
  if (!(await reports.knows(params.id))) throw new Refusal(unknownDistribution(params.id))
  return await answerOf({ distribution: params.id, from, to })
}

function problemOfDays(
  reports: Reports,
  { from, to }: { from: string; to: string },
  byWhat: Granularity | undefined,
): Problem | undefined {
  const bad = (field: string, what: string, remedy: string) =>
    problemOf('bad-parameter', `${field}: ${what}`, { field, remedy })
  const today = reports.today()
  if (to > today) return bad('to', 'is still to come', `Give ${today} (UTC) or a day before.`)
  if (from < FIRST_DAY) return bad('from', 'is before all logs', `Give ${FIRST_DAY} or a day after.`)
  if (from > to) return bad('from', `is after ${to}`, 'Give a day that is not after `to`.')
  const days = daysIn({ from, to })
  if (days > REPORT_DAYS_MAX) {
    return bad('from', `makes ${days} days`, `At most ${REPORT_DAYS_MAX} days can be reported at once.`)
  }
  if (byWhat === 'hour' && days > HOURLY_DAYS_MAX) {
    const remedy = `Ask for ${HOURLY_DAYS_MAX} days at most, or by the day.`
    return bad('granularity', `is too fine for ${days} days`, remedy)
  }
  return undefined
}

function unknownDistribution(id: string): Problem {
  const remedy = 'Distributions are listed by /v1/distributions; records arrive a few seconds after a visit.'
  return problemOf('unknown-distribution', `No distribution ${id} is known here.`, { field: 'id', remedy })
}
