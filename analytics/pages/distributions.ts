import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { GRANULARITIES, type Granularity, HOURLY_DAYS_MAX } from '../reports/period.ts'
import type { Reports } from '../reports/reports.ts'
import { distributionPath, reportAddress } from './addresses.ts'
import { askForKey } from './ask-for-key.ts'
import { distributionPage } from './distribution-page.ts'
import { distributionsPage } from './distributions-page.ts'
import { send } from './html-reply.ts'
import { problemPage } from './problem-page.ts'

/** Objects and referrers that a page shows. */
const OBJECTS_SHOWN = 50
const REFERRERS_SHOWN = 15

/** The reports of distributions, for people. They are not for everybody: `app` says who may read them. */
export function addDistributions(app: FastifyInstance, reports: Reports): void {
  const pages = app.withTypeProvider<ZodTypeProvider>()
  askForKey(app)

  pages.get(
    '/distributions',
    { schema: { hide: true, querystring: reportAddress } },
    async (request, reply) => {
      const { days } = request.query
      const span = reports.daysUntil(reports.today(), days)
      return send(reply, distributionsPage({ days, span, distributions: await reports.distributions(span) }))
    },
  )

  pages.get(
    '/distributions/:id',
    { schema: { hide: true, params: distributionPath, querystring: reportAddress } },
    async (request, reply) => {
      const { id } = request.params
      const { days } = request.query
      const by = granularityOf(request.query)
      if (!(await reports.knows(id))) return send(reply.code(404), unknown(id))
      const span = reports.daysUntil(reports.today(), days)
      const of = { distribution: id, ...span }
      const [traffic, trend, objects, referrers, viewers] = await Promise.all([
        reports.traffic(of, GRANULARITIES[by]),
        reports.trend(id, days),
        reports.popularObjects(of, OBJECTS_SHOWN),
        reports.topReferrers(of, REFERRERS_SHOWN),
        reports.viewers(of),
      ])
      return send(
        reply,
        distributionPage({ id, days, by, span, traffic, trend, objects, referrers, viewers }),
      )
    },
  )
}

/** A day is told by the hour, many days by the day, and what is between as one likes. */
function granularityOf({ days, by = 'day' }: { days: number; by?: Granularity | undefined }): Granularity {
  if (days === 1) return 'hour'
  return days > HOURLY_DAYS_MAX ? 'day' : by
}

function unknown(id: string) {
  return problemPage({
    status: 404,
    title: 'No such distribution',
    detail: `No distribution is called ${id}, and the log has nothing of one.`,
    remedy: 'Those that there are stand at /distributions.',
  })
}
