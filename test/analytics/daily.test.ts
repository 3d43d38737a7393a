import { createHash, randomUUIDv7 } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { makeList } from '../../analytics/daily/lists.ts'
import { doDailySteps } from '../../analytics/daily/steps.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { csvOf, LIST_SITES_MAX, listEntry } from '../../analytics/ranking/list.ts'
import { stabilityOf } from '../../analytics/ranking/stability.ts'
import { type AccessLog, openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { FORMULA, infoApiOn, NOON } from './info-api.ts'

vi.setConfig({ testTimeout: 120_000 })

const SETTINGS = { retentionDays: 36_500, formula: FORMULA }
const DAY_MS = 86_400_000

const upkeepOf = ({ upkeep }: AccessLog) => createUpkeep({ upkeep, layout: {} })

describe('days that are over', () => {
  test('are worked out once; late records have their day, and what is made of it, worked out again', async () => {
    await using log = await openAccessLog()
    const upkeep = upkeepOf(log)
    await log.insert([
      ...viewsBy(3, { site: 'a.example', time: '2026-07-22 12:00:00' }),
      ...viewsBy(2, { site: 'b.example', time: '2026-07-23 12:00:00' }),
      ...viewsBy(1, { site: 'c.example', time: '2026-07-25 11:00:00' }),
    ])

    const first = await doDailySteps(upkeep, SETTINGS, NOON)
    const again = await doDailySteps(upkeep, SETTINGS, NOON)
    await log.insert(viewsBy(5, { site: 'late.example', time: '2026-07-23 13:00:00' }))
    const late = await doDailySteps(upkeep, SETTINGS, NOON)
    const dayAfter = await doDailySteps(upkeep, SETTINGS, Date.now() + 2 * DAY_MS)

    const days = ['2026-07-22', '2026-07-23']
    expect(first).toEqual({
      hoursMadeAnew: [],
      detailed: [],
      closed: days,
      ranked: days,
      listed: [],
      forgotten: [],
    })
    expect(again).toEqual({
      hoursMadeAnew: [],
      detailed: [],
      closed: [],
      ranked: [],
      listed: [],
      forgotten: [],
    })
    expect(late).toMatchObject({ closed: ['2026-07-23'], ranked: ['2026-07-23'], forgotten: [] })
    expect(dayAfter).toMatchObject({ closed: ['2026-07-25'], ranked: ['2026-07-25'] })
    expect(dayAfter.forgotten).toHaveLength(2)
    expect(await ranksOf(log, '2026-07-23')).toEqual([
      { rank: 1, site: 'late.example' },
      { rank: 2, site: 'b.example' },
    ])
  })

  test('give the same ranking from their figures as from the log', async () => {
    await using log = await openAccessLog()
    await using before = await infoApiOn(log)
    await using afterwards = await infoApiOn(log)
    await log.insert([
      ...viewsBy(7, { site: 'a.example', time: '2026-07-20 12:00:00' }),
      ...viewsBy(9, { site: 'b.example', time: '2026-07-24 12:00:00', country: 'FR' }),
      ...viewsBy(4, { site: 'c.example' }),
    ])

    const live = await before.ask('/v1/rankings?window=28d')
    await doDailySteps(upkeepOf(log), SETTINGS, NOON)
    const final = await afterwards.ask('/v1/rankings?window=28d')

    expect(final).toEqual(live)
    expect(live).toMatchObject({
      items: [{ site: 'b.example' }, { site: 'a.example' }, { site: 'c.example' }],
    })
  })

  test('whose work was cut off half way are as if it had not begun', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    const upkeep = upkeepOf(log)
    await log.insert(viewsBy(3, { time: '2026-07-24 12:00:00' }))
    const computation = randomUUIDv7()
    await upkeep.run('close-day', { ...FORMULA.parameters, computation, fresh: ['2026-07-24'] })

    const answer = await api.ask('/v1/rankings')
    const steps = await doDailySteps(upkeep, SETTINGS, Date.now() + 2 * DAY_MS)

    expect(answer).toMatchObject({ items: [{ rank: 1, site: 'a.example', reach: 3 }] })
    expect(steps).toMatchObject({ closed: ['2026-07-24'], forgotten: [computation] })
  })

  test('worked out by two programs at once count once', async () => {
    await using log = await openAccessLog()
    await log.insert(viewsBy(3, { time: '2026-07-24 12:00:00' }))
    const programs = [log.upkeep, log.ingest].map((upkeep) => createUpkeep({ upkeep, layout: {} }))

    await Promise.all(programs.map((upkeep) => doDailySteps(upkeep, SETTINGS, NOON)))
    await using api = await infoApiOn(log)

    expect(await api.ask('/v1/rankings')).toMatchObject({ items: [{ rank: 1, site: 'a.example', reach: 3 }] })
    expect(await rowsOf(log, 'SELECT count() AS lists FROM selvedge.lists')).toEqual([{ lists: 1 }])
  })
})

