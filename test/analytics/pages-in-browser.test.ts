import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'puppeteer-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessSettings, SCOPES } from '../../analytics/api/access.ts'
import { doDailySteps } from '../../analytics/daily/steps.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { dayOf } from '../../analytics/queries/window.ts'
import { PEOPLE, type Person, person } from '../deploy/person.ts'
import { type AccessLog, openAccessLog, viewsBy } from './access-log.ts'
import { FORMULA, type InfoApi, infoApiOn, NOON } from './info-api.ts'
import { faultsOf, showOn } from './judged-page.ts'
import { playThumbnailer } from './thumbnailer.ts'
import { PRICES } from './usage.ts'

const DAYS = 9

const startMs = performance.now()

/** What of a chart's legend can be seen. */
const LEGEND_READ = "document.querySelector('.lively .u-legend').innerText"

describe('in a browser', () => {
  const parts = new AsyncDisposableStack()
  let api: InfoApi
  let log: AccessLog
  let viewer: Person
  let list = ''

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'selvedge-pages-'))
    parts.defer(() => rm(folder, { recursive: true, force: true }))
    log = parts.use(await openAccessLog())
    const query = await readFile(new URL('../show/made-up-traffic.sql', import.meta.url), 'utf8')
    await log.ingest.command({ query, query_params: { day: dayOf(NOON), days: DAYS } })
    const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })
    await doDailySteps(upkeep, { retentionDays: 36_500, formula: FORMULA }, NOON)

    const grey = { create: { width: 201, height: 147, channels: 3, background: '#999' } } as const
    const picture = await sharp(grey).webp().toBuffer()
    const thumbnailer = parts.use(
      await playThumbnailer((_request, response) =>
        response.writeHead(200, { 'Content-Type': 'image/webp' }).end(picture),
      ),
    )
    api = parts.use(
      await infoApiOn(log, {
        thumbnailerUrl: thumbnailer.url,
        access: accessSettings.parse({ anonymous: SCOPES }),
        distributions: ['quiet'],
        prices: PRICES,
        // The clock goes on, for live traffic.
        now: () => NOON + performance.now() - startMs,
        live: { lookMs: 50, beatMs: 1_000 },
      }),
    )
    viewer = parts.use(await person(folder))
    list = ((await api.ask('/v1/lists')) as { items: { id: string }[] }).items[0]?.id ?? ''
  }, 180_000)
  afterAll(() => parts.disposeAsync())

  /** Opens a page as somebody of their own. @returns what went wrong */
  const open = (path: string, look: (page: Page) => Promise<void>, before?: (page: Page) => Promise<void>) =>
    viewer.visits('about:blank', PEOPLE[0] as string, async (page) => {
      await before?.(page)
      // Live traffic never ends.
      await page.goto(api.url + path, { waitUntil: path.startsWith('/live') ? 'load' : 'networkidle0' })
      await look(page)
    })

  const two = 'sites=tidewater.example,morgenblatt.example'

  test.each([
    '/',
    '/?window=28d&day=2026-07-20',
    '/countries',
    '/countries/DE',
    '/sites/tidewater.example',
    `/compare?${two}`,
    `/compare?measure=rank&days=91&${two},nobody.example,%3Cb%3E`,
    '/lists',
    '/lists/LIST',
    '/definitions',
    '/search?q=li',
    '/distributions',
    '/distributions/d1',
    '/distributions/d1?by=hour',
    '/live',
    '/distributions/quiet',
    '/usage',
    '/usage/2026-07',
    '/usage/2026-02',
    '/search?q=nothing-like-it',
    '/nothing/here',
  ])(
    '%s breaks no serious rule of axe, light on a telephone and dark on a desk, and is quiet',
    async (path) => {
      const found: string[] = []

      const troubles = await open(path.replace('LIST', list), async (page) => {
        for (const screen of [
          { width: 390, scheme: 'light' },
          { width: 1_280, scheme: 'dark' },
        ] as const) {
          await showOn(page, screen)
          found.push(...(await faultsOf(page)).map((fault) => `${screen.scheme}: ${fault}`))
        }
      })

      expect(found).toEqual([])
      // An unknown address says so in its status, too, which a browser writes on its console.
      expect(path === '/nothing/here' ? [] : troubles).toEqual([])
    },
  )

  test('a chart is drawn by uPlot, says the last day’s figures, and then those under the pointer', async () => {
    const seen: string[] = []

    const troubles = await open(`/compare?${two}`, async (page) => {
      const legend = async () => String(await page.evaluate(LEGEND_READ))
      seen.push(await legend())
      const box = await (await page.$('.lively canvas'))?.boundingBox()
      await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + 60)
      await expect.poll(legend).not.toBe(seen[0])
      await page.mouse.move(2, 2)
      await expect.poll(legend).toBe(seen[0])
    })

    expect(troubles).toEqual([])
    expect(seen[0]).toMatch(/^Sat, 25 Jul 2026\s*tidewater\.example\s*[\d,]+\s*morgenblatt\.example\s*[\d,]+/)
  })

  test('without JavaScript the drawing of the page itself is shown, and a search leads to the site', async () => {
    const seen: unknown[] = []

    const troubles = await open(
      `/compare?${two}`,
      async (page) => {
        seen.push(await page.$('.lively'))
        seen.push((await page.$$('.plot-area .series')).length)
        const box = await (await page.$('.plot-area svg'))?.boundingBox()
        expect(box?.width).toBeGreaterThan(300)
        await page.type('input[type=search]', 'Tidewater.example')
        await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
        seen.push(new URL(page.url()).pathname)
      },
      (page) => page.setJavaScriptEnabled(false),
    )

    expect(troubles).toEqual([])
    expect(seen).toEqual([null, 2, '/sites/tidewater.example'])
  })

  test('live traffic is shown as it comes, until it is paused, and the busiest sites by name', async () => {
    const seen: string[] = []

    const troubles = await open('/live', async (page) => {
      const read = (what: string) => async () => String(await page.evaluate(what))
      const state = read("document.querySelector('[role=status]').textContent")
      const total = read("document.querySelector('[data-figure=total]').textContent")
      const first = read("document.querySelector('.live tbody tr')?.innerText ?? ''")
      await expect.poll(total, { timeout: 20_000 }).not.toBe('–')
      seen.push(await state(), await total())
      await log.insert(viewsBy(7, { site: '<b>odd</b>.example', bytes_sent: 1_000 }))
      await expect.poll(total, { timeout: 20_000 }).toBe('7')
      seen.push((await first()).replace(/\s+/g, ' '))
      await page.click('.live button')
      seen.push(await state())
    })

    expect(troubles).toEqual([])
    expect(seen).toEqual(['Following', '0', '<b>odd</b>.example 7 7 7 kB', 'Paused'])
  })

  test('live traffic says that it needs JavaScript, and where there is something without', async () => {
    let text = ''

    await open(
      '/live',
      async (page) => {
        text = String(await page.evaluate("document.querySelector('main').innerText"))
      },
      (page) => page.setJavaScriptEnabled(false),
    )

    expect(text).toContain('needs JavaScript')
    expect(text).not.toContain('Pause')
  })

  test('the keyboard reaches the content at once, and everything after it visibly', async () => {
    await open('/', async (page) => {
      const focused = () =>
        page.evaluate(
          '[document.activeElement.textContent.trim(), getComputedStyle(document.activeElement).outlineStyle]',
        )
      await page.keyboard.press('Tab')
      expect(await focused()).toEqual(['Skip to the content', 'solid'])
      await page.keyboard.press('Enter')
      await page.keyboard.press('Tab')
      expect(await focused()).toEqual(['1 day', 'solid'])
    })
  })
})
