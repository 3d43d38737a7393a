import type { FastifyInstance } from 'fastify'
import { zipOf } from '../api/lists.ts'
import type { Figures } from '../queries/figures.ts'
import { type Catalogue, RANK_WINDOW } from './catalogue.ts'
import { AlexaFailure } from './failure.ts'
import { xmlOf } from './xml.ts'

const countryNames = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })

/** Longest URL that is looked at and told again, characters. */
const URL_LENGTH_MAX = 2_048

/**
 * What needed no key: `GET /data?cli=10&url=SITE`, which rank checkers read, and `GET /top-1m.csv.zip`, the newest
 * stable list under the name that everybody's scripts have.
 */
export function addSideDoor(app: FastifyInstance, catalogue: Catalogue, figures: Figures): void {
  app.get('/data', { schema: { hide: true } }, async (request, reply) => {
    // These scripts read no errors: whatever names no site is answered as one that nobody knows.
    const [given] = [(request.query as { url?: unknown }).url].flat()
    const url = typeof given === 'string' ? given.slice(0, URL_LENGTH_MAX) : ''
    const site = await catalogue.siteAt(url).catch((error: unknown) => {
      if (error instanceof AlexaFailure) return ''
      throw error
    })
    return reply.type('text/xml; charset=utf-8').send(await popularity(site, url, catalogue))
  })
  app.get('/top-1m.csv.zip', { schema: { hide: true } }, async (_, reply) => {
    const [newest] = await figures.lists(1)
    if (newest === undefined) return reply.callNotFound()
    const zip = zipOf('top-1m.csv', await figures.csvOfList(newest), newest.day)
    return reply.type('application/zip').send(zip)
  })
}

async function popularity(site: string, url: string, catalogue: Catalogue): Promise<string> {
  const [usage, countries] = await Promise.all([
    catalogue.usage(site, RANK_WINDOW),
    catalogue.countryRanks(site),
  ])
  const { now, before } = usage
  if (now === undefined) return xmlOf({ ALEXA: { '@VER': '0.9', '@URL': url, '@HOME': '0' } })
  const [best] = countries.toSorted((a, b) => a.rank - b.rank)
  const delta = before === undefined ? 0 : now.rank - before.rank
  return xmlOf({
    ALEXA: {
      '@VER': '0.9',
      '@URL': url,
      '@HOME': '0',
      SD: {
        POPULARITY: { '@URL': `${site}/`, '@TEXT': now.rank, '@SOURCE': 'panel' },
        REACH: { '@RANK': now.reachRank },
        RANK: { '@DELTA': delta > 0 ? `+${delta}` : delta },
        ...(best !== undefined && {
          COUNTRY: {
            '@CODE': best.country,
            '@NAME': countryNames.of(best.country) ?? best.country,
            '@RANK': best.rank,
          },
        }),
      },
    },
  })
}
