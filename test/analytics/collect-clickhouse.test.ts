import { glob, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openClickHouse } from '../../analytics/clickhouse/connect.ts'
import { directory } from './analytics.ts'

test('a slow question holds up neither another one nor an insert', async () => {
  await using data = await directory()
  await using clickhouse = await openClickHouse({ data: data.path })
  const ended: string[] = []
  const ask = async (name: string, query: string) => {
    await (await clickhouse.query.query({ query, format: 'JSONEachRow' })).json()
    ended.push(name)
  }
  await clickhouse.ingest.command({ query: 'CREATE DATABASE apart ENGINE = Atomic' })

  const slow = ask('slow', 'SELECT sleep(1)')
  await ask('quick', 'SELECT 1')
  await clickhouse.ingest.command({ query: 'CREATE TABLE apart.n (n UInt8) ENGINE = MergeTree ORDER BY n' })
  await clickhouse.ingest.command({ query: 'INSERT INTO apart.n SETTINGS async_insert = 0 SELECT 1' })
  ended.push('insert')
  await slow

  expect(ended).toEqual(['quick', 'insert', 'slow'])
})

test('no client is given settings apart from the SQL: the embedded engine would keep them', async () => {
  const offenders: string[] = []
  for await (const file of glob('analytics/**/*.ts')) {
    if (/clickhouse_settings['"]?\s*[:=]/.test(await readFile(file, 'utf8'))) offenders.push(file)
  }

  expect(offenders).toEqual([])
})
