import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { FrontPages, LookedAt } from '../front-page/front-pages.ts'
import type { Figures, SiteFigures } from '../queries/figures.ts'
import type { Place } from '../queries/rankings.ts'
import { siteName } from '../queries/site-name.ts'
import type { WindowName } from '../queries/window.ts'
import { aboutOf, aboutSite } from './about-site.ts'
import { COMMON_PROBLEMS, problemOf, problemResponse, sendProblem } from './problem.ts'
import {
  answerWith,
  asOf,
  bytes,
  count,
  countryCode,
  day,
  pageViews,
  rank,
  rankedPageViews,
  reach,
  requests,
  score,
  visitors,
  windowName,
} from './words.ts'

/** Path parameters of every route about one site. */
export const siteParams = z.strictObject({ site: siteName })

const place = z
  .object({
    from: day,
    to: day,
    asOf,
    rank: rank
      .nullable()
      .describe('Place within this CDN; `null` when there are too few people, days or networks for one.'),
    of: z.int().min(0).describe('How many sites have a rank.'),
    score,
    reach,
    pageViews: rankedPageViews,
  })
  .meta({ id: 'Place', description: "A site's place in a window of days." })

const instant = z.iso.datetime().meta({ examples: ['2026-07-25T12:00:00Z'] })

const country = z.object({
  country: countryCode.nullable().describe('ISO 3166-1 alpha-2; `null` when unknown.'),
  visitors: count.describe('Sum of the daily distinct visitors.'),
  pageViews,
  share: z.number().min(0).max(1).describe("Of the site's page views."),
})

const answer = z
  .object({
    site: siteName,
    about: aboutSite
      .nullable()
      .describe('What the site says of itself; `null` when its front page was not read, or could not be.'),
    ranks: z
      .object({ '1d': place, '7d': place, '28d': place, '91d': place })
      .describe('The place in each window.'),
    today: z.object({ date: day, visitors, pageViews, requests, bytes }).describe('Today so far (UTC).'),
    firstSeen: instant.describe("Time of the log's first record of the site."),
    lastSeen: instant.describe("Time of the log's last record of the site."),
    hosts: z
      .array(z.object({ host: z.string(), pageViews, requests }))
      .describe('Host names it was asked for under, most page views first, 20 at most.'),
    countries: z
      .object({ window: windowName, from: day, to: day, items: z.array(country) })
      .describe('Where its page views came from, most first, 10 at most.'),
    links: z
      .object({ page: z.string(), traffic: z.string(), thumbnail: z.string() })
      .describe('Paths on this server: a page for people, the daily figures, a picture.'),
  })
  .meta({ id: 'Site', description: 'All that is known of one site.' })

/** `GET /v1/sites/{site}` */
export function addSite(app: FastifyInstance, figures: Figures, frontPages: FrontPages): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/sites/:site',
    config: { scope: 'sites:read' },
    schema: {
      operationId: 'getSite',
      summary: 'One site',
      description:
        "A site's title and contact, its ranks, what today brought so far, its hosts and where its people are.",
      tags: ['sites'],
      params: siteParams,
      response: {
        200: answerWith(answer, 'The site.'),
        ...COMMON_PROBLEMS,
        404: problemResponse('The log has no record of the site.'),
      },
    },
    handler: async (request, reply) => {
      const { site } = request.params
      if (!(await figures.knows(site))) return sendProblem(reply, unknownSite(site))
      const window = figures.window('7d')
      const [found, items, about] = await Promise.all([
        figures.site(site),
        figures.siteCountries(site, window),
        frontPages.of(site, () => figures.mainHost(site)),
      ])
      if (found === undefined) return sendProblem(reply, unknownSite(site))
      return answerOf(found, { ...window, items }, about)
    },
  })
}

function unknownSite(site: string) {
  const remedy =
    'Sites that people visit are listed by /v1/rankings; records arrive a few seconds after a visit.'
  return problemOf('unknown-site', `Nobody has asked for ${site} here.`, { field: 'site', remedy })
}

function answerOf(
  found: SiteFigures,
  countries: z.infer<typeof answer>['countries'],
  about: LookedAt | undefined,
): z.infer<typeof answer> {
  const { places, traffic: _days, ...same } = found
  const path = encodeURIComponent(found.site)
  return {
    ...same,
    about: about === undefined ? null : aboutOf(about),
    ranks: {
      '1d': placeIn(places, '1d'),
      '7d': placeIn(places, '7d'),
      '28d': placeIn(places, '28d'),
      '91d': placeIn(places, '91d'),
    },
    countries,
    links: {
      page: `/sites/${path}`,
      traffic: `/v1/sites/${path}/traffic`,
      thumbnail: `/v1/sites/${path}/thumbnail?size=large`,
    },
  }
}

function placeIn(places: readonly Place[], name: WindowName): z.infer<typeof place> {
  const found = places.find(({ window }) => window.window === name)
  if (found === undefined) throw new Error(`no place was asked for in ${name}`)
  const { asOf } = found
  const { from, to } = found.window
  const { rank = null, ranked: of = 0, score = 0, reach = 0, pageViews = 0 } = found.ranked ?? {}
  return { from, to, asOf, rank, of, score, reach, pageViews }
}
