import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { siteName } from '../queries/site-name.ts'
import { COMMON_PROBLEMS, sendProblem } from './problem.ts'
import { siteParams } from './site.ts'
import { PICTURE_PROBLEMS, type Pictures, scheme } from './thumbnail.ts'

const answer = z
  .object({
    site: siteName,
    state: z.literal('rendering'),
    history: z.string().describe('Path on this server that tells when it is done.'),
  })
  .meta({ id: 'ThumbnailRefresh', description: 'A picture is on its way.' })

/** `POST /v1/sites/{site}/thumbnail/refresh` */
export function addThumbnailRefresh(app: FastifyInstance, { frontDoorOf, thumbnailer }: Pictures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'POST',
    url: '/v1/sites/:site/thumbnail/refresh',
    config: { scope: 'sites:refresh' },
    schema: {
      operationId: 'refreshSiteThumbnail',
      summary: 'Make a new picture now',
      description:
        'However fresh the kept picture is, and though the site failed a moment ago. Takes a key with ' +
        '`sites:refresh`. Nobody waits: the kept picture is given until the new one is there.',
      tags: ['sites'],
      params: siteParams,
      querystring: z.strictObject({ scheme: scheme.default('light') }),
      response: {
        202: { description: 'It is being made.', content: { 'application/json': { schema: answer } } },
        ...COMMON_PROBLEMS,
        ...PICTURE_PROBLEMS,
      },
    },
    handler: async (request, reply) => {
      const { site } = request.params
      const refused = await thumbnailer.refresh(await frontDoorOf(site), request.query.scheme)
      if (refused !== undefined) return sendProblem(reply, refused.problem)
      const history = `/v1/sites/${encodeURIComponent(site)}/thumbnail/history`
      reply.code(202).header('Cache-Control', 'no-store').type('application/json')
      return reply.send({ site, state: 'rendering' as const, history })
    },
  })
}
