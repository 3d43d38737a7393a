import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openClickHouse } from '../../analytics/clickhouse/connect.ts'
import { isAboutRows } from '../../analytics/clickhouse/failure.ts'
import { insertParts } from '../../analytics/clickhouse/insert.ts'
import { directory } from './analytics.ts'

const statementOf = (name: string) =>
  readFile(new URL(`../../analytics/collect/${name}.sql`, import.meta.url), 'utf8')

test('an insert’s statement is taken apart whole', async () => {
  const { settings, columns, ...rest } = insertParts(await statementOf('insert-access-log'))

  expect(rest).toEqual({ table: 'selvedge.access_log', format: 'TabSeparated' })
  expect(columns).toHaveLength(36)
  expect([columns[0], columns.at(-1)]).toEqual(['time', 'is_page_view'])
  expect(settings).toEqual({
    insert_deduplication_token: 'segment-token',
    deduplicate_blocks_in_dependent_materialized_views: 1,
    async_insert: 0,
    distributed_foreground_insert: 1,
    max_insert_block_size: 2_000_000,
    min_insert_block_size_rows: 2_000_000,
    min_insert_block_size_bytes: 4_000_000_000,
    max_partitions_per_insert_block: 0,
  })
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
