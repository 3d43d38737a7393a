import type { Browser } from 'puppeteer-core'

/** How a page came. */
export interface PageLoad {
  /** From the start of the navigation to the load event, ms (Navigation Timing, `loadEventStart`). */
  loadMs: number
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
  responseStart: number
  responseStatus: number
  transferSize: number
  nextHopProtocol: string
}

/** Opens a page as somebody who has never been there: nothing cached, no connection, no TLS session. */
export async function loadPage(browser: Browser, url: string): Promise<PageLoad> {
  const context = await browser.createBrowserContext()
  try {
    const page = await context.newPage()
    await page.goto(url, { waitUntil: 'load' })
    return await page.evaluate(() => {
      // In the page; what Node has by this name knows other entries.
      const entriesOf = performance.getEntriesByType as unknown as (type: string) => Timing[]
      const [navigation] = entriesOf.call(performance, 'navigation')
      const parts = entriesOf.call(performance, 'resource')
      const all = [...(navigation === undefined ? [] : [navigation]), ...parts]
      return {
        loadMs: navigation?.loadEventStart ?? Number.NaN,
        firstByteMs: navigation?.responseStart ?? Number.NaN,
        bytes: all.reduce((sum, { transferSize }) => sum + transferSize, 0),
        parts: parts.filter(({ responseStatus, transferSize }) => responseStatus === 200 && transferSize > 0)
          .length,
        protocols: [...new Set(all.map(({ nextHopProtocol }) => nextHopProtocol))],
      }
    })
  } finally {
    await context.close()
  }
}
