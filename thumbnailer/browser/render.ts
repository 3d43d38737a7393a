import type { BrowserContext, Page as BrowserPage, HTTPRequest, HTTPResponse } from 'puppeteer-core'
import { atMost, TooSlow, within } from '../deadline.ts'
import { type Impression, impressionOf } from '../impression.ts'
import { type Look, PAGE_HEIGHT_MAX } from '../look.ts'
import { dressBareDocument } from '../page/bare-document.ts'
import { emulate } from '../page/emulate.ts'
import { type Facts, factsOf } from '../page/facts.ts'
import { prepare, unroll } from '../page/prepare.ts'
import { downloadOf, kindOf, type PageKind, type Refused, refusalOf } from '../page/verdict.ts'
import type { Capture } from '../pictures.ts'
import type { Seat } from './keeper.ts'
import { NO_BYPASS } from './walls.ts'

/** A page as it looked. */
export interface Rendering {
  capture: Capture
  impression: Impression
  kind: PageKind
  facts: Facts
  /** Where redirects led. */
  finalUrl: string
  status: number
  /** Unix ms. */
  renderedAtMs: number
}

/** Why a page gives no picture: a problem's code and a sentence for who asked. */
export type RenderFailure = (
  | Refused
  | {
      failed: 'site-unreachable' | 'site-refused' | 'site-too-slow' | 'site-too-heavy' | 'site-crashed'
      detail: string
    }
) & {
  /** Where the page itself was last sought. */
  url?: string
}

/** What to render. */
export interface PageToRender {
  /** `http:` or `https:`; the browser would obey `file:` and `chrome:` as well. */
  url: string
  look: Look
}

/** A browser that takes longer for an empty context hangs, ms. */
const OPEN_MS_MAX = 10_000
/** Bounds of the steps after loading, ms. A step that doesn't end is a bonus missed, but for the capture. */
/** A page that is about to send the browser elsewhere needs a moment: see `settle`. */
const QUIET_MS = 300
const SETTLE_MS_MAX = 2_500
const PREPARE_MS_MAX = 4_000
const UNROLL_MS_MAX = 6_000
const FACTS_MS_MAX = 500
const CAPTURE_MS_MAX = 5_000
/** Of a page that computes or asks for ever: its capture would hang, and hold up those of all others. */
const CAPTURE_OF_BUSY_MS_MAX = 1_500
/** A page that shows nothing yet may be drawn by a script that is late. */
const BLANK_MS = 1_000
const CLOSE_MS_MAX = 3_000

/** Bounds of a render: a page that still loads when its time is up is captured as it is. */
export interface RenderLimits {
  loadMsMax: number
  /** Of all steps together. */
  totalMsMax: number
  /** Whether a page of that host may be shown, wherever redirects and scripts lead; of any when left out. */
  mayShow?: (host: string) => boolean
}

/** The only way out of a page's context. */
export interface WayOut {
  proxy: string
  /** Resolves when it was cut as the page had more than it may. */
  spent: Promise<RenderFailure>
}

const FINAL_URL_LENGTH_MAX = 2_048

/**
 * Opens a page in a context of its own, waits until it looks finished (or time is up), captures what
 * the window shows and closes the context, which ends whatever the page still does.
 */
