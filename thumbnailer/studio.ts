import type { Logger } from 'pino'
import type { Page } from './asked.ts'
import { type BrowserKeeper, BrowserUnavailable } from './browser/keeper.ts'
import { type RenderFailure, type Rendering, type RenderLimits, renderPage } from './browser/render.ts'
import type { Gallery, PageRecord } from './gallery.ts'
import type { Metrics } from './metrics.ts'
import { picturesOf } from './pictures.ts'
import type { Problem } from './problem.ts'
import type { Turns } from './turns.ts'

/** Where pictures are made. */
export interface Studio {
  /** Renders a page when its turn comes, and keeps its pictures. Rejects when they can't be kept. */
  make(page: Page): Promise<PageRecord | { problem: Problem }>
}

/** The way of a new picture: turn → browser → sizes and formats → gallery. */
export function createStudio(options: {
  turns: Turns
  keeper: BrowserKeeper
  gallery: Gallery
  metrics: Metrics
  limits: RenderLimits
  log: Logger
}): Studio {
  const { turns, keeper, gallery, metrics, log } = options

  async function make(page: Page): Promise<PageRecord | { problem: Problem }> {
    const made = await turns.take(() => measured(page))
    if (made !== undefined) return made
    const detail = 'Too many pages wait to be rendered; ask again in a while.'
    return { problem: { code: 'busy', detail, retryAfterSeconds: 10 } }
  }

  async function measured(page: Page): Promise<PageRecord | { problem: Problem }> {
    const begunMs = performance.now()
    const seconds = () => (performance.now() - begunMs) / 1_000
    try {
      const made = await rendered(page)
      metrics.rendered('problem' in made ? made.problem.code : 'pictured', seconds())
      return made
    } catch (error) {
      metrics.rendered('store-failed', seconds())
      throw error
    }
  }

  async function rendered(page: Page): Promise<PageRecord | { problem: Problem }> {
    const rendering = await inBrowser(page)
    if ('problem' in rendering) return rendering
    if ('failed' in rendering) return { problem: { code: rendering.failed, detail: rendering.detail } }
    const record = await gallery.keep(page, rendering, await picturesOf(rendering.jpeg))
    log.info({ url: page.url, title: record.title }, 'a picture was made')
    return record
  }

  async function inBrowser(page: Page): Promise<Rendering | RenderFailure | { problem: Problem }> {
    try {
      return await keeper.use((seat) => renderPage(seat, page.url, options.limits))
    } catch (error) {
      // The page may have crashed its renderer; the browser may be gone. Neither is told apart from here.
      log.warn({ url: page.url, error: String(error) }, 'the browser failed')
      if (!(error instanceof BrowserUnavailable)) {
        return { failed: 'site-unreachable', detail: 'The page ended while it was rendered.' }
      }
      const detail = 'The browser failed; it is being replaced.'
      return { problem: { code: 'browser-failed', detail, retryAfterSeconds: 5 } }
    }
  }

  return { make }
}
