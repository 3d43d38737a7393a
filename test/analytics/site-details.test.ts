import { expect, test, vi } from 'vitest'
import { doDailySteps } from '../../analytics/daily/steps.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { type AccessLog, type LogRow, openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { FORMULA, infoApiOn, NOON } from './info-api.ts'

vi.setConfig({ testTimeout: 60_000 })

const PHONE = 'Mozilla/5.0 (Linux; Android 16; Pixel 9) Chrome/149.0 Mobile Safari/537.36'
const DESKTOP = 'Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0'

/** Of people on several days, with all that details tell. */
const VIEWS: LogRow[] = ['2026-07-03', '2026-07-20', '2026-07-24', '2026-07-25'].flatMap((day, at) => {
  const time = `${day} 10:00:00`
  return [
    ...viewsBy(4 + at, { time, user_agent: PHONE, referer: 'https://www.b.example/to' }),
    ...viewsBy(2, { time, path: '/shop', host: 'shop.a.example', user_agent: DESKTOP, country: 'FR' }),
    viewBut({ time, path: '/shop', host: 'shop.a.example', referer: 'about:blank', country: '' }),
    viewBut({ time, path: '/only', referer: `https://m${at}.news.co.uk/` }),
    viewBut({ time, path: '/bot', is_bot: true, referer: 'https://spam.example/' }),
    viewBut({ time, path: '/style.css', is_page_view: false }),
    ...viewsBy(3, { time, site: 'b.example', host: 'www.b.example' }),
  ].map((view, nth) => ({
    ...view,
    time_to_first_byte_us: (nth + 1) * 12_345,
    time_taken_us: (nth + 1) * 45_678,
    origin_time_us: nth % 3 === 0 ? 777 * (nth + 1) : 0,
  }))
})

test('what is told of a site’s page views is the same from the log and from details of days that are over', async () => {
  await using log = await openAccessLog()
  await log.insert(VIEWS)

  const before = await toldOf(log)
  await daily(log)
  const after = await toldOf(log)

  expect(after).toEqual(before)
  expect(before).toMatchObject([
    {
      items: [
        { path: '/', pageViews: 22, visitors: 22 },
        { path: '/shop', pageViews: 12 },
        { path: '/only' },
      ],
    },
    { pageViews: 38, direct: 12, items: [{ domain: 'b.example' }, { domain: 'news.co.uk', pageViews: 4 }] },
    { items: [{ site: 'b.example', page: 'https://www.b.example/to', visits: 22 }] },
    { device: [{ value: 'Mobile' }, { value: 'Desktop', pageViews: 8 }, { value: 'Unknown' }] },
    { views: 38, firstByte: { p50: 61.7 } },
    { countries: { items: [{ country: 'DE' }, { country: 'FR', visitors: 6 }, { country: null }] } },
  ])
})

test('late records count once their day is closed anew', async () => {
  await using log = await openAccessLog()
  await log.insert(VIEWS)
  await daily(log)
  await log.insert(viewsBy(30, { time: '2026-07-20 11:00:00', path: '/late' }))

  await daily(log)
  const [pages] = await toldOf(log)

  expect(pages).toMatchObject({
    items: [{ path: '/late', pageViews: 30, visitors: 30 }, { path: '/' }, {}, {}],
  })
})

test('days that were closed before there were details get theirs, once by two programs', async () => {
  await using log = await openAccessLog()
  await log.insert(VIEWS)
  const before = await toldOf(log)
  await daily(log)
  await log.upkeep.command({ query: 'TRUNCATE TABLE selvedge.site_detail_day' })

  const [first, second] = await Promise.all([log.upkeep, log.ingest].map((upkeep) => daily({ upkeep })))
  const again = await daily(log)

  const days = ['2026-07-24', '2026-07-20', '2026-07-03']
  expect([first?.detailed, second?.detailed, again.detailed]).toEqual([days, days, []])
  expect(await toldOf(log)).toEqual(before)
})

test('pages beyond a day’s 5,000 are left out, and the others have their share of all', async () => {
  await using log = await openAccessLog()
  const time = '2026-07-24 10:00:00'
  const made = Array.from({ length: 5_500 }, (_, at) =>
    viewBut({ time, path: `/${at}`, referer: `https://r${at}.example/` }),
  )
  await log.insert([...made, ...viewsBy(500, { time, path: '/liked' })])

  await daily(log)
  const [pages, referrers] = await toldOf(log)

  const first = [
    expect.objectContaining({ path: '/liked', pageViews: 500, share: 0.0833 }),
    expect.objectContaining({ path: '/0', pageViews: 1, share: 0.0002 }),
  ]
  expect(pages).toMatchObject({ items: expect.arrayContaining(first) })
  expect(referrers).toMatchObject({ pageViews: 6_000, direct: 500 })
  const sql = `SELECT arrayCount(one -> one.kind = 'page', details) AS kept FROM selvedge.site_detail_day`
  const kept = await (await log.query.query({ query: sql, format: 'JSONEachRow' })).json()
  expect(kept).toEqual([{ kept: 5_000 }])
})

function daily({ upkeep }: Pick<AccessLog, 'upkeep'>) {
  return doDailySteps(createUpkeep({ upkeep, layout: {} }), { retentionDays: 36_500, formula: FORMULA }, NOON)
}

/** All that the API tells of the site’s page views, by a program that has asked nothing before. */
async function toldOf(log: AccessLog): Promise<Record<string, unknown>[]> {
  await using api = await infoApiOn(log)
  const routes = ['/pages', '/referrers', '/links', '/devices', '/speed', '']
  return (await Promise.all(routes.map((route) => api.ask(`/v1/sites/a.example${route}`)))) as Record<
    string,
    unknown
  >[]
}