export async function renderPage(
  seat: Seat,
  of: PageToRender,
  limits: RenderLimits,
  way?: WayOut,
): Promise<Rendering | RenderFailure> {
  const context = await openContext(seat, way?.proxy)
  try {
    return await within(limits.totalMsMax, 'the page', visit(context, of, limits, way))
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

async function openContext({ browser, condemn }: Seat, proxy: string | undefined): Promise<BrowserContext> {
  const opening = browser.createBrowserContext({
    downloadBehavior: { policy: 'deny' },
    ...(proxy !== undefined && { proxyServer: proxy, proxyBypassList: [NO_BYPASS] }),
  })
  return within(OPEN_MS_MAX, 'opening a context', opening).catch((error: Error) => {
    condemn(error.message)
    throw error
  })
}

async function visit(
  context: BrowserContext,
  of: PageToRender,
  limits: RenderLimits,
  way: WayOut | undefined,
): Promise<Rendering | RenderFailure> {
  const page = await context.newPage()
  const crashed = new Promise<RenderFailure>((resolve) => {
    page.once('error', () =>
      resolve({ failed: 'site-crashed', detail: 'The page crashed while it was rendered.' }),
    )
  })
  const documents = followDocuments(page, limits.mayShow)
  return Promise.race([crashed, documents.ledAway, visitIn(page, of, { limits, way, documents })])
}

async function visitIn(
  page: BrowserPage,
  { url, look }: PageToRender,
  {
    limits: { loadMsMax },
    way,
    documents: { latestDocument, soughtUrl },
  }: { limits: RenderLimits; way: WayOut | undefined; documents: Documents },
): Promise<Rendering | RenderFailure> {
  page.on('dialog', (dialog) => void dialog.dismiss().catch(() => undefined)) // its page may be gone already
  await emulate(page, look)
  const loading = load(page, url, loadMsMax)
  const loadError = way === undefined ? await loading : await Promise.race([loading, way.spent])
  // What was cut off before it was there is no page; afterwards it is one without its last film.
  if (loadError !== undefined && !(loadError instanceof Error)) return loadError
  const { 'content-type': contentType = '', 'content-disposition': disposition = '' } =
    latestDocument()?.headers() ?? {}
  const download = downloadOf(contentType, disposition)
  if (download !== undefined) return download
  if (!isWorthWaitingFor(loadError)) return unreachable(loadError, soughtUrl())
  await dressBareDocument(page, FACTS_MS_MAX)
  const isBusy = !(await settle(page, look))
  const came = latestDocument()
  const finalUrl = page.url()
  if (came === undefined && loadError?.name === 'TimeoutError') {
    return { failed: 'site-too-slow', detail: `The site sent nothing within ${loadMsMax} ms.` }
  }
  if (came === undefined || !/^https?:/.test(finalUrl)) return unreachable(loadError, soughtUrl())
  const facts = await factsOf(page, FACTS_MS_MAX)
  const refusal = refusalOf(came.status(), facts)
  if (refusal !== undefined) return { ...refusal, url: finalUrl }
  const shot = await capture(page, look, isBusy ? CAPTURE_OF_BUSY_MS_MAX : CAPTURE_MS_MAX)
  return {
    ...shot,
    kind: kindOf(came.headers()['content-type'] ?? '', facts, shot.impression.isUniform),
    facts,
    finalUrl: finalUrl.slice(0, FINAL_URL_LENGTH_MAX),
    status: came.status(),
    renderedAtMs: Date.now(),
  }
}

/** Where the page itself is sought, and the latest answer to that; redirects are followed. */
interface Documents {
  latestDocument(): HTTPResponse | undefined
  soughtUrl(): string
  /** Resolves when the page is sought where none may be shown. */
  ledAway: Promise<RenderFailure>
}

function followDocuments(page: BrowserPage, mayShow: RenderLimits['mayShow']): Documents {
  const ledAway = Promise.withResolvers<RenderFailure>()
  let latest: HTTPResponse | undefined
  let sought = ''
  const isDocument = (request: HTTPRequest) =>
    request.isNavigationRequest() && request.frame() === page.mainFrame()
  page.on('request', (request) => {
    if (!isDocument(request)) return
    sought = request.url()
    const url = URL.parse(sought)
    if (url === null || !/^https?:$/.test(url.protocol) || mayShow?.(url.hostname) !== false) return
    const host = url.hostname.slice(0, 100)
    const detail = `The page leads to ${host}, which is none of the sites that are pictured here.`
    ledAway.resolve({ failed: 'site-refused', detail, url: sought })
  })
  page.on('response', (response) => {
    if (isDocument(response.request())) latest = response
  })
  return { latestDocument: () => latest, soughtUrl: () => sought, ledAway: ledAway.promise }
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

function unreachable(error: Error | undefined, url: string): RenderFailure {
  const reason = /net::ERR_[A-Z0-9_]+/.exec(error?.message ?? '')?.[0] ?? 'it shows no page'
  return { failed: 'site-unreachable', detail: `The site could not be opened (${reason}).`, url }
}

/**
 * Waits until the network is quiet, images and fonts are there and a frame was painted, each for a
 * bounded time: some pages are never quiet. The first is also what makes a pending `Refresh` lead to its
 * target: captured at once, a page with one hangs, and every other capture with it.
 *
 * @returns whether the page painted, so that it can be captured
 */
async function settle(page: BrowserPage, look: Look): Promise<boolean> {
  await atMost(SETTLE_MS_MAX, page.waitForNetworkIdle({ idleTime: QUIET_MS, timeout: SETTLE_MS_MAX }))
  return prepare(page, PREPARE_MS_MAX, look.javascript)
}

/** What the window shows, once more after a moment if that is nothing but a colour. */
async function capture(
  page: BrowserPage,
  look: Look,
  msMax: number,
): Promise<{ capture: Capture; impression: Impression }> {
  const first = await shoot(page, look, msMax)
  if (!first.impression.isUniform) return first
  await new Promise((resolve) => setTimeout(resolve, BLANK_MS))
  // The first is as good as the second where the page is busy by now.
  return shoot(page, look, msMax).catch(() => first)
}

async function shoot(
  page: BrowserPage,
  look: Look,
  msMax: number,
): Promise<{ capture: Capture; impression: Impression }> {
  const height =
    look.extent === 'page'
      ? Math.min((await unroll(page, UNROLL_MS_MAX)) ?? look.height, PAGE_HEIGHT_MAX)
      : undefined
  const jpeg = await shootPatiently(page, look, { height, msMax })
  return { capture: { jpeg, scale: look.density }, impression: await impressionOf(jpeg) }
}

/** A page that moves on at this very moment is captured once more, where it went. */
async function shootPatiently(
  page: BrowserPage,
  look: Look,
  { height, msMax }: { height: number | undefined; msMax: number },
): Promise<Buffer> {
  const whole = height !== undefined && {
    clip: { x: 0, y: 0, width: look.width, height },
    captureBeyondViewport: true,
  }
  const once = () => within(msMax, 'capturing it', page.screenshot({ type: 'jpeg', quality: 92, ...whole }))
  const jpeg = await once().catch(async (error: unknown) => {
    if (error instanceof TooSlow || !page.browser().connected) throw error
    await settle(page, look)
    return once()
  })
  return Buffer.from(jpeg)
}
