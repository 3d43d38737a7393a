import type { Logger } from 'pino'
import type { Page } from './asked.ts'
import { failureOf } from './browser/guarded.ts'
import { BrowserEnded, type BrowserKeeper, BrowserUnavailable, type Seat } from './browser/keeper.ts'
import type { PageToRender, RenderFailure, Rendering } from './browser/render.ts'
import type { Gallery } from './gallery.ts'
import type { PageRecord } from './gallery-record.ts'
import type { Metrics } from './metrics.ts'
import type { Problem } from './problem.ts'
import type { Robots } from './robots.ts'
import type { SiteLimit } from './site-limit.ts'
import type { Turns } from './turns.ts'

/** Where pictures are made. */
export interface Studio {
  /** Renders a page when its turn comes, and keeps its pictures. Rejects when they can't be kept. */
  make(page: Page, how?: { isUrgent: boolean }): Promise<PageRecord | { problem: Problem }>
  /** Why it would not be rendered now, as far as that can be told beforehand. */
  wontMake(page: Page): Problem | undefined
}

export interface StudioOptions {
  turns: Turns
  keeper: BrowserKeeper
  gallery: Gallery
  robots: Pick<Robots, 'mayRender'>
  siteLimit: SiteLimit
  metrics: Metrics
  /** Renders a page in a browser. */
  render: (seat: Seat, page: PageToRender) => Promise<Rendering | RenderFailure>
  /** Hears of each page that pictures were made of and kept. */
  onMade(page: Page): void
  log: Logger
}

type Made = PageRecord | { problem: Problem }

/** The way of a new picture: the site's limit → turn → robots.txt → browser → gallery. */
export function createStudio(options: StudioOptions): Studio {
  const { turns, keeper, gallery, metrics, siteLimit, log } = options

  function wontMake({ host }: Page): Problem | undefined {
    const retryAfterSeconds = siteLimit.waitSeconds(host)
    if (retryAfterSeconds === 0) return undefined
    const detail = `${host} was pictured as often as it may be in a minute.`
    return { code: 'site-busy', detail, retryAfterSeconds }
  }

  async function make(page: Page, { isUrgent } = { isUrgent: true }): Promise<Made> {
    const problem = wontMake(page)
    if (problem !== undefined) return { problem }
    siteLimit.take(page.host)
    const made = await turns.take({ host: page.host, isUrgent }, () => measured(page))
    if (made !== undefined) return made
    const detail = 'Too many pages wait to be rendered; ask again in a while.'
    return { problem: { code: 'busy', detail, retryAfterSeconds: 10 } }
  }

  async function measured(page: Page): Promise<Made> {
    const begunMs = performance.now()
    const seconds = () => (performance.now() - begunMs) / 1_000
    try {
      const made = await rendered(page)
      metrics.rendered('problem' in made ? made.problem.code : 'pictured', seconds())
      if (!('problem' in made)) options.onMade(page)
      return made
    } catch (error) {
      metrics.rendered('store-failed', seconds())
      throw error
    }
  }

  async function rendered(page: Page): Promise<Made> {
    const refused = await refusedBefore(page)
    if (refused !== undefined) return { problem: refused }
    const rendering = await inBrowser(page)
    if ('problem' in rendering) return rendering
    if ('failed' in rendering) return { problem: { code: rendering.failed, detail: rendering.detail } }
    if (rendering.kind === 'blank' && (await hadMore(page))) {
      return { problem: { code: 'site-blank', detail: 'The site shows nothing now, and did before.' } }
    }
    const record = await kept(page, rendering)
    log.info({ url: page.url, title: rendering.facts.title, kind: rendering.kind }, 'a picture was made')
    return record
  }

  async function refusedBefore(page: Page): Promise<Problem | undefined> {
    const may = await options.robots.mayRender(page.url)
    if (typeof may === 'object') {
      const { failed, detail } = failureOf(may.refused)
      return { code: failed, detail }
    }
    switch (may) {
      case 'yes':
        return undefined
      case 'no':
        return {
          code: 'robots-refused',
          detail: "The site's robots.txt lets no picture be made of this page.",
        }
      case 'unknown':
        return { code: 'site-unreachable', detail: "The site's robots.txt could not be read." }
    }
  }

  /** A page that was more than a colour before is most likely broken now, and keeps its last good picture. */
  async function hadMore(page: Page): Promise<boolean> {
    const [latest] = (await gallery.record(page)).versions
    return latest !== undefined && latest.kind !== 'blank'
  }

  function kept(page: Page, { capture, facts, impression, ...rendering }: Rendering): Promise<PageRecord> {
    const { title, favicon, language } = facts
    const { finalUrl, status, kind, renderedAtMs } = rendering
    return gallery.keep(page, capture, {
      ...{ renderedAtMs, checkedAtMs: renderedAtMs, finalUrl, status, title, kind },
      ...(favicon !== undefined && { favicon }),
      ...(language !== undefined && { language }),
      colour: impression.colour,
      thumbhash: impression.thumbhash,
    })
  }

  async function inBrowser(page: Page): Promise<Rendering | RenderFailure | { problem: Problem }> {
    const { url, look } = page
    try {
      return await keeper.use((seat) => options.render(seat, { url, look }))
    } catch (error) {
      log.warn({ url: page.url, error: String(error) }, 'the browser failed')
      if (error instanceof BrowserEnded) {
        return { failed: 'site-crashed', detail: 'The page ended the browser, and the next one too.' }
      }
      if (!(error instanceof BrowserUnavailable)) {
        return { failed: 'site-unreachable', detail: 'The page ended while it was rendered.' }
      }
      const detail = 'The browser failed; it is being replaced.'
      return { problem: { code: 'browser-failed', detail, retryAfterSeconds: 5 } }
    }
  }

  return { make, wontMake }
}
