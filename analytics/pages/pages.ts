import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Figures } from '../queries/figures.ts'
import { siteName } from '../queries/site-name.ts'
import { WINDOW_NAMES } from '../queries/window.ts'
import { addAssets } from './assets.ts'
import type { Html } from './html.ts'
import { problemPage } from './problem-page.ts'
import { sitePage } from './site-page.ts'
import { topSitesPage } from './top-sites.ts'

/** Sites on the page of top sites; the API gives more. */
const TOP_SITES = 50

/** Days in a plot. */
const PLOT_DAYS = 30

/** A person's link may hold anything (`?utm_source=…`) and still deserves the page. */
const topSitesQuery = z.object({ window: z.enum(WINDOW_NAMES).catch('7d') })

/** The pages for people: `GET /` and `GET /sites/{site}`, and what they are made of. */
export async function addPages(app: FastifyInstance, figures: Figures): Promise<void> {
  await addAssets(app)
  const pages = app.withTypeProvider<ZodTypeProvider>()

  pages.get('/', { schema: { hide: true, querystring: topSitesQuery } }, async (request, reply) => {
    const window = figures.window(request.query.window)
    const sites = await figures.rankings(window, { limit: TOP_SITES })
    const names = sites.map(({ site }) => site)
    const traffic = await figures.traffic(names, PLOT_DAYS)
    return send(reply, topSitesPage({ window, sites, traffic }))
  })

  pages.get(
    '/sites/:site',
    { schema: { hide: true, params: z.object({ site: siteName }) } },
    async (request, reply) => {
      const { site } = request.params
      const [found, traffic] = await Promise.all([figures.site(site), figures.traffic([site], PLOT_DAYS)])
      if (found === undefined) return send(reply.code(404), unknownSite(site))
      return send(reply, sitePage(found, traffic.get(site) ?? []))
    },
  )
}

function unknownSite(site: string): Html {
  return problemPage({
    status: 404,
    title: 'No such site',
    detail: `Nobody has asked for ${site} here.`,
    remedy: 'If it is one of yours, open it once: it stands here a few seconds later.',
  })
}

/** What of a reply a page needs; the rest is the server's. */
interface PageReply {
  type(contentType: string): { send(body: string): unknown }
}

function send(reply: PageReply, page: Html): unknown {
  return reply.type('text/html; charset=utf-8').send(page.text)
}
