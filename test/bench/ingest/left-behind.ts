import { type ClickHouse, openClickHouse } from '../../../analytics/clickhouse/connect.ts'

/** What a run left in the embedded ClickHouse, and what the engine alone takes for the same rows. */
export interface LeftBehind {
  rows: number
  /** On disk, of the log and of what is derived, when all parts are merged. */
  bytes: number
  rollupBytes: number
  /** A yardstick of the machine: CPU time of `INSERT … SELECT` of the log into a bare copy of it, µs a row. */
  copyMicroseconds: number
}

const SIZES = `
  SELECT
    toUInt32(sumIf(rows, table = 'access_log')) AS rows,
    toUInt32(sumIf(bytes_on_disk, table = 'access_log')) AS bytes,
    toUInt32(sumIf(bytes_on_disk, table != 'access_log')) AS rollupBytes
  FROM system.parts
  WHERE active AND database = 'selvedge'`

/** @param data directory that no other process has open any more */
export async function leftBehind(data: string): Promise<LeftBehind> {
  await using clickhouse = await openClickHouse({ data })
  await clickhouse.ingest.command({ query: 'OPTIMIZE TABLE selvedge.access_log FINAL' })
  const result = await clickhouse.query.query({ query: SIZES, format: 'JSONEachRow' })
  const [only] = await result.json<Omit<LeftBehind, 'copyMicroseconds'>>()
  if (only === undefined) throw new Error('system.parts told nothing')
  return { ...only, copyMicroseconds: (await copy(clickhouse)) / only.rows }
}

async function copy({ ingest }: ClickHouse): Promise<number> {
  await ingest.command({ query: 'CREATE TABLE selvedge.copy AS selvedge.access_log' })
  const before = process.cpuUsage()
  await ingest.command({
    query:
      'INSERT INTO selvedge.copy SETTINGS async_insert = 0, max_threads = 1 SELECT * FROM selvedge.access_log',
  })
  const { user, system } = process.cpuUsage(before)
  return user + system
}
