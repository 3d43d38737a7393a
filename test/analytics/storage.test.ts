import { randomUUID } from 'node:crypto'
import { glob, readdir, readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type ClickHouse, openClickHouse } from '../../analytics/clickhouse/connect.ts'
import { laidOut, statementsOf } from '../../analytics/clickhouse/layout.ts'
import { migrate } from '../../analytics/clickhouse/migrate.ts'
import { sqlFile } from '../../analytics/clickhouse/sql-file.ts'
import { matchHours } from '../../analytics/daily/hours.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { type LogRow, openAccessLog, viewBut } from './access-log.ts'
import { directory } from './analytics.ts'

const MIGRATIONS = 'analytics/migrations/'

/** Hours and log, each a day a line: they must agree. */
const AGREEMENT = `
  SELECT day, sum(records) AS records, sum(counted) AS counted FROM (
    SELECT toDate(time) AS day, count() AS records, 0 AS counted FROM selvedge.access_log GROUP BY day
    UNION ALL
    SELECT toDate(hour), 0, sum(requests) FROM selvedge.site_hour GROUP BY toDate(hour)
  ) GROUP BY day ORDER BY day`

/** All that a rollup says, in plain numbers. */
const HOURS = `
  SELECT site, hour, country, sum(requests) AS r, sum(page_views) AS v, sum(site_hour.bytes) AS b,
    uniqMerge(visitors) AS u, min(first_seen) AS f, max(last_seen) AS l
  FROM selvedge.site_hour AS site_hour GROUP BY ALL ORDER BY ALL`

describe('on a cluster', () => {
  const layout = { cluster: 'selvedge' }

  test('the migrations are those of the golden file', async () => {
    const rendered: string[] = []
    for (const name of (await readdir(MIGRATIONS)).sort()) {
      const statements = await statementsOf(await readFile(MIGRATIONS + name, 'utf8'), layout)
      rendered.push(...statements.map((sql) => `${sql.trim()}\n;\n`))
    }

    await expect(rendered.join('\n')).toMatchFileSnapshot('golden/cluster.sql')
  })

  test('ClickHouse understands every statement that there is, in both layouts', async () => {
    await using log = await openAccessLog()
    const files = await Array.fromAsync(glob('analytics/**/*.sql'))
    const understood: string[] = []

    for (const file of files.filter((name) => !name.endsWith('distributed-table.sql'))) {
      const sql = await sqlFile(`${pathToFileURL('.')}/`, file)
      const statements = [laidOut(sql, {}), ...(await statementsOf(sql, layout))]
      for (const statement of statements) {
        const bare = statement.replace(/\bFORMAT TabSeparated\s*$/, 'VALUES')
        const query_params = anyValues(bare)
        await log.query.query({ query: `EXPLAIN AST ${bare}`, query_params, format: 'TabSeparated' })
      }
      understood.push(file)
    }

    expect(understood.length).toBeGreaterThan(20)
  })

  test('a column that the parts of a table are given later is one of the whole table, too', async () => {
    const migrations = await Promise.all(
      (await readdir(MIGRATIONS)).map((name) => readFile(MIGRATIONS + name, 'utf8')),
    )
    const added = (ofTable: RegExp) =>
      migrations.flatMap((sql) => [...sql.matchAll(ofTable)].map(([, table, column]) => `${table}.${column}`))

    const ofParts = added(
      /ALTER TABLE selvedge\.(\w+){{local}}{{on_cluster}}\s+ADD COLUMN IF NOT EXISTS (\w+)/g,
    )
    const ofAll = added(/ALTER TABLE selvedge\.(\w+){{on_cluster}}\s+ADD COLUMN IF NOT EXISTS (\w+)/g)

    expect(ofParts).toEqual(['access_log.stored_at'])
    expect(ofAll).toEqual(ofParts)
  })

  test('a table that does not say by what it is sharded is refused', async () => {
    const migration = 'CREATE TABLE IF NOT EXISTS selvedge.x{{local}} (n UInt8) ENGINE = MergeTree ORDER BY n'

    await expect(statementsOf(migration, layout)).rejects.toThrow('does not say by what it is sharded')
  })
})

