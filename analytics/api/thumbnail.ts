import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { FrontDoor } from './front-door.ts'
import { COMMON_PROBLEMS, problemResponse, sendProblem } from './problem.ts'
import { siteParams } from './site.ts'
import { THUMBNAIL_SIZES, type ThumbnailAnswer, type Thumbnailer } from './thumbnailer.ts'

/** What the routes about pictures need. */
export interface Pictures {
  frontDoorOf(site: string): Promise<FrontDoor>
  thumbnailer: Thumbnailer
}

export const scheme = z
  .enum(['light', 'dark'])
  .describe('As for people who have set their system so; each is a picture of its own.')

const query = z.strictObject({
  size: z
    .enum(THUMBNAIL_SIZES)
    .default('large')
    .describe(
      '`small` is 111×82 pixels and `large` 201×147 (those of Alexa), `full` the whole window of 1024×768. ' +
        'The bottom of a page is cut, never the top.',
    ),
  scale: z
    .enum(['1', '2'])
    .optional()
    .describe('`2` has twice as many pixels each way, for dense screens; `1` when left out.'),
  format: z
    .enum(['webp', 'jpeg', 'avif', 'png'])
    .optional()
    .describe('When left out what `Accept` names and likes best, else JPEG.'),
  scheme: scheme.optional(),
  version: z
    .string()
    .regex(/^[0-9a-f]{32}$/, 'is no version')
    .optional()
    .describe('An older picture, as `/v1/sites/{site}/thumbnail/history` names it.'),
  wait: z
    .enum(['0', '1'])
    .default('0')
    .describe('`1` waits for the first picture, some seconds; `0` gives a placeholder (202) meanwhile.'),
})

const binary = z.unknown().meta({ type: 'string', format: 'binary' })
const content = Object.fromEntries(
  ['image/webp', 'image/jpeg', 'image/avif', 'image/png'].map((type) => [type, { schema: binary }]),
)

/** Why the thumbnailer gives no picture, alike for all routes about them. */
export const PICTURE_PROBLEMS = {
  403: problemResponse("The key is not for this, or the site's robots.txt wants no pictures."),
  404: problemResponse('The site is not one that is served from here, or has no such version.'),
  422: problemResponse('What the site sends is no page: a PDF, a download.'),
  502: problemResponse(
    'The site answered with an error, or could not be opened. `Retry-After` says when it is tried again.',
  ),
  503: problemResponse('The thumbnailer is down or busy; `Retry-After` says when to come back.'),
  504: problemResponse('The picture was not ready in time.'),
}

/** `GET /v1/sites/{site}/thumbnail` */
export function addThumbnail(app: FastifyInstance, { frontDoorOf, thumbnailer }: Pictures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/sites/:site/thumbnail',
    config: { scope: 'sites:read' },
    schema: {
      operationId: 'getSiteThumbnail',
      summary: "A picture of the site's first page",
      description:
        'The first page of the host with most page views. Conditional requests are answered. The more people visit a ' +
        'site the sooner its picture is made anew; an old one is given meanwhile. `Selvedge-Kind` tells what the page ' +
        'seems to be: `page`, `document`, `login`, `parking` or `blank`.',
      tags: ['sites'],
      params: siteParams,
      querystring: query,
      response: {
        200: { description: 'The picture.', content },
        202: { description: 'A placeholder; `Retry-After` says when to look again.', content },
        304: z.null().describe('You have this very picture.'),
        ...COMMON_PROBLEMS,
        ...PICTURE_PROBLEMS,
      },
    },
    handler: async (request, reply) => {
      const { wait, scale, ...wanted } = request.query
      const page = await frontDoorOf(request.params.site)
      const which = { ...wanted, scale: scale === '2' ? (2 as const) : undefined, wait: wait === '1' }
      return send(reply, await thumbnailer.picture(page, which, request.headers))
    },
  })
}

function send(reply: FastifyReply, answer: ThumbnailAnswer): FastifyReply {
  if ('problem' in answer) return sendProblem(reply, answer.problem)
  reply.code(answer.status).headers(answer.headers)
  return reply.send(answer.status === 304 ? undefined : answer.body)
}
