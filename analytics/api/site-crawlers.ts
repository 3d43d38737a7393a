import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Figures } from '../queries/figures.ts'
import { siteName } from '../queries/site-name.ts'
import { COMMON_PROBLEMS } from './problem.ts'
import { siteParams } from './site.ts'
import { answerWith, bytes, count, day, windowName } from './words.ts'

const query = z.strictObject({ window: windowName.default('28d') })

const answer = z
  .object({
    site: siteName,
    window: windowName,
    from: day,
    to: day.describe('Last day of the window, included.'),
    items: z.array(
      z.object({
        crawler: z
          .string()
          .describe('What it calls itself in its User-Agent.')
          .meta({ examples: ['Googlebot'] }),
        requests: count.describe('Of all who say to be it.'),
        bytes,
        verified: count.describe(
          "Requests from its owner's autonomous systems; the others were by somebody else.",
        ),
      }),
    ),
  })
  .meta({ id: 'Crawlers', description: 'Known crawlers that came to a site, most requests first.' })

/** `GET /v1/sites/{site}/crawlers` */
export function addSiteCrawlers(app: FastifyInstance, figures: Figures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/sites/:site/crawlers',
    config: { scope: 'sites:read' },
    schema: {
      operationId: 'getSiteCrawlers',
      summary: 'Known crawlers that came to a site, and who only said so',
      description:
        'By the autonomous system that an address belongs to. Bing’s and DuckDuckGo’s is one in which ' +
        'machines are rented out, too, and what Google crawls from its cloud isn’t verified by it. None of ' +
        'them counts for a rank, verified or not.',
      tags: ['sites'],
      params: siteParams,
      querystring: query,
      response: { 200: answerWith(answer, 'The crawlers.'), ...COMMON_PROBLEMS },
    },
    handler: async (request) => {
      const { site } = request.params
      const window = figures.window(request.query.window)
      return { site, ...window, items: await figures.crawlers(site, window) }
    },
  })
}
