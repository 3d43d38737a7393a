import { describe, expect, test } from 'vitest'
import { daysOf } from '../../analytics/queries/window.ts'
import { rankingSettings } from '../../analytics/ranking/formula.ts'
import { type LogRow, openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { generatedLog } from './generated-log.ts'
import { infoApiOn } from './info-api.ts'
import { rankedPlainly } from './ranked-plainly.ts'

describe('order', () => {
  test('sites stand by the geometric mean of reach and page views', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([
      ...viewsBy(4, { site: 'wide.example' }), // sqrt(4 × 4) = 4
      ...pagesOf(1, 9, { site: 'deep.example' }), // sqrt(1 × 9) = 3
      ...pagesOf(3, 4, { site: 'both.example' }), // sqrt(3 × 12) = 6
    ])

    const answer = await api.ask('/v1/rankings?window=1d')

    expect(answer).toEqual({
      window: '1d',
      asOf: '2026-07-25T12:00:00Z',
      from: '2026-07-25',
      to: '2026-07-25',
      next: null,
      items: [
        { rank: 1, bucket: 10, site: 'both.example', reach: 3, pageViews: 12 },
        { rank: 2, bucket: 10, site: 'wide.example', reach: 4, pageViews: 4 },
        { rank: 3, bucket: 10, site: 'deep.example', reach: 1, pageViews: 9 },
      ],
    })
  })

  test('equal scores share a rank and the next one is left out', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([
      ...pagesOf(1, 4, { site: 'deep.example' }), // 2, by one visitor
      ...viewsBy(2, { site: 'zebra.example' }), // 2, by two
      ...viewsBy(2, { site: 'aardvark.example' }), // 2, by two
      ...viewsBy(1, { site: 'last.example' }),
    ])

    const answer = await api.ask('/v1/rankings?window=1d')

    expect(answer).toMatchObject({
      items: [
        { rank: 1, site: 'aardvark.example' },
        { rank: 1, site: 'zebra.example' },
        { rank: 1, site: 'deep.example' },
        { rank: 4, site: 'last.example' },
      ],
    })
  })

  test('equal days in another order make equal scores', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    // Sums of roots differ in the last bit with the order in which they are added up.
    const orders = [1, 2, 3, 4, 5, 6].map((step) => [0, 1, 2, 3, 4, 5, 6].map((day) => (day * step) % 7))
    await log.insert(
      orders.flatMap((order, index) =>
        order.flatMap((people, day) =>
          pagesOf(people + 1, 3, { site: `site-${index}.example`, time: `2026-07-${19 + day} 12:00:00` }),
        ),
      ),
    )

    const answer = await api.ask('/v1/rankings')

    expect(answer).toMatchObject({ items: Array(6).fill({ rank: 1, reach: 4, pageViews: 12 }) })
  })
})

describe('what counts', () => {
  test('a page reloaded, a bot, a part of a page and a site without page views move nothing', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([
      viewBut(),
      viewBut(), // reloaded
      viewBut({ query: 'page=2' }), // another URL
      ...viewsBy(50, { site: 'bots.example', is_bot: true }),
      ...viewsBy(50, { is_page_view: false, path: '/style.css' }),
    ])

    const answer = await api.ask('/v1/rankings?window=1d')

    expect(answer).toMatchObject({ items: [{ rank: 1, site: 'a.example', reach: 1, pageViews: 2 }] })
  })

  test('the same path on two hosts of a site is two pages', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([viewBut(), viewBut({ host: 'www.a.example' })])

    const answer = await api.ask('/v1/rankings?window=1d')

    expect(answer).toMatchObject({ items: [{ reach: 1, pageViews: 2 }] })
  })

  test('a country ranks by its own people, over the days that the CDN has', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([
      ...viewsBy(9, { site: 'german.example' }),
      ...viewsBy(2, { site: 'french.example', country: 'FR' }),
      viewBut({ site: 'french.example', country: 'FR', time: '2026-07-24 12:00:00' }),
      viewBut({ site: 'german.example', country: 'FR', visitor: 20 }),
    ])

    const answer = await api.ask('/v1/rankings?window=7d&country=fr')

    expect(answer).toEqual({
      window: '7d',
      asOf: '2026-07-25T12:00:00Z',
      from: '2026-07-19',
      to: '2026-07-25',
      country: 'FR',
      next: null,
      items: [
        { rank: 1, bucket: null, site: 'french.example', reach: 1.5, pageViews: 1.5 },
        { rank: 2, bucket: 10, site: 'german.example', reach: 0.5, pageViews: 0.5 },
      ],
    })
  })
})

