import { hash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { cardPage } from '../pages/card.ts'
import type { Figures } from '../queries/figures.ts'
import { isKnown } from './freshness.ts'
import { COMMON_PROBLEMS, type Problem, problemOf, Refusal } from './problem.ts'
import { siteParams } from './site.ts'
import { PICTURE_PROBLEMS, type Pictures } from './thumbnail.ts'

/** How long a card is kept, here and by caches, seconds: its figures move by the day. */
const CARD_SECONDS = 3_600

/** One without the site's picture is drawn again soon. */
const UNFINISHED_SECONDS = 10

/** Cards at hand, 100 kB each. */
const CARDS_MAX = 200

/** Days of its line. */
const DAYS = 28

interface Drawn {
  jpeg: Buffer
  etag: string
  seconds: number
}

/** `GET /v1/sites/{site}/card` */
export function addCard(app: FastifyInstance, of: Pictures & { figures: Figures }): void {
  const cards = new LRUCache<string, Drawn>({
    max: CARDS_MAX,
    ttl: CARD_SECONDS * 1_000,
    // With more than there is room for, a card still being drawn is pushed out: who waits for it gets it all the same.
    ignoreFetchAbort: true,
    fetchMethod: async (site, _, { options }) => {
      const card = await drawCard(site, of)
      options.ttl = card.seconds * 1_000
      return card
    },
  })
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/sites/:site/card',
    config: { scope: 'sites:read' },
    schema: {
      operationId: 'getSiteCard',
      summary: 'A picture of a site and its figures, for links',
      description: `Open Graph's picture of a site's page: its rank, page views of ${DAYS} days and its first page; JPEG, 1200×630 pixels.`,
      tags: ['sites'],
      params: siteParams,
      response: {
        200: {
          description: 'The card.',
          content: { 'image/jpeg': { schema: z.unknown().meta({ type: 'string', format: 'binary' }) } },
        },
        304: z.null().describe('You have this very card.'),
        ...COMMON_PROBLEMS,
        ...PICTURE_PROBLEMS,
        404: PICTURE_PROBLEMS[404],
      },
    },
    handler: async (request, reply) => {
      // One drawing for all who ask at once.
      const { jpeg, etag, seconds } = await cards.forceFetch(request.params.site)
      reply.headers({ 'Cache-Control': `public, max-age=${seconds}`, ETag: etag })
      if (isKnown(request, etag)) return reply.code(304).send(null)
      return reply.type('image/jpeg').send(jpeg)
    },
  })
}

/** @throws Refusal for a site that isn't known, or when nothing can be drawn now */
async function drawCard(
  site: string,
  { figures, frontDoorOf, thumbnailer }: Pictures & { figures: Figures },
): Promise<Drawn> {
  const found = await figures.site(site)
  if (found === undefined) throw new Refusal(problemOf('unknown-site', `Nobody has asked for ${site} here.`))
  const wanted = { size: '800x600', format: 'jpeg', wait: false } as const
  const pictured = await thumbnailer.picture(await frontDoorOf(site), wanted, {})
  const body = 'body' in pictured ? pictured.body : undefined
  const picture = body && `data:image/jpeg;base64,${body.toString('base64')}`
  const traffic = found.traffic.slice(-DAYS)
  const drawn = await thumbnailer.draw(cardPage({ figures: found, traffic, picture }).text)
  if (!('body' in drawn)) throw new Refusal('problem' in drawn ? drawn.problem : unanswered())
  const isFinished = 'body' in pictured && pictured.status === 200
  const etag = `"${hash('sha1', drawn.body, 'base64url')}"`
  return { jpeg: drawn.body, etag, seconds: isFinished ? CARD_SECONDS : UNFINISHED_SECONDS }
}

function unanswered(): Problem {
  return problemOf('thumbnailer-failed', 'The thumbnailer drew nothing.')
}