describe('hours', () => {
  test('are what the log says, site by site and country by country', async () => {
    await using log = await openAccessLog()
    await log.insert([
      viewBut({ time: '2026-07-24 23:59:59' }),
      viewBut({ time: '2026-07-25 00:00:00' }),
      viewBut({ time: '2026-07-25 00:10:00' }),
      viewBut({ time: '2026-07-25 00:20:00', country: 'FR', visitor: 2 }),
      viewBut({ time: '2026-07-25 00:30:00', is_bot: true, visitor: 3 }),
    ])

    const hours = await rowsOf(log.query, HOURS)

    expect(hours.map(({ hour, country, r, v, u }) => [hour, country, r, v, u])).toEqual([
      ['2026-07-24 23:00:00', 'DE', 1, 1, 1],
      ['2026-07-25 00:00:00', 'DE', 3, 2, 1],
      ['2026-07-25 00:00:00', 'FR', 1, 1, 1],
    ])
  })

  test('that lack something or have it twice are made anew when their day is over, others are left', async () => {
    await using log = await openAccessLog()
    const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })
    const rows = ['2026-07-23', '2026-07-24', '2026-07-25'].map((day) => viewBut({ time: `${day} 12:00:00` }))
    await log.insert(rows)
    const right = await rowsOf(log.query, HOURS)
    await log.upkeep.command({ query: `ALTER TABLE selvedge.site_hour DROP PARTITION '2026-07-23'` })
    await log.upkeep.command({
      query: `INSERT INTO selvedge.site_hour SETTINGS async_insert = 0 SELECT * FROM selvedge.site_hour`,
    })

    const first = await matchHours(upkeep, { today: '2026-07-25', forgotten: '2026-01-01' })
    const again = await matchHours(upkeep, { today: '2026-07-25', forgotten: '2026-01-01' })
    const tomorrow = await matchHours(upkeep, { today: '2026-07-26', forgotten: '2026-01-01' })

    expect([first, again, tomorrow]).toEqual([['2026-07-23', '2026-07-24'], [], ['2026-07-25']])
    expect(await rowsOf(log.query, HOURS)).toEqual(right)
  })

  test('of a day made anew by two programs at once are there once', async () => {
    await using log = await openAccessLog()
    await log.insert(
      Array.from({ length: 500 }, (_, visitor) => viewBut({ visitor, site: `s${visitor}.example` })),
    )
    await log.upkeep.command({ query: `ALTER TABLE selvedge.site_hour DROP PARTITION '2026-07-25'` })
    const upkeeps = [log.upkeep, log.ingest].map((upkeep) => createUpkeep({ upkeep, layout: {} }))

    await Promise.all(
      upkeeps.map((upkeep) => matchHours(upkeep, { today: '2026-07-26', forgotten: '2026-01-01' })),
    )

    expect(await rowsOf(log.query, AGREEMENT)).toEqual([{ day: '2026-07-25', records: 500, counted: 500 }])
  })
})

test.each([
  ['site_hour', ['migrations/0007-site-hour-view', 'migrations/0008-fill-site-hour', 'daily/fill-hours']],
  [
    'distribution_hour',
    [
      'migrations/0021-distribution-hour-view',
      'migrations/0022-fill-distribution-hour',
      'daily/fill-distribution-hours',
    ],
  ],
  [
    'usage_hour',
    ['migrations/0027-usage-hour-view', 'migrations/0028-fill-usage-hour', 'daily/fill-usage-hours'],
  ],
  ['place_views', ['migrations/0061-place-views-view', 'migrations/0062-fill-place-views']],
  ['site_traffic', ['migrations/0064-site-traffic-view', 'migrations/0065-fill-site-traffic']],
  ['site_rank', ['migrations/0067-site-rank-view', 'migrations/0068-fill-site-rank']],
  ['site_host', ['migrations/0036-site-host-view', 'migrations/0037-fill-site-host']],
])('%s is made in one way only, whichever statement makes it', async (_table, names) => {
  const texts = await Promise.all(names.map((name) => readFile(`analytics/${name}.sql`, 'utf8')))

  const [view, ...others] = texts.map(definitionIn)

  expect(view).toMatch(
    /^SELECT .+ FROM selvedge\.(access_log .*GROUP BY .+|site_day .+|traffic_day|ranks WHERE .+)/,
  )
  for (const other of others) expect(other).toBe(view)
})