describe('windows', () => {
  test('seven days take in both ends and nothing beyond, by days of UTC', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([
      viewBut({ site: 'too-old.example', time: '2026-07-18 23:59:59' }),
      viewBut({ site: 'oldest.example', time: '2026-07-19 00:00:00' }),
      viewBut({ site: 'newest.example', time: '2026-07-25 23:59:59' }),
    ])

    const answer = await api.ask('/v1/rankings')

    expect(answer).toMatchObject({
      window: '7d',
      from: '2026-07-19',
      to: '2026-07-25',
      items: [{ site: 'newest.example' }, { site: 'oldest.example' }],
    })
  })

  test('figures are means over the days that the CDN has any record of, for every site', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([
      ...viewsBy(6, { site: 'once.example' }),
      viewBut({ site: 'bots.example', time: '2026-07-24 12:00:00', is_bot: true }),
      viewBut({ site: 'twice.example', time: '2026-07-23 12:00:00' }),
      viewBut({ site: 'twice.example' }),
    ])

    const answer = await api.ask('/v1/rankings')

    expect(answer).toMatchObject({
      items: [
        { site: 'once.example', reach: 2, pageViews: 2 },
        { site: 'twice.example', reach: 0.67, pageViews: 0.67 },
      ],
    })
  })

  test('without the unfinished day both windows end with yesterday', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log, { includeToday: false })
    await log.insert([
      ...viewsBy(9, { site: 'today.example' }),
      viewBut({ site: 'yesterday.example', time: '2026-07-24 12:00:00' }),
    ])

    const oneDay = await api.ask('/v1/rankings?window=1d')
    const week = await api.ask('/v1/rankings?window=7d')

    expect(oneDay).toMatchObject({
      from: '2026-07-24',
      to: '2026-07-24',
      items: [{ site: 'yesterday.example' }],
    })
    expect(week).toMatchObject({
      from: '2026-07-18',
      to: '2026-07-24',
      items: [{ site: 'yesterday.example' }],
    })
  })

  test('a CDN without any record answers with an empty list', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)

    const answer = await api.ask('/v1/rankings')

    expect(answer).toMatchObject({ items: [] })
  })
})

test('300 generated sites rank as a second, plain computation ranks them, without any final figures', async () => {
  await using log = await openAccessLog()
  await using api = await infoApiOn(log)
  const span = { from: '2026-07-19', to: '2026-07-25' }
  const rows = generatedLog(daysOf({ ...span, from: '2026-07-16' }), { sites: 300, rowsPerDay: 1_500 })
  await log.insert(rows)

  const answer = await api.ask('/v1/rankings?limit=1000')
  const french = await api.ask('/v1/rankings?limit=1000&country=FR')

  const settings = rankingSettings.parse({ networksMin: 1 })
  const itemsOf = (country: string) =>
    rankedPlainly(rows, settings, { ...span, country })
      .sort((a, b) => a.rank - b.rank || b.reach - a.reach || (a.site < b.site ? -1 : 1))
      .map(({ rank, site }) => ({ rank, site }))
  expect(answer).toMatchObject({ items: itemsOf('') })
  expect(french).toMatchObject({ items: itemsOf('FR') })
})

/** Each of `people` opens each of `pages`. */
function pagesOf(people: number, pages: number, difference: Partial<LogRow>): LogRow[] {
  return Array.from({ length: pages }, (_, page) =>
    viewsBy(people, { path: `/${page}`, ...difference }),
  ).flat()
}
