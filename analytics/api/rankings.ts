import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Figures } from '../queries/figures.ts'
import { cursorParameter, next, partOf } from './cursor.ts'
import { COMMON_PROBLEMS } from './problem.ts'
import {
  answerWith,
  asOf,
  bucket,
  countryCode,
  day,
  rank,
  rankedPageViews,
  reach,
  windowName,
} from './words.ts'

const query = z.strictObject({
  window: windowName.default('7d'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100).describe('How many sites at most.'),
  country: countryCode
    .optional()
    .describe('Rank by the page views of people in this country only (ISO 3166-1 alpha-2).'),
  cursor: cursorParameter,
})

const answer = z
  .object({
    window: windowName,
    from: day,
    to: day.describe('Last day of the window, included.'),
    asOf,
    country: countryCode.optional().describe('Given back when it was asked for.'),
    items: z.array(
      z.object({
        rank,
        bucket,
        site: z.string().meta({ examples: ['example.com'] }),
        reach,
        pageViews: rankedPageViews,
      }),
    ),
    next,
  })
  .meta({ id: 'Rankings', description: 'The sites with most traffic, best first.' })

/** `GET /v1/rankings` */
export function addRankings(app: FastifyInstance, figures: Figures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/rankings',
    config: { scope: 'rankings:read' },
    schema: {
      operationId: 'getRankings',
      summary: 'Top sites',
      description:
        'Sites in the order of their traffic. Those with equal scores share a rank and are listed by ' +
        'reach, then by name. A site without enough data is not listed: too few people, days or networks.',
      tags: ['rankings'],
      querystring: query,
      response: { 200: answerWith(answer, 'The ranking.'), ...COMMON_PROBLEMS },
    },
    handler: async (request, reply) => {
      const { window: name, country } = request.query
      const window = figures.window(name)
      let asOf = ''
      const part = await partOf({ request, reply, of: [window.to] }, async (at) => {
        const ranking = await figures.rankings(window, { ...at, country })
        asOf = ranking.asOf
        return ranking.items
      })
      const items = part.items.map(({ score: _score, ranked: _ranked, ...item }) => item)
      return {
        ...window,
        asOf,
        ...(country !== undefined && { country }),
        items,
        next: part.next,
      }
    },
  })
}