/** What a rollup's statement takes of the log, without where it is read, of which day and in which order. */
function definitionIn(statement: string): string {
  const select = statement.slice(statement.search(/\bSELECT\n/))
  return select
    .replace('{{local}}', '')
    .replace('toDate(time) = {day:Date} AND ', '')
    .replace('WHERE toDate(time) = {day:Date}', '')
    .replace(/^WHERE computation GLOBAL NOT IN .+$/m, '')
    .replace(/^ {2}AND day > .+$/m, '')
    .replace(/^ORDER BY .+$/m, '')
    .replace(/\s+/g, ' ')
    .trim()
}

test('a store of before the hours keeps its rows, and has their hours; migrating again changes nothing', async () => {
  await using data = await directory()
  await using clickhouse = await openClickHouse({ data: data.path })
  await makeFirstSchema(clickhouse)
  const rows = Array.from({ length: 3_000 }, (_, at) =>
    viewBut({ time: `2026-07-${10 + (at % 15)} 12:00:00`, visitor: at % 70, site: `s${at % 40}.example` }),
  )
  await insertLog(clickhouse, rows)

  for (const _time of [1, 2]) await migrate(clickhouse.ingest, { retentionDays: 36_500 })
  // Killed before it was remembered.
  await clickhouse.ingest.command({
    query: `ALTER TABLE selvedge.migrations DELETE WHERE name >= '0006' SETTINGS mutations_sync = 1`,
  })
  const applied = await migrate(clickhouse.ingest, { retentionDays: 36_500 })

  expect(applied[0]).toBe('0006-site-hour.sql')
  const days = await rowsOf(clickhouse.query, AGREEMENT)
  expect(days).toHaveLength(15)
  expect(days.every(({ records, counted }) => records === 200 && counted === 200)).toBe(true)
})

/** A value for each parameter that a statement has. */
function anyValues(sql: string): Record<string, unknown> {
  const values: Record<string, unknown> = {
    Date: '2026-07-25',
    DateTime: 1_000_000_000,
    String: 'x',
    UUID: randomUUID(),
  }
  const parameters = [...sql.matchAll(/\{(\w+):(\w+)/g)]
  return Object.fromEntries(
    parameters.map(([, name = '', type = '']) => [name, type === 'Array' ? [] : (values[type] ?? 1)]),
  )
}

/** The tables as they were with the migrations 0001 to 0005. */
async function makeFirstSchema({ ingest }: ClickHouse): Promise<void> {
  const names = (await readdir(MIGRATIONS)).filter((name) => name < '0006').sort()
  for (const name of names) {
    await ingest.command({ query: laidOut(await readFile(MIGRATIONS + name, 'utf8'), {}) })
  }
  const done = names.map((name) => ({ name }))
  await ingest.insert({ table: 'selvedge.migrations', values: done, format: 'JSONEachRow' })
}

async function insertLog({ ingest }: ClickHouse, values: LogRow[]): Promise<void> {
  await ingest.insert({ table: 'selvedge.access_log', values, format: 'JSONEachRow' })
}

async function rowsOf({ query }: Pick<ClickHouse['query'], 'query'>, sql: string) {
  const result = await query({ query: sql, format: 'JSONEachRow' })
  return await result.json<Record<string, unknown>>()
}
