import { join } from 'node:path'
import { pino } from 'pino'
import type { Page } from 'puppeteer-core'
import { chooseBrowser } from '../../thumbnailer/browser/choose.ts'
import { startBrowser } from '../../thumbnailer/browser/start.ts'

/** A browser as a person has it. */
export interface Person extends AsyncDisposable {
  /**
   * Opens a page and waits until it is quiet, as somebody of their own: no cookies of others.
   *
   * @param userAgent whose visit it is; two with different ones are two visitors
   * @param look called with the page before it is closed
   * @returns what went wrong: console errors, failed requests, error statuses
   */
  visits(url: string, userAgent: string, look?: (page: Page) => Promise<void>): Promise<string[]>
}

/** User-Agents of people. */
export const PEOPLE = [
  'Windows NT 10.0; Win64; x64',
  'Macintosh; Intel Mac OS X 10_15_7',
  'X11; Linux x86_64',
].map(
  (system) => `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36`,
)

/** The browser is tried with its walls, of which no way leads out. */
const NOWHERE = { proxy: 'http://127.0.0.1:9', network: 'not wanted' }

/** Starts the browser that the thumbnailer would take, without its walls. */
export async function person(folder: string): Promise<Person> {
  const settings = {
    dataFolder: join(folder, 'browser'),
    browserUid: 61_701,
    browser: undefined,
    contact: undefined,
    sandbox: true,
  }
  const plan = await chooseBrowser(settings, NOWHERE, pino({ level: 'silent' }))
  if (plan === undefined) throw new Error('no browser starts on this machine')
  const running = await startBrowser({ ...plan, walls: ['--no-proxy-server'], userAgent: undefined })
  return {
    async visits(url, userAgent, look) {
      const context = await running.browser.createBrowserContext()
      const page = await context.newPage()
      const troubles: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error') troubles.push(`console: ${message.text()}`)
      })
      page.on('pageerror', (error) => troubles.push(`script: ${error}`))
      page.on('requestfailed', (request) => {
        const because = request.failure()?.errorText
        // A stream of events ends only by being left.
        if (request.resourceType() === 'eventsource' && because === 'net::ERR_ABORTED') return
        troubles.push(`failed: ${request.url()} ${because}`)
      })
      page.on('response', (response) => {
        if (response.status() >= 400) troubles.push(`${response.status()}: ${response.url()}`)
      })
      await page.setUserAgent({ userAgent })
      await page.goto(url, { waitUntil: 'networkidle0' })
      await look?.(page)
      await context.close()
      return troubles
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}
