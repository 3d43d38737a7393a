import type { BrowserContext, Page as BrowserPage, HTTPResponse } from 'puppeteer-core'
import { atMost, TooSlow, within } from '../deadline.ts'
import type { Seat } from './keeper.ts'

/** A page as it looked. */
export interface Rendering {
  /** 1024×768 pixels. */
  jpeg: Buffer
  /** Where redirects led. */
  finalUrl: string
  status: number
  title: string
  /** Unix ms. */
  renderedAtMs: number
}

/** Why a page gives no picture: a problem's code and a sentence for who asked. */
export interface RenderFailure {
  failed: 'site-error' | 'site-unreachable' | 'site-too-slow'
  detail: string
}

/** Bounds of the steps after loading, ms. A step that doesn't end is a bonus missed, but for the capture. */
/** A page that is about to send the browser elsewhere needs a moment: see `settle`. */
const QUIET_MS = 300
const SETTLE_MS_MAX = 2_500
const FONTS_MS_MAX = 700
const PAINT_MS_MAX = 1_500
const TITLE_MS_MAX = 500
const CAPTURE_MS_MAX = 5_000
/** Of a page that computes or asks for ever: its capture would hang, and hold up those of all others. */
const CAPTURE_OF_BUSY_MS_MAX = 1_500
const CLOSE_MS_MAX = 3_000

/** Bounds of a render, ms: a page that still loads when its time is up is captured as it is. */
export interface RenderLimits {
  loadMsMax: number
  /** Of all steps together. */
  totalMsMax: number
}

/** What a page may say about itself, characters. */
const TITLE_LENGTH_MAX = 300
const FINAL_URL_LENGTH_MAX = 2_048

/**
 * Opens a page in a context of its own, waits until it looks finished (or time is up), captures what
 * the window shows and closes the context, which ends whatever the page still does.
 *
 * @param url `http:` or `https:`; the browser would obey `file:` and `chrome:` as well
 */
export async function renderPage(
  seat: Seat,
  url: string,
  limits: RenderLimits,
): Promise<Rendering | RenderFailure> {
  const context = await seat.browser.createBrowserContext({ downloadBehavior: { policy: 'deny' } })
  try {
    return await within(limits.totalMsMax, 'the page', visit(context, url, limits.loadMsMax))
  } catch (error) {
    if (!(error instanceof TooSlow)) throw error
    return { failed: 'site-too-slow', detail: `${error.message}.` }
  } finally {
    // A capture that hangs holds up every other in this browser until its context is closed.
    await within(CLOSE_MS_MAX, 'closing a context', context.close()).catch((error: Error) => {
      seat.condemn(error.message)
    })
  }
}

async function visit(
  context: BrowserContext,
  url: string,
  loadMsMax: number,
): Promise<Rendering | RenderFailure> {
  const page = await context.newPage()
  const latestDocument = followDocuments(page)
  page.on('dialog', (dialog) => void dialog.dismiss().catch(() => undefined)) // its page may be gone already
  const loadError = await load(page, url, loadMsMax)
  if (!isWorthWaitingFor(loadError)) return unreachable(loadError)
  const isBusy = !(await settle(page))
  const status = latestDocument()?.status()
  const finalUrl = page.url()
  if (status === undefined && loadError?.name === 'TimeoutError') {
    return { failed: 'site-too-slow', detail: `The site sent nothing within ${loadMsMax} ms.` }
  }
  if (status === undefined || !/^https?:/.test(finalUrl)) return unreachable(loadError)
  if (status >= 400) return { failed: 'site-error', detail: `The site answered with status ${status}.` }
  const title = await titleOf(page)
  const jpeg = await capture(page, isBusy ? CAPTURE_OF_BUSY_MS_MAX : CAPTURE_MS_MAX)
  return {
    jpeg,
    finalUrl: finalUrl.slice(0, FINAL_URL_LENGTH_MAX),
    status,
    title,
    renderedAtMs: Date.now(),
  }
}

/** The latest answer to a navigation of the page itself, redirects followed. */
function followDocuments(page: BrowserPage): () => HTTPResponse | undefined {
  let latest: HTTPResponse | undefined
  page.on('response', (response) => {
    if (response.request().isNavigationRequest() && response.frame() === page.mainFrame()) latest = response
  })
  return () => latest
}

async function load(page: BrowserPage, url: string, loadMsMax: number): Promise<Error | undefined> {
  try {
    await page.goto(url, { waitUntil: 'load', timeout: loadMsMax })
    return undefined
  } catch (error) {
    if (!page.browser().connected) throw error
    return error as Error
  }
}

/** A page that is still loading can be captured, and one that was left for another will be that other. */
function isWorthWaitingFor(error: Error | undefined): boolean {
  if (error === undefined || error.name === 'TimeoutError') return true
  return !error.message.includes('net::ERR_') || error.message.includes('net::ERR_ABORTED')
}

function unreachable(error: Error | undefined): RenderFailure {
  const reason = /net::ERR_[A-Z0-9_]+/.exec(error?.message ?? '')?.[0] ?? 'it shows no page'
  return { failed: 'site-unreachable', detail: `The site could not be opened (${reason}).` }
}

/**
 * Waits until the network is quiet, fonts are there and a frame was painted, each for a bounded time:
 * some pages are never quiet. The first is also what makes a pending `Refresh` lead to its target:
 * captured at once, a page with one hangs, and every other capture with it.
 *
 * @returns whether the page painted, so that it can be captured
 */
async function settle(page: BrowserPage): Promise<boolean> {
  await atMost(SETTLE_MS_MAX, page.waitForNetworkIdle({ idleTime: QUIET_MS, timeout: SETTLE_MS_MAX }))
  return within(
    PAINT_MS_MAX,
    'painting',
    page.evaluate(FONTS_AND_FRAME).then(() => true),
  ).catch(() => false)
}

/** Run in the page. `fonts.ready` does not come before the page has loaded, which may be never. */
const FONTS_AND_FRAME = `
  Promise.race([document.fonts.ready, new Promise((done) => setTimeout(done, ${FONTS_MS_MAX}))]).then(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  )`

async function titleOf(page: BrowserPage): Promise<string> {
  const title = await within(TITLE_MS_MAX, 'its title', page.title()).catch(() => '')
  return title.slice(0, TITLE_LENGTH_MAX)
}

/** What the window shows. A page that moves on at this very moment is captured once more, where it went. */
async function capture(page: BrowserPage, msMax: number): Promise<Buffer> {
  const shoot = () => within(msMax, 'capturing it', page.screenshot({ type: 'jpeg', quality: 92 }))
  const jpeg = await shoot().catch(async (error: unknown) => {
    if (error instanceof TooSlow || !page.browser().connected) throw error
    await settle(page)
    return shoot()
  })
  return Buffer.from(jpeg)
}
