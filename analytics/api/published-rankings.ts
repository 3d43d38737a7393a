import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Figures } from '../queries/figures.ts'
import { siteName } from '../queries/site-name.ts'
import { cursorParameter, next, partOf } from './cursor.ts'
import { COMMON_PROBLEMS } from './problem.ts'
import { siteParams } from './site.ts'
import { answerWith, bucket, countryCode, day, rank, rankedPageViews, reach, windowName } from './words.ts'

export const closedWindow = windowName.describe('The windows of 1, 7, 28 and 91 days that end with the day.')

export const ofDay = z.strictObject({
  day: day
    // ClickHouse's days end in 2149, and the longest window has to begin after 1970.
    .refine((text) => text >= '1971-01-01' && text <= '2149-01-01', {
      error: 'is beyond the days that there can be',
      params: { remedy: 'Give a day from 1971-01-01 to 2149-01-01.' },
    })
    .describe('Last day of the window, one that is over (UTC).'),
})

/** Of whom a ranking is. */
export const among = {
  country: countryCode.optional().describe('The ranking by people in this country.'),
  category: z.string().max(128).optional().describe('The ranking of the sites of this category, e.g. News.'),
}

/** There is no ranking of a category by people in a country. */
export const notBoth: [
  (query: { country?: string | undefined; category?: string | undefined }) => boolean,
  object,
] = [
  ({ country, category }) => country === undefined || category === undefined,
  {
    path: ['category'],
    error: 'can not be asked for together with a country',
    params: { remedy: 'Leave out one of the two.' },
  },
]

const query = z
  .strictObject({
    window: closedWindow.default('28d'),
    limit: z.coerce.number().int().min(1).max(1_000).default(100).describe('How many sites at most.'),
    ...among,
    cursor: cursorParameter,
  })
  .refine(...notBoth)

const perMillion = z.number().min(0)

const answer = z
  .object({
    window: closedWindow,
    day,
    items: z.array(
      z.object({
        rank,
        bucket,
        site: z.string().meta({ examples: ['example.com'] }),
        change: z.int().nullable().describe('Places gained since the same window before; `null` when new.'),
        reach,
        pageViews: rankedPageViews,
        reachPerMillion: perMillion.describe('Of a million people a day who opened any page of this CDN.'),
        pageViewsPerMillion: perMillion.describe('Of a million page views of this CDN.'),
        pageViewsPerVisitor: perMillion.describe('Page views by reach.'),
      }),
    ),
    next,
  })
  .meta({ id: 'PublishedRankings', description: 'A ranking of days that are over.' })

const historyQuery = z.strictObject({
  window: closedWindow.default('28d'),
  days: z.coerce.number().int().min(1).max(366).default(91).describe('How many days back, until yesterday.'),
})

const history = z
  .object({
    site: siteName,
    window: closedWindow,
    items: z.array(z.object({ date: day, rank, bucket, reach, pageViews: rankedPageViews })),
  })
  .meta({ id: 'RankHistory', description: "A site's places, oldest first." })

/** `GET /v1/rankings/{day}` and `GET /v1/sites/{site}/history` */
export function addPublishedRankings(app: FastifyInstance, figures: Figures): void {
  const typed = app.withTypeProvider<ZodTypeProvider>()
  typed.route({
    method: 'GET',
    url: '/v1/rankings/:day',
    config: { scope: 'rankings:read' },
    schema: {
      operationId: 'getPublishedRankings',
      summary: 'Top sites of days that are over',
      description:
        'Worked out when the day was over, and again when late records came. Empty where there is none.',
      tags: ['rankings'],
      params: ofDay,
      querystring: query,
      response: { 200: answerWith(answer, 'The ranking.'), ...COMMON_PROBLEMS },
    },
    handler: async (request, reply) => {
      const { window, country, category } = request.query
      const { day: last } = request.params
      const part = await partOf({ request, reply, of: [] }, (at) =>
        figures.published({ window, day: last, ...at }, { country, category }),
      )
      return { window, day: last, ...part }
    },
  })
  typed.route({
    method: 'GET',
    url: '/v1/sites/:site/history',
    config: { scope: 'rankings:read' },
    schema: {
      operationId: 'getSiteHistory',
      summary: "One site's ranks in the past",
      description: 'One item for each day on which it had a rank, in the window that ended with the day.',
      tags: ['sites'],
      params: siteParams,
      querystring: historyQuery,
      response: { 200: answerWith(history, 'The ranks.'), ...COMMON_PROBLEMS },
    },
    handler: async (request) => {
      const { site } = request.params
      const { window, days } = request.query
      const { history: items } = await figures.siteRanks(site, window, days)
      return { site, window, items }
    },
  })
}
