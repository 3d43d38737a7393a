import type { Page as BrowserPage } from 'puppeteer-core'
import { within } from '../deadline.ts'
import { PAGE_HEIGHT_MAX } from '../look.ts'
import { CONSENT_WORDS, consentSelectors } from './consent.ts'

/*
 * What is run in a page that has loaded, to make it ready for its picture. It is text, as it runs in
 * the page's world, which may have been turned upside down: nothing that comes back from it is trusted,
 * and each call has a deadline.
 */

/** Longest wait for fonts and for images in sight, ms. */
const FONTS_MS_MAX = 700
const IMAGES_MS_MAX = 2_000

/**
 * Hides what asks for consent. A sheet of the document's own making is under no Content-Security-Policy,
 * and a selector that this browser doesn't know spoils no other.
 */
const HIDE_CONSENT = `
  const hidden = (selector) => selector + '{display:none!important;visibility:hidden!important}'
  const sheet = new CSSStyleSheet()
  for (const selector of ${JSON.stringify(consentSelectors())}) {
    try { sheet.insertRule(hidden(selector)) } catch {}
  }
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]`

/**
 * Hides layers over the page that no list knows: what is fixed over it and speaks of consent, and, when
 * there is a page to be seen behind it, a modal dialog. With one of them goes the veil it brought, and
 * the page may be scrolled again.
 */
const HIDE_LAYERS = `
  const words = new RegExp(${JSON.stringify(CONSENT_WORDS)}, 'i')
  const { innerWidth: width, innerHeight: height } = window
  const isOver = (element) => ['fixed', 'sticky'].includes(getComputedStyle(element).position)
  const textOf = (element) => (element.innerText || '').slice(0, 4000)
  const hide = (element) => element.style.setProperty('display', 'none', 'important')
  const pageText = textOf(document.body).length
  const layers = new Set(document.querySelectorAll('dialog[open], [role=dialog], [role=alertdialog], [aria-modal=true]'))
  for (const x of [0.05, 0.5, 0.95]) for (const y of [0.04, 0.5, 0.8, 0.96]) {
    for (const met of document.elementsFromPoint(width * x, height * y)) {
      for (let element = met; element && element !== document.body; element = element.parentElement) {
        if (isOver(element)) layers.add(element)
      }
    }
  }
  let found = false
  for (const layer of layers) {
    const text = textOf(layer)
    const isModal = layer.matches('dialog[open], [aria-modal=true]')
    const isConsent = words.test(text) && text.length < 3000 && (isModal || isOver(layer) || layer.getAttribute('role'))
    if (!isConsent && !(isModal && pageText - text.length > 200)) continue
    if (layer.close && layer.open) layer.close()
    hide(layer)
    found = true
  }
  if (found) {
    for (const layer of layers) {
      const box = layer.getBoundingClientRect()
      if (textOf(layer) === '' && box.width >= width && box.height >= height && !layer.querySelector('img,video,canvas,svg')) hide(layer)
    }
    for (const root of [document.documentElement, document.body]) root.style.setProperty('overflow', 'visible', 'important')
  }`

/** Ends what moves, where it would come to rest, so that a picture shows no half-faded page. */
const STOP_MOTION = `
  const still = new CSSStyleSheet()
  still.replaceSync('*,*::before,*::after{transition:none!important;scroll-behavior:auto!important;caret-color:transparent!important}')
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, still]
  for (const animation of document.getAnimations()) {
    try { animation.finish() } catch { animation.pause() }
  }
  for (const video of document.querySelectorAll('video')) video.pause()`

/** Brings in images that wait to be scrolled to, and waits for those in sight. */
const BRING_IMAGES = `
  const soon = (ms) => new Promise((done) => setTimeout(done, ms))
  scrollBy(0, 2); dispatchEvent(new Event('scroll')); scrollTo(0, 0)
  const inSight = [...document.images].filter((image) => {
    const box = image.getBoundingClientRect()
    return box.top < innerHeight && box.bottom > 0
  }).slice(0, 200)
  for (const image of inSight) {
    image.loading = 'eager'
    const { src, srcset } = image.dataset
    if (!image.currentSrc && src && !image.getAttribute('src')) image.src = src
    if (!image.currentSrc && srcset && !image.getAttribute('srcset')) image.srcset = srcset
  }
  await Promise.race([
    Promise.all(inSight.map((image) => image.decode().catch(() => undefined))),
    soon(${IMAGES_MS_MAX}),
  ])
  await Promise.race([document.fonts.ready, soon(${FONTS_MS_MAX})])`

/** Two frames: the first may be one that was begun before. */
const PAINT = `await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))`

/** Goes down the page a window at a time, so that all of it is brought in, and back up. */
const WALK_DOWN = `
  const pause = () => new Promise((done) => setTimeout(done, 80))
  for (let y = 0; y < Math.min(document.documentElement.scrollHeight, ${PAGE_HEIGHT_MAX}); y += innerHeight) {
    scrollTo(0, y)
    await pause()
  }
  scrollTo(0, 0)`

const run = (...steps: string[]) =>
  `(async () => { ${steps.map((step) => `{${step}\n}`).join('\n')} return true })()`

const READY = run(HIDE_CONSENT, BRING_IMAGES, HIDE_LAYERS, STOP_MOTION, PAINT)
/** Where scripts are off frames and timers call nobody back. */
const READY_UNSCRIPTED = run(HIDE_CONSENT, HIDE_LAYERS)

/** @returns whether all of it was done in time, so that the page can be captured */
export async function prepare(page: BrowserPage, msMax: number, javascript: 'on' | 'off'): Promise<boolean> {
  const script = javascript === 'on' ? READY : READY_UNSCRIPTED
  return within(
    msMax,
    'painting',
    page.evaluate(script).then(() => true),
  ).catch(() => false)
}

/** Brings in what is further down, for a picture of the whole page. @returns the page's height, CSS pixels */
export async function unroll(page: BrowserPage, msMax: number): Promise<number | undefined> {
  const height = `Math.max(document.documentElement.scrollHeight, document.body?.scrollHeight ?? 0)`
  const walked = page.evaluate(`(async () => { ${WALK_DOWN}\n return ${height} })()`)
  const read = await within(msMax, 'scrolling', walked).catch(() => undefined)
  return typeof read === 'number' && Number.isFinite(read) ? read : undefined
}
