import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { openClickHouse } from '../../analytics/clickhouse/connect.ts'
import { isAboutRows } from '../../analytics/clickhouse/failure.ts'
import { insertParts, isNative } from '../../analytics/clickhouse/insert.ts'
import {
  type Column,
  nativeBlock,
  noRows,
  putBytes,
  putNumber,
  putText,
  type Rows,
} from '../../analytics/clickhouse/native.ts'
import { ROW_COLUMNS } from '../../analytics/collect/row.ts'
import { directory, startAnalytics } from './analytics.ts'
import { linesOf, NOON_MS, recordBut } from './segment.ts'

/** Columns of each kind there is. */
const SIX = [
  ['a', 'String'],
  ['b', 'Nullable(UInt64)'],
  ['c', 'UInt16'],
  ['d', 'Bool'],
  ['e', "DateTime64(3, 'UTC')"],
  ['f', 'String'],
] as const

const statementOf = (name: string) =>
  readFile(new URL(`../../analytics/collect/${name}.sql`, import.meta.url), 'utf8')

test('an insert’s statement is taken apart whole', async () => {
  expect(insertParts(await statementOf('insert-rejected'))).toEqual({
    table: 'selvedge.rejected',
    columns: ['segment', 'line', 'reason'],
    format: 'TabSeparated',
    settings: {
      insert_deduplication_token: 'segment-token',
      async_insert: 0,
      distributed_foreground_insert: 1,
    },
  })
})

test('a row has the columns of its statement, in their order', async () => {
  const statement = await statementOf('insert-access-log')
  const columns = /\(([^)]+)\)\nSETTINGS/.exec(statement)?.[1]?.split(',') ?? []

  expect(columns.map((column) => column.trim())).toEqual(ROW_COLUMNS.map(([name]) => name))
  expect(isNative(statement)).toBe(true)
})

test('rows come in as they were put, of several parts in one block, in a folder of any name', async () => {
  await using data = await directory()
  const path = join(data.path, "it's \\ odd")
  await using clickhouse = await openClickHouse({ data: path })
  await clickhouse.ingest.command({
    query: `CREATE TABLE default.all (a String, b Nullable(UInt64), c UInt16, d Bool, e DateTime64(3, 'UTC'),
      f LowCardinality(String)) ENGINE = MergeTree ORDER BY c SETTINGS non_replicated_deduplication_window = 10`,
  })
  const parts = [noRows(SIX), noRows(SIX), noRows(SIX)]
  const put = (rows: Rows, text: string, number: number | undefined, c: number) => {
    const [a, b, , d, e, f] = rows.columns as [Column, Column, Column, Column, Column, Column]
    putText(a.values, text)
    putNumber(b.values, number ?? 0, 8)
    putNumber(b.nulls, number === undefined ? 1 : 0, 1)
    putNumber((rows.columns[2] as Column).values, c, 2)
    putNumber(d.values, c % 2, 1)
    putNumber(e.values, NOON_MS + c, 8)
    putBytes(f.values, Buffer.from('<word>'), 1, 5)
    rows.count += 1
  }
  const long = 'x'.repeat(40_000)
  put(parts[0] as Rows, '', Number.MAX_SAFE_INTEGER, 1)
  put(parts[0] as Rows, long, undefined, 65_535)
  put(parts[2] as Rows, 'y'.repeat(127), 4_294_967_296, 300)
  const insert = () =>
    clickhouse.insert(
      "INSERT INTO default.all (a, b, c, d, e, f) SETTINGS insert_deduplication_token = 't', async_insert = 0 FORMAT Native",
      nativeBlock(parts),
    )

  await insert()
  await insert()

  const result = await clickhouse.query.query({
    query:
      'SELECT a, toString(b) AS b, c, d, toUnixTimestamp64Milli(e) - {noon:Int64} AS e, f FROM default.all ORDER BY c',
    query_params: { noon: NOON_MS },
    format: 'JSONEachRow',
  })
  expect(await result.json()).toEqual([
    { a: '', b: '9007199254740991', c: 1, d: true, e: 1, f: 'word' },
    { a: 'y'.repeat(127), b: '4294967296', c: 300, d: false, e: 300, f: 'word' },
    { a: long, b: null, c: 65_535, d: true, e: 65_535, f: 'word' },
  ])
  expect(await readdir(join(path, 'incoming'))).toEqual([])
})

