import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Figures } from '../queries/figures.ts'
import { SOUGHT_MAX } from '../queries/search.ts'
import { COMMON_PROBLEMS } from './problem.ts'
import { answerWith, rank } from './words.ts'

const query = z.strictObject({
  q: z
    .string()
    .trim()
    .min(1)
    .max(SOUGHT_MAX)
    .describe('A part of the name, as it is typed.')
    .meta({ examples: ['exam'] }),
  limit: z.coerce.number().int().min(1).max(50).default(10).describe('How many sites at most.'),
})

const answer = z
  .object({
    items: z.array(
      z.object({ site: z.string(), rank: rank.nullable().describe('In 28 days; `null` without one.') }),
    ),
  })
  .meta({ id: 'Found', description: 'Sites with the text in their name.' })

/** `GET /v1/search` */
export function addSearch(app: FastifyInstance, figures: Figures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/search',
    config: { scope: 'sites:read' },
    schema: {
      operationId: 'searchSites',
      summary: 'Sites by a part of their name',
      description:
        'For completing what somebody types: names that begin with it first, then by rank. Sites that have ' +
        'a rank, and those that people visited today.',
      tags: ['sites'],
      querystring: query,
      response: { 200: answerWith(answer, 'The sites.'), ...COMMON_PROBLEMS },
    },
    handler: async (request) => ({ items: await figures.search(request.query.q, request.query.limit) }),
  })
}
