import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { expect, test, vi } from 'vitest'
import { openClickHouse } from '../../analytics/clickhouse/connect.ts'
import { migrate } from '../../analytics/clickhouse/migrate.ts'
import { deliverLogs } from '../../analytics/delivery/deliver.ts'
import { destinationsOf } from '../../analytics/delivery/schedule.ts'
import { loggingSchema } from '../../analytics/delivery/settings.ts'
import { createStatements } from '../../analytics/delivery/statements.ts'
import { directory, forkAnalytics, RETENTION_DAYS, settingsBut } from './analytics.ts'

vi.setConfig({ testTimeout: 240_000 })

/** Three files' worth, of an hour that is over and of which all has come in. */
const RECORDS = 120_000
const HOUR_MS = 3_600_000

const INSERT = `
  INSERT INTO selvedge.access_log (time, stored_at, request_id, distribution, host, site, method, path, status)
  SELECT
    toStartOfHour(now() - INTERVAL 3 HOUR) + number % 3600, now() - INTERVAL 1 HOUR, toString(number),
    'docs', 'www.example.com', 'example.com', 'GET', '/', 200
  FROM numbers({records:UInt32})
  SETTINGS async_insert = 0, max_partitions_per_insert_block = 0`

test('log files of a program that is killed while it writes them have every record once', async () => {
  await using data = await directory()
  const folder = join(data.path, 'logs')
  const logging = loggingSchema.parse({ folder, prefix: 'shop/' })
  await fill(join(data.path, 'clickhouse'), logging)
  const settings = await settingsBut({
    data: join(data.path, 'clickhouse'),
    distributions: [{ id: 'docs', aliases: ['*.example.com'], logging }],
  })

  const first = await forkAnalytics(settings)
  await until(async () => (await filesIn(join(folder, 'shop'))).length > 0)
  first.kill('SIGKILL')
  await once(first, 'exit')
  const before = await filesIn(join(folder, 'shop'))
  const second = await forkAnalytics(settings)
  await until(async () => (await idsIn(join(folder, 'shop'))).length >= RECORDS)
  second.kill('SIGTERM')
  await once(second, 'exit')

  expect(before.length).toBeLessThan(3)
  expect(await filesIn(join(folder, 'shop'))).toEqual(expect.arrayContaining(before))
  const ids = await idsIn(join(folder, 'shop'))
  expect([ids.length, new Set(ids).size]).toEqual([RECORDS, RECORDS])
})

/** Has logging begun four hours ago, and records come in since. */
async function fill(data: string, logging: ReturnType<typeof loggingSchema.parse>): Promise<void> {
  await using clickhouse = await openClickHouse({ data })
  await migrate(clickhouse.ingest, { retentionDays: RETENTION_DAYS })
  const destinations = await destinationsOf([{ id: 'docs', logging }])
  const begun = { destinations, settleSeconds: 0 }
  await deliverLogs(createStatements(clickhouse), begun, Date.now() - 4 * HOUR_MS)
  await clickhouse.ingest.command({ query: INSERT, query_params: { records: RECORDS } })
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => name.endsWith('.gz')).sort()
}

async function idsIn(folder: string): Promise<string[]> {
  const files = await filesIn(folder)
  const texts = await Promise.all(files.map(async (name) => gunzipSync(await readFile(join(folder, name)))))
  const lines = texts.flatMap((text) => text.toString().split('\n'))
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t')[14] ?? '')
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(5)
}
