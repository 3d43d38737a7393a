import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

/** `GET /healthz`: the program is alive. Whether it can serve is asked on the admin port. */
export function addHealth(app: FastifyInstance): void {
  app.route({
    method: 'GET',
    url: '/healthz',
    schema: {
      operationId: 'getHealth',
      summary: 'Whether the API is alive',
      tags: ['service'],
      response: {
        200: {
          description: 'It is.',
          content: { 'text/plain': { schema: z.string().meta({ examples: ['ok\n'] }) } },
        },
      },
    },
    handler: async (_request, reply) =>
      reply.type('text/plain; charset=utf-8').header('Cache-Control', 'no-store').send('ok\n'),
  })
}