describe('a stable list', () => {
  test('adds up 1/rank of its days, and is made once', async () => {
    await using log = await openAccessLog()
    const upkeep = upkeepOf(log)
    await log.insert([
      ...viewsBy(9, { site: 'once.example', time: '2026-07-20 12:00:00' }), // 1, 0, 0, 0
      ...['2026-07-21', '2026-07-22', '2026-07-23', '2026-07-24'].flatMap((day) => [
        ...viewsBy(5, { site: 'most.example', time: `${day} 12:00:00` }), // 1 on four days
        ...viewsBy(3, { site: 'second.example', time: `${day} 12:00:00` }), // 1/2 on four days
        viewBut({ site: `${day}.example`, time: `${day} 12:00:00` }), // 1/3 on one
      ]),
    ])

    await doDailySteps(upkeep, SETTINGS, NOON)
    const again = await makeList(upkeep, '2026-07-24')
    const list = await listOf(log, '2026-07-24')

    expect(again).toEqual([])
    expect(list.id).toMatch(/^[2-9a-z]{10}$/)
    expect(await csvFrom(upkeep, list)).toBe(
      '1,most.example\n2,second.example\n3,once.example\n' +
        '4,2026-07-21.example\n4,2026-07-22.example\n4,2026-07-23.example\n4,2026-07-24.example\n',
    )
  })

  test('is made again byte for byte, also when its days have been worked out anew since', async () => {
    await using log = await openAccessLog()
    const upkeep = upkeepOf(log)
    await log.insert(viewsBy(3, { time: '2026-07-24 12:00:00' }))
    await doDailySteps(upkeep, SETTINGS, NOON)
    const list = await listOf(log, '2026-07-24')

    await log.insert(viewsBy(9, { site: 'late.example', time: '2026-07-24 13:00:00' }))
    const later = await doDailySteps(upkeep, SETTINGS, Date.now() + 2 * DAY_MS)

    expect(later).toMatchObject({ closed: ['2026-07-24'] })
    expect(await listOf(log, '2026-07-24')).toEqual(list)
    const csv = await csvFrom(upkeep, list)
    expect(csv).toBe('1,a.example\n')
    expect(createHash('sha256').update(csv).digest('hex')).toBe(list.sha256)
  })

  test('says how it differs from yesterday’s and last week’s', async () => {
    await using log = await openAccessLog()
    const upkeep = upkeepOf(log)
    await log.insert(viewsBy(3, { site: 'a.example', time: '2026-07-23 12:00:00' }))
    await doDailySteps(upkeep, SETTINGS, NOON - DAY_MS)
    await log.insert(viewsBy(3, { site: 'b.example', time: '2026-07-24 12:00:00' }))
    await doDailySteps(upkeep, SETTINGS, NOON)

    const { stability } = await listOf(log, '2026-07-24')

    const overlap = expect.closeTo((1 + 0.99 / 2) / (1 + 0.99), 3)
    expect(JSON.parse(String(stability))).toEqual({
      day: { changed: { top100: 0.5, top1000: 0.5 }, overlap },
      week: null,
    })
  })
})

test('stability is 1 for the same list, 0 for another, and first places weigh most', () => {
  const sites = Array.from({ length: 200 }, (_, at) => `site-${at}.example`)
  const swapped = (at: number) => sites.toSpliced(at, 2, sites[at + 1] ?? '', sites[at] ?? '')

  expect(stabilityOf(sites, sites)).toEqual({ changed: { top100: 0, top1000: 0 }, overlap: 1 })
  expect(stabilityOf(sites, ['other.example']).overlap).toBe(0)
  expect(stabilityOf([], [])).toEqual({ changed: { top100: 0, top1000: 0 }, overlap: 1 })
  expect(stabilityOf(sites, swapped(99))).toMatchObject({ changed: { top100: 0.01, top1000: 0 } })
  expect(stabilityOf(sites, swapped(0)).overlap).toBeLessThan(stabilityOf(sites, swapped(9)).overlap)
})

async function csvFrom(upkeep: ReturnType<typeof upkeepOf>, list: Record<string, unknown>): Promise<string> {
  const span = { from: '2026-06-25', to: list.day as string }
  const parameters = { ...span, inputs: list.inputs as string[], limit: LIST_SITES_MAX }
  return csvOf(await upkeep.ask('list-entries', listEntry, parameters))
}

async function listOf(log: AccessLog, day: string) {
  const [list] = await rowsOf(log, `SELECT * FROM selvedge.lists WHERE day = '${day}'`)
  if (list === undefined) throw new Error(`no list of ${day}`)
  return list
}

function ranksOf(log: AccessLog, day: string) {
  return rowsOf(
    log,
    `SELECT rank, site FROM selvedge.ranks
     WHERE day = '${day}' AND window_days = 1 AND scope = '' AND computation IN (
       SELECT argMax(computation, at) FROM selvedge.published_ranks GROUP BY day)
     ORDER BY rank, site`,
  )
}

async function rowsOf(log: AccessLog, query: string) {
  const result = await log.query.query({ query, format: 'JSONEachRow' })
  return await result.json<Record<string, unknown>>()
}
