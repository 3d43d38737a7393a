import type { Browser } from 'puppeteer-core'

/** How a page came. */
export interface PageLoad {
  /** From the start of the navigation to the load event, ms (Navigation Timing, `loadEventStart`). */
  loadMs: number
  /** To when its deferred scripts have run, ms (`domContentLoadedEventStart`). */
  scriptsMs: number
  /** To the response's first byte, ms. */
  firstByteMs: number
  /** Of the page and all its parts, over the network, bytes. */
  bytes: number
  /** Parts that came whole. */
  parts: number
  /** All that the browser and the server spoke, e.g. `h2`. */
  protocols: readonly string[]
}

/** What is read of a browser's timings (Resource Timing, Navigation Timing). */
interface Timing {
  loadEventStart: number
  domContentLoadedEventStart: number
  responseStart: number
  responseStatus: number
  transferSize: number
  nextHopProtocol: string
}

/**
 * Opens a page as somebody who has never been there: nothing cached, no connection, no TLS session.
 *
 * By DevTools' own commands, for a page of puppeteer's has each part of each response told to us over a pipe: on the
 * core that the browser has, and no viewer has that.
 *
 * @throws when it doesn't come
 */
export async function loadPage(browser: Browser, url: string): Promise<PageLoad> {
  const context = await browser.createBrowserContext()
  try {
    const devTools = await browser.target().createCDPSession()
    await devTools.send('Target.createTarget', { url: 'about:blank', browserContextId: context.id as string })
    await devTools.detach()
    const target = await context.waitForTarget((one) => one.type() === 'page')
    const tab = await target.createCDPSession()
    const { errorText } = await tab.send('Page.navigate', { url })
    if (errorText !== undefined) throw new Error(`${url}: ${errorText}`)
    const { result, exceptionDetails } = await tab.send('Runtime.evaluate', {
      expression: `(${String(timesOfThisPage)})()`,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails !== undefined) throw new Error(`${url}: ${exceptionDetails.text}`)
    return result.value as PageLoad
  } finally {
    await context.close()
  }
}

/** Runs in the page, and knows nothing of what stands around it here. */
async function timesOfThisPage(): Promise<PageLoad> {
  // In the page; what Node has by this name knows other entries.
  const entriesOf = performance.getEntriesByType as unknown as (type: string) => Timing[]
  const navigation = entriesOf.call(performance, 'navigation')[0] as Timing
  if (navigation.loadEventStart === 0)
    await new Promise((resolve) => (globalThis as unknown as EventTarget).addEventListener('load', resolve))
  const parts = entriesOf.call(performance, 'resource')
  const all = [navigation, ...parts]
  return {
    loadMs: navigation.loadEventStart,
    scriptsMs: navigation.domContentLoadedEventStart,
    firstByteMs: navigation.responseStart,
    bytes: all.reduce((sum, { transferSize }) => sum + transferSize, 0),
    parts: parts.filter(({ responseStatus, transferSize }) => responseStatus === 200 && transferSize > 0)
      .length,
    protocols: [...new Set(all.map(({ nextHopProtocol }) => nextHopProtocol))],
  }
}
