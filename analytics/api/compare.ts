import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Figures } from '../queries/figures.ts'
import { siteName } from '../queries/site-name.ts'
import type { DayOfTraffic } from '../queries/traffic.ts'
import { SITES_MAX } from '../queries/traffic.ts'
import { type Day, WINDOW_NAMES, type WindowName } from '../queries/window.ts'
import { COMMON_PROBLEMS } from './problem.ts'
import { answerWith, bytes, count, day, pageViews, rank, requests, visitors } from './words.ts'

const sites = z
  .string()
  .transform((text) => [...new Set(text.split(',').map((name) => name.trim()))])
  .pipe(z.array(siteName).min(1).max(SITES_MAX))
  .describe(`Names of sites, 1 to ${SITES_MAX}, with commas between.`)
  .meta({ examples: ['a.example,b.example'] })

const query = z.strictObject({
  sites,
  days: z.coerce.number().int().min(1).max(92).default(30).describe('How many days, today so far included.'),
})

const ranks = z
  .record(z.enum(WINDOW_NAMES), rank.nullable())
  .describe('In the windows that ended with `rankedDay`; `null` without one.')

const answer = z
  .object({
    rankedDay: day.nullable().describe('The last day that has rankings; `null` when none has.'),
    items: z.array(
      z.object({
        site: siteName,
        known: z.boolean().describe('Whether the log has anything of it in these days.'),
        ranks,
        visitors: count.describe('Sum of the daily distinct visitors.'),
        pageViews,
        days: z.array(z.object({ date: day, visitors, pageViews, requests, bytes })),
      }),
    ),
  })
  .meta({ id: 'Comparison', description: 'Sites beside each other, in the order in which they were asked.' })

/** `GET /v1/compare` */
export function addCompare(app: FastifyInstance, figures: Figures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/compare',
    config: { scope: 'traffic:read' },
    schema: {
      operationId: 'compareSites',
      summary: `Up to ${SITES_MAX} sites beside each other`,
      description: 'Ranks in all windows, and each of the last days, oldest first.',
      tags: ['sites'],
      querystring: query,
      response: { 200: answerWith(answer, 'The comparison.'), ...COMMON_PROBLEMS },
    },
    handler: async (request) => {
      const names = [...new Set(request.query.sites)]
      const [traffic, rankedDay] = await Promise.all([
        figures.traffic(names, request.query.days),
        figures.lastRankedDay(),
      ])
      const places = rankedDay === undefined ? new Map() : await placesOf(figures, names, rankedDay)
      return {
        rankedDay: rankedDay ?? null,
        items: names.map((site) => {
          const ofSite = traffic.get(site) ?? []
          return { site, ranks: ranksIn(places, site), ...sumsOf(ofSite), days: ofSite }
        }),
      }
    },
  })
}

type Places = ReadonlyMap<WindowName, ReadonlyMap<string, number>>

async function placesOf(figures: Figures, names: readonly string[], last: Day): Promise<Places> {
  const places = WINDOW_NAMES.map(
    async (window) => [window, await figures.ranksOn(names, { window, day: last })] as const,
  )
  return new Map(await Promise.all(places))
}

function ranksIn(places: Places, site: string): Record<WindowName, number | null> {
  const placeIn = (window: WindowName) => places.get(window)?.get(site) ?? null
  return { '1d': placeIn('1d'), '7d': placeIn('7d'), '28d': placeIn('28d'), '91d': placeIn('91d') }
}

function sumsOf(days: readonly DayOfTraffic[]): { known: boolean; visitors: number; pageViews: number } {
  const sum = (figure: 'visitors' | 'pageViews' | 'requests') =>
    days.reduce((total, one) => total + one[figure], 0)
  return { known: sum('requests') > 0, visitors: sum('visitors'), pageViews: sum('pageViews') }
}
