import { within } from '../deadline.ts'
import type { Seat } from './keeper.ts'
import { NO_BYPASS } from './walls.ts'

/** Size of a drawing, pixels: what sites that show a link's picture ask for (ogp.me). */
export const DRAWING = { width: 1_200, height: 630 } as const

/** It is a page of our own making, with all that it needs in it. */
const DRAW_MS_MAX = 8_000
const CLOSE_MS_MAX = 3_000

/** Nobody listens there: a drawing asks for nothing, and could not. */
const NOWHERE = 'http://127.0.0.1:1'

/**
 * Draws a page that is given as text, in a context that leads nowhere and runs no scripts.
 *
 * @throws TooSlow
 */
export async function drawPage(seat: Seat, html: string): Promise<Buffer> {
  const context = await seat.browser.createBrowserContext({
    downloadBehavior: { policy: 'deny' },
    proxyServer: NOWHERE,
    proxyBypassList: [NO_BYPASS],
  })
  try {
    return await within(
      DRAW_MS_MAX,
      'a drawing',
      (async () => {
        const page = await context.newPage()
        await page.setViewport({ ...DRAWING, deviceScaleFactor: 1 })
        await page.setJavaScriptEnabled(false)
        await page.setContent(html, { waitUntil: 'load', timeout: DRAW_MS_MAX })
        return Buffer.from(await page.screenshot({ type: 'png' }))
      })(),
    )
  } finally {
    await within(CLOSE_MS_MAX, 'closing a context', context.close()).catch((error: Error) => {
      seat.condemn(error.message)
    })
  }
}
