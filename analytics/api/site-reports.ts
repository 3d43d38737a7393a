import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Figures } from '../queries/figures.ts'
import { siteName } from '../queries/site-name.ts'
import { cursorParameter, next, partOf } from './cursor.ts'
import { COMMON_PROBLEMS } from './problem.ts'
import { siteParams } from './site.ts'
import { answerWith, count, day, pageViews, windowName } from './words.ts'

const ITEMS_MAX = 1_000

const window = windowName.default('28d')
const limit = z.coerce.number().int().min(1).max(ITEMS_MAX).default(50).describe('How many items at most.')
const share = z.number().min(0).max(1).describe("Of the site's page views by people.")

const of = { site: siteName, window: windowName, from: day, to: day }

const pages = z
  .object({
    ...of,
    items: z.array(
      z.object({
        host: z.string(),
        path: z.string().describe('Without its query, percent-encoded as it was asked for.'),
        pageViews,
        visitors: count.describe('Sum of the daily distinct visitors.'),
        share,
      }),
    ),
    next,
  })
  .meta({ id: 'SitePages', description: 'What people opened, most page views first.' })

const referrers = z
  .object({
    ...of,
    pageViews,
    direct: count.describe('Page views whose browser named no page before.'),
    internal: count.describe('Page views that came from a page of the site itself.'),
    items: z.array(z.object({ domain: z.string(), pageViews, share })),
  })
  .meta({
    id: 'SiteReferrers',
    description: 'Whence people came, by registrable domain, most page views first.',
  })

const links = z
  .object({
    site: siteName,
    items: z.array(
      z.object({
        site: z.string(),
        page: z.string().describe('One page from which people came, as far as the browser named it.'),
        visits: count.describe('Page views that came from there.'),
      }),
    ),
  })
  .meta({ id: 'LinkingSites', description: 'Sites of this CDN whose links people followed here.' })

const shares = (what: string) => z.array(z.object({ value: z.string(), pageViews, share })).describe(what)

const devices = z
  .object({
    ...of,
    device: shares('Desktop, Mobile, Tablet, Smart-TV or Unknown.'),
    browser: shares('The browser by its family, or Unknown.'),
    os: shares('The operating system, or Unknown.'),
  })
  .meta({
    id: 'SiteDevices',
    description: 'With what people opened pages, by their User-Agent, most page views first.',
  })

const percentiles = z
  .object({ p50: z.number(), p75: z.number(), p95: z.number(), p99: z.number() })
  .describe('Milliseconds within which so many percent were done; from a t-digest, exact to about 1 %.')

const speed = z
  .object({
    ...of,
    views: count.describe('Page views that are counted in; with none, there are no percentiles.'),
    firstByte: percentiles.nullable().describe('Until the first byte left the edge.'),
    complete: percentiles.nullable().describe('Until the last byte left the edge.'),
    origin: percentiles.nullable().describe('That the origin took, of page views that were fetched from it.'),
  })
  .meta({ id: 'SiteSpeed', description: 'How long people waited for pages, as seen from the edge.' })

/** `GET /v1/sites/{site}/pages`, `…/referrers`, `…/links`, `…/devices` and `…/speed` */
export function addSiteReports(app: FastifyInstance, figures: Figures): void {
  addPages(app, figures)
  addReferrers(app, figures)
  addLinks(app, figures)
  addDevices(app, figures)
  addSpeed(app, figures)
}

function addPages(app: FastifyInstance, figures: Figures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/sites/:site/pages',
    config: { scope: 'sites:read' },
    schema: {
      operationId: 'getSitePages',
      summary: "One site's top pages",
      description: 'Paths that people opened; parts of pages, bots and errors are none.',
      tags: ['sites'],
      params: siteParams,
      querystring: z.strictObject({ window, limit, cursor: cursorParameter }),
      response: { 200: answerWith(pages, 'The pages.'), ...COMMON_PROBLEMS },
    },
    handler: async (request, reply) => {
      const { site } = request.params
      const within = figures.window(request.query.window)
      const part = await partOf({ request, reply, of: [within.to] }, (at) => figures.pages(site, within, at))
      return { site, ...within, ...part }
    },
  })
}

function addReferrers(app: FastifyInstance, figures: Figures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/sites/:site/referrers',
    config: { scope: 'sites:read' },
    schema: {
      operationId: 'getSiteReferrers',
      summary: 'Whence people came to a site',
      description:
        'By the `Referer` of page views: what browsers tell, which is often no more than the host.',
      tags: ['sites'],
      params: siteParams,
      querystring: z.strictObject({ window, limit }),
      response: { 200: answerWith(referrers, 'The referrers.'), ...COMMON_PROBLEMS },
    },
    handler: async (request) => {
      const { site } = request.params
      const within = figures.window(request.query.window)
      return { site, ...within, ...(await figures.referrers(site, within, request.query.limit)) }
    },
  })
}

function addLinks(app: FastifyInstance, figures: Figures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/sites/:site/links',
    config: { scope: 'sites:read' },
    schema: {
      operationId: 'getSiteLinks',
      summary: 'Sites that link to a site',
      description: 'Of this CDN, by the links that people followed in the last 28 days; 1,000 at most.',
      tags: ['sites'],
      params: siteParams,
      querystring: z.strictObject({ limit }),
      response: { 200: answerWith(links, 'The sites.'), ...COMMON_PROBLEMS },
    },
    handler: async (request) => {
      const { site } = request.params
      return { site, items: (await figures.linkingSites(site)).slice(0, request.query.limit) }
    },
  })
}

function addDevices(app: FastifyInstance, figures: Figures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/sites/:site/devices',
    config: { scope: 'sites:read' },
    schema: {
      operationId: 'getSiteDevices',
      summary: "With what people open a site's pages",
      description: 'Devices, browsers and operating systems of those who opened pages; bots are none.',
      tags: ['sites'],
      params: siteParams,
      querystring: z.strictObject({ window }),
      response: { 200: answerWith(devices, 'The devices.'), ...COMMON_PROBLEMS },
    },
    handler: async (request) => {
      const { site } = request.params
      const within = figures.window(request.query.window)
      return { site, ...within, ...(await figures.devices(site, within)) }
    },
  })
}

function addSpeed(app: FastifyInstance, figures: Figures): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/sites/:site/speed',
    config: { scope: 'sites:read' },
    schema: {
      operationId: 'getSiteSpeed',
      summary: "How fast a site's pages are",
      description: 'Percentiles over the page views of people, as seen from the edge.',
      tags: ['sites'],
      params: siteParams,
      querystring: z.strictObject({ window }),
      response: { 200: answerWith(speed, 'The percentiles.'), ...COMMON_PROBLEMS },
    },
    handler: async (request) => {
      const { site } = request.params
      const within = figures.window(request.query.window)
      const found = await figures.speed(site, within)
      if (found === undefined)
        return { site, ...within, views: 0, firstByte: null, complete: null, origin: null }
      const { fetched, origin, ...same } = found
      return { site, ...within, ...same, origin: fetched === 0 ? null : origin }
    },
  })
}
