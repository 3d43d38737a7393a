import { createHash } from 'node:crypto'
import { strFromU8, unzipSync } from 'fflate'
import { describe, expect, test, vi } from 'vitest'
import { doDailySteps } from '../../analytics/daily/steps.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { formulaOf, rankingSettings } from '../../analytics/ranking/formula.ts'
import { type AccessLog, openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { infoApiOn, NOON } from './info-api.ts'

vi.setConfig({ testTimeout: 120_000 })

const formula = formulaOf(rankingSettings.parse({ networksMin: 1 }), new Map([['press', 'News']]))

const finish = ({ upkeep }: AccessLog) =>
  doDailySteps(createUpkeep({ upkeep, layout: {} }), { retentionDays: 36_500, formula }, NOON)

describe('rankings of days that are over', () => {
  test('tell rank, change, and parts of a million, for everybody, a country and a category', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([
      ...viewsBy(2, { site: 'a.example', time: '2026-07-23 12:00:00' }),
      viewBut({ site: 'b.example', time: '2026-07-23 12:00:00' }),
      viewBut({ site: 'a.example', time: '2026-07-24 12:00:00' }),
      ...viewsBy(4, { site: 'b.example', time: '2026-07-24 12:00:00', distribution: 'press' }),
      viewBut({ site: 'b.example', path: '/2', time: '2026-07-24 12:00:00', distribution: 'press' }),
      viewBut({ site: 'c.example', country: 'FR', visitor: 9, time: '2026-07-24 12:00:00' }),
    ])
    await finish(log)

    const [everybody, french, news, none] = await Promise.all(
      ['', '&country=FR', '&category=News', '&category=Sport'].map((among) =>
        api.ask(`/v1/rankings/2026-07-24?window=1d${among}`),
      ),
    )

    const first = { rank: 1, bucket: null, site: 'b.example', change: 1, reach: 4, pageViews: 5 }
    expect(everybody).toMatchObject({
      window: '1d',
      day: '2026-07-24',
      items: [
        { ...first, reachPerMillion: 800_000, pageViewsPerMillion: 714_285.71, pageViewsPerVisitor: 1.25 },
        { rank: 2, site: 'a.example', change: -1, reachPerMillion: 200_000, pageViewsPerMillion: 142_857.14 },
        { rank: 2, site: 'c.example', change: null },
      ],
    })
    expect(french).toMatchObject({ items: [{ rank: 1, site: 'c.example', reachPerMillion: 1_000_000 }] })
    expect(news).toMatchObject({ items: [{ rank: 1, site: 'b.example', change: null }] })
    expect(none).toMatchObject({ items: [] })
  })

  test('have a history, without the days on which the site had no rank', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([
      ...viewsBy(2, { site: 'b.example', time: '2026-07-20 12:00:00' }),
      viewBut({ time: '2026-07-20 12:00:00' }),
      ...viewsBy(3, { site: 'b.example', time: '2026-07-22 12:00:00' }),
      viewBut({ time: '2026-07-24 12:00:00' }),
    ])
    await finish(log)

    const history = await api.ask('/v1/sites/a.example/history?window=1d&days=30')

    expect(history).toEqual({
      site: 'a.example',
      window: '1d',
      items: [
        { date: '2026-07-20', rank: 2, bucket: 10, reach: 1, pageViews: 1 },
        { date: '2026-07-24', rank: 1, bucket: 10, reach: 1, pageViews: 1 },
      ],
    })
  })

  test.each([
    ['2026-07-24?country=DE&category=News', 'category'],
    ['yesterday', 'day'],
    ['2026-07-24?window=30d', 'window'],
  ])('refuse /v1/rankings/%s and name the field', async (path, field) => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)

    const response = await api.get(`/v1/rankings/${path}`)

    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'bad-parameter', field })
  })
})

describe('stable lists', () => {
  test('are found by their id, as JSON, as CSV and as ZIP, always the same bytes', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([
      ...viewsBy(2, { time: '2026-07-24 12:00:00' }),
      viewBut({ site: 'b.example', time: '2026-07-24 12:00:00' }),
    ])
    await finish(log)

    const { items } = (await api.ask('/v1/lists')) as {
      items: { id: string; links: { csv: string; zip: string } }[]
    }
    const [list] = items
    const same = await api.ask(`/v1/lists/${list?.id}`)
    const csv = await api.get(list?.links.csv ?? '')
    const zip = await api.get(list?.links.zip ?? '')

    expect(items).toEqual([same])
    const text = await csv.text()
    const sha256 = createHash('sha256').update(text).digest('hex')
    expect(text).toBe('1,a.example\n2,b.example\n')
    expect(same).toMatchObject({ day: '2026-07-24', sites: 2, sha256, stability: { day: null, week: null } })
    expect(same).toMatchObject({
      configuration: { days: 30, method: 'dowdall', inputs: [expect.any(String)] },
    })
    expect(csv.headers.get('content-type')).toBe('text/csv')
    expect(csv.headers.get('cache-control')).toContain('immutable')
    const unzipped = unzipSync(new Uint8Array(await zip.arrayBuffer()))
    expect(Object.entries(unzipped).map(([name, bytes]) => [name, strFromU8(bytes)])).toEqual([
      ['top.csv', text],
    ])
  })

  test('that nobody made are a 404', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)

    const response = await api.get('/v1/lists/2345678923/top.csv')

    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'unknown-list', field: 'id' })
  })
})
