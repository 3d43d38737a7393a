import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Figures } from '../queries/figures.ts'
import { COMMON_PROBLEMS, problemResponse, sendProblem } from './problem.ts'
import { siteParams } from './site.ts'
import { THUMBNAIL_SIZES, type ThumbnailAnswer, type Thumbnailer } from './thumbnailer.ts'

const query = z.strictObject({
  size: z
    .enum(THUMBNAIL_SIZES)
    .default('large')
    .describe('`small` is 111×82 pixels, `large` 201×147, `full` the whole viewport of 1024×768.'),
})

const picture = z.unknown().meta({ type: 'string', format: 'binary' })

/** `GET /v1/sites/{site}/thumbnail` */
export function addThumbnail(app: FastifyInstance, figures: Figures, thumbnailer: Thumbnailer): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/sites/:site/thumbnail',
    config: { scope: 'sites:read' },
    schema: {
      operationId: 'getSiteThumbnail',
      summary: "A picture of the site's first page",
      description:
        'The first page of the host with most page views. The format follows `Accept`; conditional ' +
        'requests are answered. The first time a picture is asked for it is made, which takes some seconds.',
      tags: ['sites'],
      params: siteParams,
      querystring: query,
      response: {
        200: {
          description: 'The picture.',
          content: { 'image/webp': { schema: picture }, 'image/jpeg': { schema: picture } },
        },
        304: z.null().describe('You have this very picture.'),
        ...COMMON_PROBLEMS,
        404: problemResponse('The site is not one that is served from here.'),
        502: problemResponse('The site answered with an error, or could not be opened.'),
        503: problemResponse('The thumbnailer is down or busy; `Retry-After` says when to come back.'),
        504: problemResponse('The picture was not ready in time.'),
      },
    },
    handler: async (request, reply) => {
      const host = await figures.mainHost(request.params.site)
      return send(reply, await thumbnailer.picture(host, request.query.size, request.headers))
    },
  })
}

function send(reply: FastifyReply, answer: ThumbnailAnswer): FastifyReply {
  if ('problem' in answer) return sendProblem(reply, answer.problem)
  reply.code(answer.status).headers(answer.headers)
  return reply.send(answer.status === 200 ? answer.body : undefined)
}
