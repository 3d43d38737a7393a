import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Figures } from '../queries/figures.ts'
import { siteName } from '../queries/site-name.ts'
import { COMMON_PROBLEMS } from './problem.ts'
import { siteParams } from './site.ts'
import { answerWith, day, windowName } from './words.ts'

const query = z.strictObject({ window: windowName.default('28d') })

const share = z.number().min(0).max(1)

const answer = z
  .object({
    site: siteName,
    window: windowName,
    from: day,
    to: day.describe('Last day of the window, included.'),
    items: z.array(
      z.object({
        host: z.string(),
        reachShare: share.describe("Of the site's visitors; who came to two hosts is in both."),
        pageViewsShare: share.describe("Of the site's page views by people, repeats too."),
        pageViewsPerVisitor: z.number().min(0),
      }),
    ),
  })
  .meta({
    id: 'ContributingHosts',
    description: 'What each host name brings to a site, most first, 20 at most.',
  })

/** `GET /v1/sites/{site}/hosts` */
export function addSiteHosts(app: FastifyInstance, figures: Figures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/sites/:site/hosts',
    config: { scope: 'sites:read' },
    schema: {
      operationId: 'getSiteHosts',
      summary: "One site's contributing host names",
      description: 'Empty where nobody opened a page of the site in the window.',
      tags: ['sites'],
      params: siteParams,
      querystring: query,
      response: { 200: answerWith(answer, 'The hosts.'), ...COMMON_PROBLEMS },
    },
    handler: async (request) => {
      const { site } = request.params
      const window = figures.window(request.query.window)
      return { site, ...window, items: await figures.contributingHosts(site, window) }
    },
  })
}
