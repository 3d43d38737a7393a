import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { doDailySteps } from '../../analytics/daily/steps.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { type AccessLog, openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { FORMULA, type InfoApi, infoApiOn, NOON } from './info-api.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let log: AccessLog
let api: InfoApi

/** Yesterday `shop.example` was first and `b.shop.example.org` second; today there is a new one. */
beforeAll(async () => {
  log = await openAccessLog()
  const yesterday = '2026-07-24 12:00:00'
  await log.insert([
    ...viewsBy(5, { site: 'shop.example', time: yesterday }),
    ...viewsBy(7, { site: 'b.shop.example.org', time: yesterday }),
    viewBut({ site: 'xn--mnchen-3ya.example', time: yesterday }),
    ...viewsBy(2, { site: 'shop.example' }),
    viewBut({ site: 'shopnew.example' }),
    viewBut({ site: 'shopbots.example', is_bot: true }),
  ])
  const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })
  await doDailySteps(upkeep, { retentionDays: 36_500, formula: FORMULA }, NOON)
  api = await infoApiOn(log)
})

afterAll(async () => {
  await api[Symbol.asyncDispose]()
  await log[Symbol.asyncDispose]()
})

describe('GET /v1/search', () => {
  test.each([
    ['shop', ['shop.example 2', 'shopnew.example null', 'b.shop.example.org 1']],
    [' SHOP.', ['shop.example 2', 'b.shop.example.org 1']],
    ['example.org', ['b.shop.example.org 1']],
    ['münchen.example', ['xn--mnchen-3ya.example 3']],
    ['%', []],
    ['_', []],
    ["' OR '1'='1", []],
    ['{text:String}', []],
    ['\\', []],
    ['\u{1F577}', []],
    ['x'.repeat(253), []],
  ])('%s finds %j', async (text, sites) => {
    const answer = await api.ask(`/v1/search?q=${encodeURIComponent(text)}`)

    const { items } = answer as { items: { site: string; rank: number | null }[] }
    expect(items.map(({ site, rank }) => `${site} ${rank}`)).toEqual(sites)
  })

  test.each([
    ['', 'q'],
    ['q=', 'q'],
    ['q=%20', 'q'],
    [`q=${'x'.repeat(254)}`, 'q'],
    ['q=a&q=b', 'q'],
    ['q=a&limit=51', 'limit'],
    ["q=a&limit=1' OR 1", 'limit'],
  ])('?%s is refused', async (query, field) => {
    expect(await api.ask(`/v1/search?${query}`)).toMatchObject({ status: 400, field })
  })
})

describe('GET /v1/compare', () => {
  test('has sites in the order in which they were asked, each once, unknown ones with zeros', async () => {
    const answer = await api.ask('/v1/compare?sites=nobody.example,SHOP.example,shop.example&days=2')

    expect(answer).toEqual({
      rankedDay: '2026-07-24',
      items: [
        {
          site: 'nobody.example',
          known: false,
          ranks: { '1d': null, '7d': null, '28d': null, '91d': null },
          visitors: 0,
          pageViews: 0,
          days: [
            { date: '2026-07-24', visitors: 0, pageViews: 0, requests: 0, bytes: 0 },
            { date: '2026-07-25', visitors: 0, pageViews: 0, requests: 0, bytes: 0 },
          ],
        },
        {
          site: 'shop.example',
          known: true,
          ranks: { '1d': 2, '7d': 2, '28d': 2, '91d': 2 },
          visitors: 7,
          pageViews: 7,
          days: [
            { date: '2026-07-24', visitors: 5, pageViews: 5, requests: 5, bytes: 5_000 },
            { date: '2026-07-25', visitors: 2, pageViews: 2, requests: 2, bytes: 2_000 },
          ],
        },
      ],
    })
  })

  const eleven = Array.from({ length: 11 }, (_, at) => `s${at}.example`).join()

  test.each([
    ['', 'sites'],
    ['sites=', 'sites'],
    ['sites=a.example,', 'sites'],
    [`sites=${eleven}`, 'sites'],
    ["sites=a.example,b' OR 1=1", 'sites'],
    ['sites=a.example&sites=b.example', 'sites'],
    ['sites=a.example&days=93', 'days'],
    ['sites=a.example&days={from:Date}', 'days'],
  ])('?%s is refused', async (query, field) => {
    const answer = await api.ask(`/v1/compare?${query}`)

    expect(answer).toMatchObject({ status: 400, code: 'bad-parameter', field, remedy: expect.any(String) })
  })
})
