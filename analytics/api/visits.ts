import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Figures } from '../queries/figures.ts'
import { siteName } from '../queries/site-name.ts'
import { COMMON_PROBLEMS } from './problem.ts'
import { siteParams } from './site.ts'
import { answerWith, day } from './words.ts'

const query = z.strictObject({
  days: z.coerce.number().int().min(1).max(92).default(30).describe('How many days, today so far included.'),
})

const rate = z.number().min(0).nullable()

const answer = z
  .object({
    site: siteName,
    items: z.array(
      z.object({
        date: day,
        visits: z.int().min(0).describe('Runs of page views by one visitor without a gap of 30 minutes.'),
        bounceRate: rate.describe('Share of the visits that were one page view; `null` without a visit.'),
        pageViewsPerVisit: rate.describe('Repeats too; `null` without a visit.'),
        secondsPerVisit: rate.describe(
          "From a visit's first page view to its last, mean; `null` without a visit.",
        ),
      }),
    ),
  })
  .meta({ id: 'Visits', description: "A site's days, oldest first." })

/** `GET /v1/sites/{site}/visits` */
export function addVisits(app: FastifyInstance, figures: Figures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/sites/:site/visits',
    config: { scope: 'traffic:read' },
    schema: {
      operationId: 'getSiteVisits',
      summary: "One site's visits by day",
      description:
        'One item for each of the last days (UTC), oldest first, the last of them today so far. They are of ' +
        'those whose page views rank sites: no bots, no machines of data centres. A visit ends with its day. ' +
        'Days without traffic, and all days of a site that was never seen, have no visits.',
      tags: ['sites'],
      params: siteParams,
      querystring: query,
      response: { 200: answerWith(answer, 'The days.'), ...COMMON_PROBLEMS },
    },
    handler: async (request) => {
      const { site } = request.params
      return { site, items: await figures.visits(site, request.query.days) }
    },
  })
}
