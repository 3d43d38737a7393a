import { describe, expect, test, vi } from 'vitest'
import { closeDays } from '../../analytics/daily/days.ts'
import { rankDays } from '../../analytics/daily/ranks.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { formulaOf, rankingSettings } from '../../analytics/ranking/formula.ts'
import { type LogRow, openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { infoApiOn } from './info-api.ts'

vi.setConfig({ testTimeout: 120_000 })

/** As operators have it who set nothing. */
const formula = formulaOf(rankingSettings.parse({}), new Map())

const AMAZON = 16_509

async function rankingOf(rows: LogRow[], path = '/v1/rankings?window=1d') {
  await using log = await openAccessLog()
  await using api = await infoApiOn(log, { formula })
  await log.insert(rows)
  return ((await api.ask(path)) as { items: { site: string; reach: number; pageViews: number }[] }).items
}

describe('what somebody gains who wants a rank', () => {
  test('by many visitors from one network: a tenth of what the others bring, or three', async () => {
    const ranking = await rankingOf([
      ...viewsBy(20, { site: 'honest.example' }),
      ...viewsBy(15, { site: 'small.example' }),
      ...crowd(200, { site: 'small.example', network: '203.0.113.0/24' }),
      ...viewsBy(100, { site: 'big.example' }),
      ...crowd(200, { site: 'big.example', network: '203.0.113.0/24' }),
    ])

    expect(ranking).toMatchObject([
      { site: 'big.example', reach: 110, pageViews: 110 },
      { site: 'honest.example', reach: 20 },
      { site: 'small.example', reach: 18 },
    ])
  })

  test('by a dozen networks with many made-up visitors each: three of each, whatever the others bring', async () => {
    const networks = Array.from({ length: 12 }, (_, at) => `198.51.${at}.0/24`)
    const ranking = await rankingOf([
      ...viewsBy(40, { site: 'honest.example' }),
      ...networks.flatMap((network, at) =>
        crowd(100, { site: 'crowded.example', network, asn: 64_500 + at }).map((row) => ({
          ...row,
          visitor: row.visitor + at * 1_000,
        })),
      ),
    ])

    expect(ranking).toMatchObject([
      { site: 'honest.example', reach: 40 },
      { site: 'crowded.example', reach: 36 },
    ])
  })

  test('by many networks of one provider: as much as all others together, or ten', async () => {
    const ofProvider = (site: string) =>
      Array.from({ length: 90 }, (_, at) =>
        viewBut({ site, asn: 64_500, visitor: 9_000 + at, network: `198.51.${at}.0/24` }),
      )
    const ranking = await rankingOf([
      ...viewsBy(4, { site: 'small.example', asn: 64_501 }),
      ...ofProvider('small.example'),
      ...viewsBy(30, { site: 'big.example' }),
      ...ofProvider('big.example'),
    ])

    expect(ranking).toMatchObject([
      { site: 'big.example', reach: 60 },
      { site: 'small.example', reach: 14 },
    ])
  })

  test('by a page reloaded, or one visitor who opens everything: little', async () => {
    const opened = (pages: number, site: string) =>
      Array.from({ length: 2_000 }, (_, at) =>
        viewBut({ site, visitor: 1, time: minuteOf(at), path: `/${at % pages}` }),
      )
    const people = (site: string) => viewsBy(5, { site, path: '/first' })
    const fetched = viewBut({ is_page_view: false, path: '/style.css' })
    const ranking = await rankingOf([
      fetched,
      ...people('reloaded.example'),
      ...opened(1, 'reloaded.example'),
      ...people('opened.example'),
      ...opened(2_000, 'opened.example'),
    ])

    expect(ranking).toMatchObject([
      { site: 'opened.example', reach: 5, pageViews: 104 },
      { site: 'reloaded.example', reach: 5, pageViews: 6 },
    ])
  })

  test('by machines of a data centre, or visitors who behave like one: nothing', async () => {
    const ranking = await rankingOf([
      ...viewsBy(3, { site: 'people.example' }),
      ...viewsBy(50, { site: 'cloud.example', asn: AMAZON }),
      ...manyPages(61, 101, { site: 'quick.example', time: '2026-07-25 12:00:00' }),
      ...manyPages(31, 102, { site: 'bare.example' }),
      ...manyPages(31, 103, { site: 'reader.example' }),
      ...[103, 1_103, 2_103].map((visitor) =>
        viewBut({ site: 'reader.example', visitor, is_page_view: false }),
      ),
    ])

    expect(ranking.map(({ site }) => site)).toEqual(['reader.example', 'people.example'])
  })

  test('by one day of the week: nothing', async () => {
    const days = [19, 20, 21, 22, 23, 24, 25].map((day) => `2026-07-${day} 12:00:00`)
    const ranking = await rankingOf(
      [
        ...days.flatMap((time) => viewsBy(4, { site: 'steady.example', time })),
        ...days.flatMap((time) => viewsBy(3, { site: 'burst.example', time })),
        ...viewsBy(1_000, { site: 'burst.example', time: days[3] as string }),
        ...viewsBy(1_000, { site: 'once.example', time: days[3] as string }),
      ],
      '/v1/rankings?window=7d',
    )

    expect(ranking.map(({ site }) => site)).toEqual(['steady.example', 'burst.example'])
  })
})

test('a site has a rank from three networks on; loopback, where demos are looked at, suffices', async () => {
  const ranking = await rankingOf([
    ...viewsBy(3, { site: 'three.example' }),
    ...viewsBy(2, { site: 'two.example' }),
    viewBut({ site: 'demo.localhost', network: '127.0.0.0/24' }),
    ...crowd(9, { site: 'demo.localhost', network: '::/48' }),
  ])

  expect(ranking).toMatchObject([
    { site: 'demo.localhost', reach: 10 },
    { site: 'three.example', reach: 3 },
  ])
})

test('a rank is exact where the neighbours’ scores are farther away than chance, else one of the first ten', async () => {
  await using log = await openAccessLog()
  const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })
  const categorised = formulaOf(
    rankingSettings.parse({}),
    new Map([
      ['press', 'News'],
      ['shop', 'Shopping'],
    ]),
  )
  const of = (people: number, site: string, distribution: string) =>
    viewsBy(people, { site, distribution, time: '2026-07-24 12:00:00' })
  await log.insert([
    ...of(400, 'first.example', 'press'),
    ...of(101, 'second.example', 'shop'),
    ...of(100, 'third.example', 'press'),
  ])

  await closeDays(upkeep, categorised, { today: '2026-07-25', forgotten: '2026-01-01' })
  await rankDays(upkeep, categorised)
  const result = await log.query.query({
    query: `SELECT scope, rank, bucket, site FROM selvedge.ranks
            WHERE window_days = 28 AND scope != 'DE' ORDER BY scope, rank`,
    format: 'JSONCompactEachRow',
  })

  expect(await result.json()).toEqual([
    ['', 1, 0, 'first.example'],
    ['', 2, 10, 'second.example'],
    ['', 3, 10, 'third.example'],
    ['category:News', 1, 0, 'first.example'],
    ['category:News', 2, 0, 'third.example'],
    ['category:Shopping', 1, 0, 'second.example'],
  ])
})

/** As many visitors of one network. */
function crowd(visitors: number, difference: Partial<LogRow>): LogRow[] {
  return Array.from({ length: visitors }, (_, at) => viewBut({ visitor: 5_000 + at, ...difference }))
}

/** Three visitors open so many pages each, a minute apart unless it is said when. */
function manyPages(pages: number, person: number, difference: Partial<LogRow>): LogRow[] {
  return [0, 1_000, 2_000].flatMap((more) =>
    Array.from({ length: pages }, (_, at) =>
      viewBut({ visitor: person + more, time: minuteOf(at), path: `/${at}`, ...difference }),
    ),
  )
}

function minuteOf(at: number): string {
  const minute = at % 1_440
  const two = (number: number) => String(number).padStart(2, '0')
  return `2026-07-25 ${two(Math.floor(minute / 60))}:${two(minute % 60)}:00`
}
