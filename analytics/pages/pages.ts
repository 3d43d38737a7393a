import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { FrontPages } from '../front-page/front-pages.ts'
import type { Figures } from '../queries/figures.ts'
import { siteName } from '../queries/site-name.ts'
import type { Formula } from '../ranking/formula.ts'
import {
  compareAddress,
  countriesAddress,
  countryPath,
  listPath,
  liveAddress,
  rankingAddress,
  searchAddress,
  sitePath,
} from './addresses.ts'
import { addAssets } from './assets.ts'
import { comparePage } from './compare-page.ts'
import { comparisonOf, typedSites } from './comparison.ts'
import { countriesPage } from './countries.ts'
import { definitionsPage } from './definitions.ts'
import type { Html } from './html.ts'
import { send } from './html-reply.ts'
import { listPage, listsPage } from './lists.ts'
import { livePage } from './live-page.ts'
import { problemPage } from './problem-page.ts'
import { rankingOf } from './ranking.ts'
import { searchPage } from './search-page.ts'
import { siteFacts } from './site-facts.ts'
import { sitePage } from './site-page.ts'
import { topSitesPage } from './top-sites.ts'

/** Stable lists that are listed, and sites of one that are shown. */
const LISTS_SHOWN = 31
const ENTRIES_SHOWN = 100

/** Sites that a search shows. */
const FOUND_SITES = 50

/** The pages for people, and what they are made of. */
export async function addPages(
  app: FastifyInstance,
  { figures, frontPages, formula }: { figures: Figures; frontPages: FrontPages; formula: Formula },
): Promise<void> {
  await addAssets(app)
  addRankings(app, figures)
  addSites(app, figures, frontPages)
  addLists(app, figures)
  app.get('/definitions', { schema: { hide: true } }, (_request, reply) =>
    send(reply, definitionsPage(formula)),
  )
}

function addRankings(app: FastifyInstance, figures: Figures): void {
  const pages = app.withTypeProvider<ZodTypeProvider>()

  pages.get('/', { schema: { hide: true, querystring: rankingAddress } }, async (request, reply) =>
    send(reply, topSitesPage(await rankingOf(figures, request.query))),
  )

  pages.get(
    '/countries/:country',
    { schema: { hide: true, params: countryPath, querystring: rankingAddress } },
    async (request, reply) =>
      send(reply, topSitesPage(await rankingOf(figures, { ...request.query, ...request.params }))),
  )

  pages.get(
    '/countries',
    { schema: { hide: true, querystring: countriesAddress } },
    async (request, reply) => {
      const { window } = request.query
      const day = await figures.lastRankedDay()
      const countries = day === undefined ? [] : await figures.countries(window, day)
      return send(reply, countriesPage({ window, day, countries }))
    },
  )
}

function addSites(app: FastifyInstance, figures: Figures, frontPages: FrontPages): void {
  const pages = app.withTypeProvider<ZodTypeProvider>()

  pages.get('/sites/:site', { schema: { hide: true, params: sitePath } }, async (request, reply) => {
    const { site } = request.params
    const page = await siteFacts(figures, frontPages, site)
    if (page === undefined) return send(reply.code(404), unknownSite(site))
    return send(reply, sitePage(page, `${request.protocol}://${request.host}`))
  })

  pages.get('/live', { schema: { hide: true, querystring: liveAddress } }, (request, reply) =>
    send(reply, livePage(request.query.site)),
  )

  pages.get('/compare', { schema: { hide: true, querystring: compareAddress } }, async (request, reply) => {
    const { sites: text, measure, days } = request.query
    const { sites, ...wrong } = typedSites(text)
    const comparison = await comparisonOf(figures, { sites, measure, days })
    return send(reply, comparePage(comparison, { text: sites.join(', ') || text, ...wrong }))
  })

  pages.get('/search', { schema: { hide: true, querystring: searchAddress } }, async (request, reply) => {
    const { q } = request.query
    const whole = siteName.safeParse(q).data
    if (whole !== undefined && (await figures.knows(whole))) {
      return reply.redirect(`/sites/${encodeURIComponent(whole)}`, 303)
    }
    const [found, ranked] = await Promise.all([
      figures.search(q, FOUND_SITES),
      figures.rankings(figures.window('28d'), { limit: 1 }),
    ])
    const names = found.map(({ site }) => site)
    return send(reply, searchPage(q, names, ranked.items.length))
  })
}

function addLists(app: FastifyInstance, figures: Figures): void {
  const pages = app.withTypeProvider<ZodTypeProvider>()

  pages.get('/lists', { schema: { hide: true } }, async (_request, reply) =>
    send(reply, listsPage(await figures.lists(LISTS_SHOWN))),
  )

  pages.get('/lists/:id', { schema: { hide: true, params: listPath } }, async (request, reply) => {
    const { id } = request.params
    const list = await figures.list(id)
    if (list === undefined) return send(reply.code(404), unknownList(id))
    return send(reply, listPage(list, await figures.entriesOfList(list, ENTRIES_SHOWN)))
  })
}

function unknownSite(site: string): Html {
  return problemPage({
    status: 404,
    title: 'No such site',
    detail: `Nobody has asked for ${site} here.`,
    remedy: 'If it is one of yours, open it once: it stands here a few seconds later.',
  })
}

function unknownList(id: string): Html {
  return problemPage({
    status: 404,
    title: 'No such list',
    detail: `No list is called ${id}.`,
    remedy: 'The last ones stand at Lists, above.',
  })
}
