import { expect, test, vi } from 'vitest'
import { migrate } from '../../analytics/clickhouse/migrate.ts'
import { doDailySteps } from '../../analytics/daily/steps.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { roundedAsInSql } from '../../analytics/queries/rounded.ts'
import { type AccessLog, openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { FORMULA, NOON } from './info-api.ts'

vi.setConfig({ testTimeout: 120_000 })

/** What is kept once more, and of what: each with the rows that it has to have. */
const KEPT_ONCE_MORE = {
  place_views:
    'SELECT computation, day, place, sum(s.views) AS views FROM selvedge.site_day AS s GROUP BY ALL ORDER BY ALL',
  site_traffic: 'SELECT * FROM selvedge.traffic_day ORDER BY ALL',
  site_rank: `SELECT computation, day, window_days, scope, site, days, rank, reach, views, bucket
    FROM selvedge.ranks WHERE scope NOT LIKE 'category:%' ORDER BY ALL`,
}

const TABLES = Object.keys(KEPT_ONCE_MORE) as (keyof typeof KEPT_ONCE_MORE)[]

test('what is kept by site is what it is made of, also when late records came', async () => {
  await using log = await openAccessLog()
  await daysClosed(log)

  expect(await kept(log)).toEqual(await toBeKept(log))
})

test('a store of before has it once, by two programs at once, one killed before it was remembered', async () => {
  await using log = await openAccessLog()
  await daysClosed(log)
  await forgetMigrations(log)
  for (const table of TABLES) {
    await log.upkeep.command({ query: `DROP VIEW selvedge.${table}_view` })
    await log.upkeep.command({ query: `DROP TABLE selvedge.${table} SYNC` })
  }

  const clients = [log.ingest, log.upkeep]
  const applied = await Promise.all(clients.map((client) => migrate(client, { retentionDays: 36_500 })))
  const first = await kept(log)
  await forgetMigrations(log)
  await migrate(log.ingest, { retentionDays: 36_500 })

  expect(applied.flat()).toContain('0065-fill-site-traffic.sql')
  expect(first).toEqual(await toBeKept(log))
  expect(await kept(log)).toEqual(first)
})

test('a night leaves one part of each month or quarter', async () => {
  await using log = await openAccessLog()
  await daysClosed(log)

  const parts = await rowsOf(
    log,
    `SELECT table, count() AS parts, uniqExact(partition) AS partitions FROM system.parts
     WHERE active AND database = 'selvedge' AND table IN ('site_traffic', 'site_rank', 'site_detail_day')
     GROUP BY table ORDER BY table`,
  )

  expect(parts).toEqual([
    { table: 'site_detail_day', parts: 1, partitions: 1 },
    { table: 'site_rank', parts: 1, partitions: 1 },
    { table: 'site_traffic', parts: 1, partitions: 1 },
  ])
})

test('numbers are rounded as ClickHouse does', async () => {
  await using log = await openAccessLog()
  const parts = Array.from({ length: 2_000 }, (_, at) => [(at * 37) % 641, 1 + ((at * 11) % 640)] as const)
  const values = parts.map(([part, of]) => `(${part}, ${of})`).join(', ')

  const rows = await rowsOf(
    log,
    `SELECT round(c1 / c2, 2) AS two, round(c1 / c2, 4) AS four FROM values(${values})`,
  )

  const ours = parts.map(([part, of]) => ({
    two: roundedAsInSql(part / of, 2),
    four: roundedAsInSql(part / of, 4),
  }))
  expect(ours).toEqual(rows)
})

/** Three days with figures and rankings, one of them worked out twice. */
async function daysClosed(log: AccessLog): Promise<void> {
  const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })
  const night = () => doDailySteps(upkeep, { retentionDays: 36_500, formula: FORMULA }, NOON)
  await log.insert([
    ...viewsBy(3, { time: '2026-07-22 12:00:00' }),
    ...viewsBy(2, { time: '2026-07-23 12:00:00', host: 'www.a.example', country: 'FR' }),
    ...viewsBy(4, { time: '2026-07-24 12:00:00', site: 'b.example' }),
    viewBut({ time: '2026-07-24 12:00:00', is_bot: true }),
  ])
  await night()
  await log.insert(viewsBy(5, { time: '2026-07-23 13:00:00', site: 'late.example' }))
  await night()
}

async function forgetMigrations(log: AccessLog): Promise<void> {
  await log.upkeep.command({
    query: `ALTER TABLE selvedge.migrations DELETE WHERE name >= '0060' SETTINGS mutations_sync = 1`,
  })
}

async function kept(log: AccessLog) {
  const sql = { ...KEPT_ONCE_MORE }
  for (const table of TABLES) sql[table] = `SELECT * FROM selvedge.${table} ORDER BY ALL`
  sql.place_views =
    'SELECT computation, day, place, sum(v.views) AS views FROM selvedge.place_views AS v GROUP BY ALL ORDER BY ALL'
  return await Promise.all(TABLES.map((table) => rowsOf(log, sql[table])))
}

async function toBeKept(log: AccessLog) {
  return await Promise.all(TABLES.map((table) => rowsOf(log, KEPT_ONCE_MORE[table])))
}

async function rowsOf(log: AccessLog, query: string) {
  const result = await log.query.query({ query, format: 'JSONEachRow' })
  return await result.json<Record<string, unknown>>()
}
