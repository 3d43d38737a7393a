import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { siteName } from '../queries/site-name.ts'
import { COMMON_PROBLEMS, sendProblem } from './problem.ts'
import { siteParams } from './site.ts'
import { PICTURE_PROBLEMS, type Pictures, scheme } from './thumbnail.ts'
import type { PictureHistory } from './thumbnailer.ts'
import { answerWith } from './words.ts'

const instant = z.iso.datetime().meta({ examples: ['2026-07-25T12:00:00.000Z'] })

const look = z.object({
  version: z.string().describe('Its name.'),
  renderedAt: instant.describe('When the page first looked so.'),
  checkedAt: instant.describe('When it was last seen to look so.'),
  kind: z.string().describe('What the page seems to be: `page`, `document`, `login`, `parking` or `blank`.'),
  title: z.string().describe('Of the page; never trusted, so escape it.'),
  finalUrl: z.string().describe('Where redirects led.'),
  favicon: z.string().nullable().describe("Address of the site's icon, as the page names it."),
  language: z.string().nullable().describe('What the page says of its language (BCP 47).'),
  colour: z
    .string()
    .describe('That most of the picture has.')
    .meta({ examples: ['#faf7f0'] }),
  thumbhash: z
    .string()
    .describe('ThumbHash in Base64: a blur of some 25 bytes to show until the picture is there.'),
  picture: z.string().describe('Path of the picture on this server.'),
})

const answer = z
  .object({
    site: siteName,
    url: z.string().describe('The page that is pictured.'),
    items: z.array(look).describe('The latest first; none before the first picture.'),
    failure: z
      .object({
        code: z.string().describe('A word for what failed, as in the problem that is answered.'),
        detail: z.string(),
        times: z.int().describe('How often in a row.'),
        at: instant,
        nextTryAt: instant.describe('It is left alone until then.'),
      })
      .nullable()
      .describe('Why the last render gave no picture; `null` when it did.'),
  })
  .meta({ id: 'ThumbnailHistory', description: "How a site's first page looks and looked." })

/** `GET /v1/sites/{site}/thumbnail/history` */
export function addThumbnailHistory(app: FastifyInstance, { frontDoorOf, thumbnailer }: Pictures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/sites/:site/thumbnail/history',
    config: { scope: 'sites:read' },
    schema: {
      operationId: 'getSiteThumbnailHistory',
      summary: 'How a site looked',
      description:
        'The latest picture and those before it: when, under which title, in which colours. A page that looks as before ' +
        'is no new one. Nothing is rendered for this.',
      tags: ['sites'],
      params: siteParams,
      querystring: z.strictObject({ scheme: scheme.default('light') }),
      response: { 200: answerWith(answer, 'Its looks.'), ...COMMON_PROBLEMS, ...PICTURE_PROBLEMS },
    },
    handler: async (request, reply) => {
      const { site } = request.params
      const history = await thumbnailer.history(await frontDoorOf(site), request.query.scheme)
      if ('problem' in history) return sendProblem(reply, history.problem)
      return answerOf(site, request.query.scheme, history)
    },
  })
}

function answerOf(
  site: string,
  scheme: 'light' | 'dark',
  { url, versions, failure }: PictureHistory,
): z.infer<typeof answer> {
  const dark = scheme === 'dark' ? '&scheme=dark' : ''
  return {
    site,
    url,
    items: versions.map(
      ({ digest, renderedAtMs, checkedAtMs, favicon = null, language = null, ...same }) => ({
        version: digest,
        renderedAt: timeOf(renderedAtMs),
        checkedAt: timeOf(checkedAtMs),
        favicon,
        language,
        ...same,
        picture: `/v1/sites/${encodeURIComponent(site)}/thumbnail?size=large${dark}&version=${digest}`,
      }),
    ),
    failure:
      failure === undefined
        ? null
        : {
            code: failure.code,
            detail: failure.detail,
            times: failure.times,
            at: timeOf(failure.atMs),
            nextTryAt: timeOf(failure.untilMs),
          },
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
