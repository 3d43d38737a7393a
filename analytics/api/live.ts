import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { siteName } from '../queries/site-name.ts'
import { callerName } from './guard.ts'
import type { LiveHub, Refused } from './live-hub.ts'
import { COMMON_PROBLEMS, type Problem, problemOf, Refusal } from './problem.ts'

const query = z.strictObject({
  site: siteName
    .optional()
    .describe('Of this site only; of all together, and the ten busiest, when left out.'),
})

/** `GET /v1/live` */
export function addLive(app: FastifyInstance, hub: LiveHub): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/live',
    // There is no end to what a HEAD would have to wait for.
    exposeHeadRoute: false,
    config: { scope: 'traffic:read' },
    schema: {
      operationId: 'followTraffic',
      summary: 'Live traffic',
      description:
        'Server-sent events (`EventSource`). `traffic` tells every few seconds what came in: `at`, `seconds`, ' +
        '`requests`, `pageViews`, `bytes`, and of all sites the ten busiest in `sites`. Who reads slowly gets ' +
        'fewer of them, each about a longer time: the sums are the same. `end` comes when the server stops; a ' +
        'browser is back by itself. Records arrive some seconds after their request.',
      tags: ['sites'],
      querystring: query,
      response: {
        200: { description: 'Events without end.', content: { 'text/event-stream': { schema: z.any() } } },
        ...COMMON_PROBLEMS,
      },
    },
    handler: async (request, reply) => {
      const followed = hub.follow(request.query.site, callerName(request))
      if (typeof followed === 'string') throw new Refusal(problemFor(followed))
      return reply
        .type('text/event-stream; charset=utf-8')
        .header('Cache-Control', 'no-store')
        .header('X-Accel-Buffering', 'no')
        .send(followed.stream)
    },
  })
}

function problemFor(refused: Refused): Problem {
  switch (refused) {
    case 'too-many-of-caller':
      return problemOf('too-many-requests', 'Too many are following live traffic from here.', {
        remedy: 'Close one of your connections: ten may be open at a time.',
        retryAfterSeconds: 30,
      })
    case 'too-many':
      return problemOf('figures-unavailable', 'Too many are following live traffic.', {
        retryAfterSeconds: 30,
      })
    case 'stopping':
      return problemOf('figures-unavailable', 'The server is stopping.', { retryAfterSeconds: 5 })
  }
}
