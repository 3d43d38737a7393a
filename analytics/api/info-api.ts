import fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { Logger } from 'pino'
import { addAlexa, withoutAlexaRoot } from '../alexa/alexa.ts'
import { catalogueOf } from '../alexa/catalogue.ts'
import type { AlexaSettings } from '../alexa/settings.ts'
import { addSideDoor } from '../alexa/side-door.ts'
import { addSiteThumbnails } from '../alexa/site-thumbnail.ts'
import type { Layout } from '../clickhouse/layout.ts'
import type { QueryClient } from '../clickhouse/query-pool.ts'
import { type FrontPagesOptions, keepFrontPages, NO_FRONT_PAGES } from '../front-page/front-pages.ts'
import { addDistributions } from '../pages/distributions.ts'
import { addPages } from '../pages/pages.ts'
import { addUsagePages } from '../pages/usage.ts'
import { createAsk } from '../queries/ask.ts'
import { createExports } from '../queries/export.ts'
import { createFigures } from '../queries/figures.ts'
import type { Formula } from '../ranking/formula.ts'
import { createReports } from '../reports/reports.ts'
import { createSoFar } from '../so-far/so-far.ts'
import { runBy, type Worker } from '../so-far/statements.ts'
import type { PriceBook } from '../usage/price-book.ts'
import { createUsage } from '../usage/usage.ts'
import { type AccessSettings, accessSettings } from './access.ts'
import { requireAnonymous } from './admit.ts'
import { addCard } from './card.ts'
import { addCompare } from './compare.ts'
import { addDocument, describeRoutes } from './document.ts'
import { addExport } from './export.ts'
import { failureHandler, nothingHere } from './failures.ts'
import { addFreshness } from './freshness.ts'
import { createFrontDoors } from './front-door.ts'
import { guard } from './guard.ts'
import { addHealth } from './health.ts'
import { addLists } from './lists.ts'
import { addLive } from './live.ts'
import { createLiveHub, type LiveOptions } from './live-hub.ts'
import { addPublishedRankings } from './published-rankings.ts'
import { addRankings } from './rankings.ts'
import { keepPicturesFresh } from './renew-pictures.ts'
import { addSearch } from './search.ts'
import { addSite } from './site.ts'
import { addSiteCrawlers } from './site-crawlers.ts'
import { addSiteHosts } from './site-hosts.ts'
import { addSiteReports } from './site-reports.ts'
import { addThumbnail } from './thumbnail.ts'
import { addThumbnailHistory } from './thumbnail-history.ts'
import { addThumbnailRefresh } from './thumbnail-refresh.ts'
import { connectThumbnailer } from './thumbnailer.ts'
import { addTimeReports } from './time-reports.ts'
import { addTopReports } from './top-reports.ts'
import { addTraffic } from './traffic.ts'
import { addUsage } from './usage.ts'
import { addUsageHours } from './usage-hours.ts'
import { addVisits } from './visits.ts'

/** How long a client may take to send its request, ms; there is nothing in it but a head. */
const REQUEST_MS_MAX = 10_000

const NOBODY: AlexaSettings = { keys: [], open: false }

/** A request has no body. */
const BODY_BYTES_MAX = 1_024

/** Longer than any head that Node takes, so that our own rules say what is wrong with a parameter. */
const PARAMETER_CHARACTERS_MAX = 20_000

declare module 'fastify' {
  interface FastifyInstance {
    /** Ends the answers that have no end of their own; nobody gets one after that. */
    endStreams(): void
  }
}

/** What the info API and the pages are made of. */
export interface InfoApiOptions {
  /** ClickHouse, for questions only. */
  query: QueryClient
  /** The same for rankings that are worked out beside the questions; `query` when left out. */
  background?: Worker
  layout?: Layout
  /** Shared with the thumbnailer. */
  key: string
  thumbnailerUrl: string | readonly string[]
  /** Of how many of the most visited sites pictures are kept fresh; of none when left out. */
  freshPictures?: number
  /** Whether rankings count today so far. */
  includeToday: boolean
  /** By which sites are ranked. */
  formula: Formula
  /** Who may ask in the form of Alexa's services; nobody when left out. */
  alexa?: AlexaSettings
  /** Who may ask, for what and how often; everybody for public figures when left out. */
  access?: AccessSettings
  /** Names of categories that distributions have. */
  categories?: readonly string[]
  /** Where front pages of sites are read, and kept; they aren't when left out. */
  frontPages?: Pick<FrontPagesOptions, 'edge' | 'ingest' | 'firstWaitMs'>
  /** Ids of the distributions that are fronted. */
  distributions?: readonly string[]
  /** What is billed has no price when left out. */
  prices?: PriceBook | undefined
  log: Logger
  /** Unix ms; the wall clock unless a test says otherwise. */
  now?(): number
  /** How often live traffic is told, for tests. */
  live?: Pick<LiveOptions, 'lookMs' | 'beatMs'>
  /** Longest wait for a thumbnail, ms. */
  thumbnailWaitMsMax?: number
}

