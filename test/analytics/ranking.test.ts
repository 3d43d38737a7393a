import { describe, expect, test, vi } from 'vitest'
import { closeDays } from '../../analytics/daily/days.ts'
import { rankDays } from '../../analytics/daily/ranks.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { daysOf, spanEnding, WINDOW_NAMES, windowAt } from '../../analytics/queries/window.ts'
import { formulaOf, rankingSettings } from '../../analytics/ranking/formula.ts'
import { type AccessLog, type LogRow, openAccessLog } from './access-log.ts'
import { generatedLog } from './generated-log.ts'
import { rankedPlainly, viewsThatCount, visitsPlainly } from './ranked-plainly.ts'

vi.setConfig({ testTimeout: 120_000 })

const LAST_DAY = '2026-07-25'
const AFTERWARDS = { today: '2026-07-26', forgotten: '2026-01-01' }

/** Bounds so low that the generated traffic meets all of them. */
const settings = rankingSettings.parse({
  pagesPerVisitorMax: 3,
  viewsPerMinuteMax: 4,
  bareViewsMax: 14,
  networkFloor: 1,
  asnFloor: 2,
})
const formula = formulaOf(settings, new Map())

describe('1,000 generated sites', () => {
  test('are ranked as a second, plain computation ranks them, in every window and country', async () => {
    await using log = await openAccessLog()
    // Every tenth day of a quarter, and each of the last week.
    const { from } = spanEnding(Date.parse(LAST_DAY), 91)
    const days = daysOf({ from, to: LAST_DAY }).filter((_day, at) => at % 10 === 0 || at > 84)
    const rows = generatedLog(days, { sites: 1_000, rowsPerDay: 2_500 })
    await log.insert(rows)
    const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })

    const closed = await closeDays(upkeep, formula, AFTERWARDS)
    const ranked = await rankDays(upkeep, formula)

    expect([closed, ranked]).toEqual([days, days])
    const compared: Record<string, number> = {}
    for (const window of WINDOW_NAMES) {
      for (const country of ['', 'DE', 'FR', 'US', 'BR']) {
        const span = windowAt(window, { nowMs: Date.parse(LAST_DAY), includeToday: true })
        const plain = rankedPlainly(rows, settings, { ...span, country })
        expect(await ranksOf(log, span.to, window, country)).toEqual(plain.sort(byPlace))
        compared[`${window} ${country}`] = plain.length
      }
    }
    expect(Math.min(...Object.values(compared))).toBeGreaterThan(3)
    expect(compared['91d ']).toBeGreaterThan(500)
    await visitsAgree(log, rows)
  })
})

async function visitsAgree(log: AccessLog, rows: readonly LogRow[]): Promise<void> {
  const views = viewsThatCount(rows, settings)
  const sum = `SELECT sum(visits) AS visits, sum(bounces) AS bounces, sum(seconds) AS seconds
    FROM selvedge.site_day WHERE place = ''`
  const visits = [...Map.groupBy(views, ({ site }) => site).values()].map(visitsPlainly)
  const total = (name: 'visits' | 'bounces' | 'seconds') => visits.reduce((all, one) => all + one[name], 0)
  expect(await rowsOf(log, sum)).toEqual([
    { visits: total('visits'), bounces: total('bounces'), seconds: total('seconds') },
  ])
}

function byPlace(a: { rank: number; site: string }, b: { rank: number; site: string }): number {
  return a.rank - b.rank || (a.site < b.site ? -1 : 1)
}

async function ranksOf(log: AccessLog, day: string, window: string, scope: string) {
  return await rowsOf(
    log,
    `SELECT rank, site, score, reach, views, bucket FROM selvedge.ranks
     WHERE day = '${day}' AND window_days = ${Number.parseInt(window, 10)} AND scope = '${scope}'
     ORDER BY rank, site`,
  )
}

async function rowsOf(log: AccessLog, query: string) {
  const result = await log.query.query({
    query: `${query} SETTINGS output_format_json_quote_64bit_integers = 0`,
    format: 'JSONEachRow',
  })
  return await result.json<Record<string, unknown>>()
}
