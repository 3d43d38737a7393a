import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Figures } from '../queries/figures.ts'
import { siteName } from '../queries/site-name.ts'
import { COMMON_PROBLEMS } from './problem.ts'
import { siteParams } from './site.ts'
import { answerWith, bytes, day, pageViews, requests, visitors } from './words.ts'

const query = z.strictObject({
  days: z.coerce.number().int().min(1).max(92).default(30).describe('How many days, today so far included.'),
})

const answer = z
  .object({
    site: siteName,
    items: z.array(z.object({ date: day, visitors, pageViews, requests, bytes })),
  })
  .meta({ id: 'Traffic', description: "A site's days, oldest first." })

/** `GET /v1/sites/{site}/traffic` */
export function addTraffic(app: FastifyInstance, figures: Figures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/sites/:site/traffic',
    config: { scope: 'traffic:read' },
    schema: {
      operationId: 'getSiteTraffic',
      summary: "One site's traffic by day",
      description:
        'One item for each of the last days (UTC), oldest first, the last of them today so far. Days ' +
        'without traffic are zeros, and so are all days of a site that was never seen.',
      tags: ['sites'],
      params: siteParams,
      querystring: query,
      response: { 200: answerWith(answer, 'The days.'), ...COMMON_PROBLEMS },
    },
    handler: async (request) => {
      const { site } = request.params
      const traffic = await figures.traffic([site], request.query.days)
      return { site, items: traffic.get(site) ?? [] }
    },
  })
}