/** The info API and the pages, not listening yet. Closing it closes what it opened. */
export async function createInfoApi(options: InfoApiOptions): Promise<FastifyInstance> {
  const { query, key, includeToday, formula, log, now = Date.now, thumbnailWaitMsMax: waitMsMax } = options
  const access = options.access ?? accessSettings.parse(undefined)
  const fail = failureHandler(log)
  const app = fastify({
    logger: false,
    requestTimeout: REQUEST_MS_MAX,
    bodyLimit: BODY_BYTES_MAX,
    rewriteUrl: ({ url = '/', method = 'GET' }) => withoutAlexaRoot({ url, method }),
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS_MAX },
    frameworkErrors: (error, request, reply) => {
      fail(error, request, reply)
    },
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler<FastifyError>(fail)
  await guard(app, access)
  addFreshness(app)
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, nothingHere)

  const ask = createAsk(query)
  const soFar = createSoFar({
    ask,
    run: runBy(options.background ?? query, options.layout ?? {}),
    formula,
    now,
    warn: (failure) => log.warn({ failure }, 'rankings with today so far are as they were'),
  })
  app.addHook('onClose', () => soFar[Symbol.asyncDispose]())
  const figures = createFigures(ask, { now, includeToday, soFar })
  const readFrontPages = options.frontPages
    ? keepFrontPages({ ask, log, now, ...options.frontPages })
    : undefined
  app.addHook('onClose', () => readFrontPages?.[Symbol.asyncDispose]())
  const frontPages = readFrontPages ?? NO_FRONT_PAGES
  const thumbnailer = connectThumbnailer({
    url: options.thumbnailerUrl,
    key,
    now,
    log,
    ...(waitMsMax !== undefined && { waitMsMax }),
  })
  app.addHook('onClose', () => thumbnailer[Symbol.asyncDispose]())

  await describeRoutes(app)
  addRankings(app, figures)
  addPublishedRankings(app, figures)
  addExport(app, createExports(query, ask))
  addLists(app, figures)
  addSite(app, figures, frontPages)
  addTraffic(app, figures)
  addVisits(app, figures)
  addSiteHosts(app, figures)
  addSiteCrawlers(app, figures)
  addSiteReports(app, figures)
  addSearch(app, figures)
  addCompare(app, figures)
  const hub = createLiveHub({ ask, log, now, ...options.live })
  addLive(app, hub)
  app.decorate('endStreams', hub.end)
  app.addHook('preClose', async () => hub.end())
  const frontDoorOf = createFrontDoors(figures)
  const sites = options.freshPictures ?? 0
  const renewal = sites > 0 ? keepPicturesFresh({ figures, frontDoorOf, thumbnailer, sites, log }) : undefined
  // Before the thumbnailer is let go: what it waits for ends then.
  app.addHook('preClose', () => void renewal?.[Symbol.asyncDispose]())
  addThumbnail(app, { frontDoorOf, thumbnailer })
  addThumbnailHistory(app, { frontDoorOf, thumbnailer })
  addThumbnailRefresh(app, { frontDoorOf, thumbnailer })
  addCard(app, { figures, frontDoorOf, thumbnailer })
  const reports = createReports(ask, { fronted: options.distributions ?? [], now })
  addTopReports(app, reports)
  addTimeReports(app, reports)
  const usage = createUsage(ask, { prices: options.prices, now })
  addUsage(app, usage)
  addUsageHours(app, usage, reports.knows)
  const catalogue = catalogueOf(ask, { categories: options.categories ?? [], frontPages, now })
  const settings = options.alexa ?? NOBODY
  addAlexa(app, { settings, catalogue, log })
  addSiteThumbnails(app, { settings, catalogue, frontDoorOf, thumbnailer, key, log })
  await app.register(async (door) => {
    requireAnonymous(door, access, ['rankings:read'])
    addSideDoor(door, catalogue, figures)
  })
  addDocument(app)
  addHealth(app)
  await app.register(async (pages) => {
    requireAnonymous(pages, access, ['rankings:read', 'sites:read', 'traffic:read'])
    await addPages(pages, { figures, frontPages, formula })
  })
  await app.register(async (pages) => {
    requireAnonymous(pages, access, ['reports:read'])
    addDistributions(pages, reports)
  })
  await app.register(async (pages) => {
    requireAnonymous(pages, access, ['usage:read'])
    addUsagePages(pages, usage)
  })
  await app.ready()
  return app
}
