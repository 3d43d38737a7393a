import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { daysOfMonth } from '../usage/month.ts'
import { csvOfHours } from '../usage/statement-csv.ts'
import type { Usage } from '../usage/usage.ts'
import { problemOf, Refusal } from './problem.ts'
import { distributionParams, REPORT_PROBLEMS } from './report-request.ts'
import {
  acceptsCsv,
  CSV,
  format,
  monthParams,
  numbersOf,
  refuseOutside,
  region,
  used,
  varyByAccept,
} from './usage.ts'
import { day } from './words.ts'

/** Most rows of an answer: more than one distribution can have in a month. */
const HOURS_MAX = 20_000

const query = z.strictObject({
  day: day.optional().describe('A day (UTC) of the month; all of it when left out.'),
  distribution: distributionParams.shape.id.optional().describe('Of one distribution; of all when left out.'),
  format,
})

const hours = z
  .object({
    month: z.string(),
    items: z.array(
      z.object({
        at: z.iso.datetime().describe('When the hour began.'),
        distribution: z.string().nullable(),
        region: region.nullable(),
        used,
      }),
    ),
  })
  .meta({
    id: 'UsageHours',
    description: 'Usage by hour, distribution and billing region, oldest first, hours without any left out.',
  })

/**
 * `GET /v1/usage/{month}/hours`
 *
 * @param knows whether a distribution is fronted or was lately
 */
export function addUsageHours(
  app: FastifyInstance,
  usage: Usage,
  knows: (distribution: string) => Promise<boolean>,
): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/usage/:month/hours',
    config: { scope: 'usage:read' },
    schema: {
      operationId: 'getUsageHours',
      summary: 'Usage by the hour',
      description:
        'By hour, distribution and billing region; invalidations and pictures have no region. It adds up to the ' +
        `statement. At most ${HOURS_MAX.toLocaleString('en')} items, which a month of one distribution always fits.`,
      tags: ['usage'],
      params: monthParams,
      querystring: query,
      response: {
        200: {
          description: 'The hours.',
          content: { 'application/json': { schema: hours }, 'text/csv': { schema: z.any() } },
        },
        304: z.null().describe('It has not changed.'),
        ...REPORT_PROBLEMS,
      },
    },
    handler: async (request, reply) => {
      const { month } = request.params
      const {
        day: of,
        distribution,
        format: form = acceptsCsv(request.headers.accept) ? 'csv' : 'json',
      } = request.query
      refuseOutside(usage, month)
      if (of !== undefined && !of.startsWith(`${month}-`))
        throw refused('day', `is not in ${month}`, 'Give a day of the month.')
      const span = of === undefined ? daysOfMonth(month) : { from: of, to: of }
      const found = await usage.hours({ ...span, distribution }, HOURS_MAX + 1)
      if (found.length > HOURS_MAX) {
        throw refused('month', `has more than ${HOURS_MAX} items`, 'Name a `day` or a `distribution`.')
      }
      if (found.length === 0 && distribution !== undefined && !(await knows(distribution))) {
        const remedy = 'Distributions are listed by /v1/distributions.'
        const detail = `No distribution ${distribution} is known here.`
        throw new Refusal(problemOf('unknown-distribution', detail, { field: 'distribution', remedy }))
      }
      varyByAccept(reply)
      if (form === 'csv') {
        const name = `selvedge-usage-${of ?? month}-hours.csv`
        reply.header('Content-Disposition', `attachment; filename="${name}"`)
        return reply.type(CSV).send(csvOfHours(found))
      }
      const items = found.map(({ at, distribution: whose, region: where, used: quantities }) => ({
        at,
        distribution: whose === '' ? null : whose,
        region: where ?? null,
        used: numbersOf(quantities),
      }))
      return { month, items }
    },
  })
}

function refused(field: string, problem: string, remedy: string): Refusal {
  return new Refusal(problemOf('bad-parameter', `${field}: ${problem}`, { field, remedy }))
}