test('rows that a killed process left are gone at the next start, also where it had the same pid', async () => {
  await using data = await directory()
  const incoming = join(data.path, 'incoming')
  await mkdir(incoming)
  await writeFile(join(incoming, `${process.pid}-0198c0de.native`), 'half a block')

  await using _clickhouse = await openClickHouse({ data: data.path })

  expect(await readdir(incoming)).toEqual([])
})

test('a segment that came as TSV, before there was Native, adds nothing when it comes again', async () => {
  await using before = await directory()
  await using after = await directory()
  const columns = ROW_COLUMNS.map(([name]) => name).join(', ')
  const lines = linesOf(
    recordBut(),
    recordBut({ timeMs: NOON_MS - 86_400_000, site: 'b.example' }),
    recordBut(),
  )
  for (const { path } of [before, after]) {
    await using analytics = await startAnalytics({ data: path })
    // Both have their tables now; only in the first is the segment.
    if (path === before.path) await analytics.send(lines)
    else await analytics.send(linesOf(recordBut()), { token: 'cdg1/77-abc/9' })
  }
  const rows = await rowsOf(before.path, `SELECT ${columns} FROM selvedge.access_log FORMAT TabSeparated`)
  {
    await using clickhouse = await openClickHouse({ data: after.path })
    const statement = (await statementOf('insert-access-log'))
      .replace('FORMAT Native', 'FORMAT TabSeparated')
      .replace("'segment-token'", "'cdg1/77-abc/0'")
    await clickhouse.insert(statement, [Buffer.from(rows)])
  }
  const counts = `SELECT (SELECT count() FROM selvedge.access_log) AS log,
    (SELECT sum(requests) FROM selvedge.usage_hour) AS billed, (SELECT sum(requests) FROM selvedge.site_hour) AS hours
    FORMAT TabSeparated`
  const once = await rowsOf(after.path, counts)
  {
    await using analytics = await startAnalytics({ data: after.path })
    expect((await analytics.send(lines)).status).toBe(204)
  }

  expect(once).toBe('4\t4\t4\n')
  expect(await rowsOf(after.path, counts)).toBe(once)
})

async function rowsOf(data: string, query: string): Promise<string> {
  await using clickhouse = await openClickHouse({ data })
  const result = await clickhouse.query.exec({ query })
  return await text(result.stream)
}

test('a folder whose name ClickHouse would take for a pattern is refused at once', async () => {
  await using data = await directory()
  await expect(openClickHouse({ data: join(data.path, '{a,b}') })).rejects.toThrow('pattern')
})

test.each([
  'SELECT 1',
  'INSERT INTO a (b) FORMAT TabSeparated',
  "INSERT INTO a (b) SETTINGS c = 'it''s' FORMAT TabSeparated",
  'INSERT INTO a (b); DROP TABLE a (c) SETTINGS d = 1 FORMAT TabSeparated',
])('%j is no statement that rows are inserted by', (statement) => {
  expect(() => insertParts(statement)).toThrow('not a simple')
})

test('rows that can not be read are known by that, and the next insert has none of the settings', async () => {
  await using data = await directory()
  await using clickhouse = await openClickHouse({ data: data.path })
  await clickhouse.ingest.command({ query: 'CREATE DATABASE apart ENGINE = Atomic' })
  await clickhouse.ingest.command({
    query: `CREATE TABLE apart.n (n UInt8) ENGINE = MergeTree ORDER BY n
      SETTINGS non_replicated_deduplication_window = 10`,
  })
  const insert = (token: string, rows: string) =>
    clickhouse.insert(
      `INSERT INTO apart.n (n) SETTINGS insert_deduplication_token = '${token}', async_insert = 0 FORMAT TabSeparated`,
      [Buffer.from(rows)],
    )

  const failure = await insert('bad', '1\nx\n').catch((error: unknown) => error)
  await insert('good', '1\n')
  await insert('good', '1\n')
  await clickhouse.ingest.command({ query: 'INSERT INTO apart.n SETTINGS async_insert = 0 SELECT 2' })

  expect(isAboutRows(failure)).toBe(true)
  const result = await clickhouse.query.query({
    query: 'SELECT n FROM apart.n ORDER BY n',
    format: 'JSONEachRow',
  })
  expect(await result.json()).toEqual([{ n: 1 }, { n: 2 }])
})
