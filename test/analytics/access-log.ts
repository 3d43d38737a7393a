import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { type ClickHouse, openClickHouse } from '../../analytics/clickhouse/connect.ts'
import { migrate } from '../../analytics/clickhouse/migrate.ts'
import { networkOf } from '../../analytics/collect/network.ts'

/** A row of the access log, of the columns that figures are made of. */
export interface LogRow {
  /** As `2026-07-25 12:00:00`, UTC. */
  time: string
  distribution: string
  host: string
  site: string
  path: string
  query: string
  status: number
  bytes_sent: number
  referer: string
  user_agent: string
  country: string
  network: string
  asn: number
  visitor: number
  is_bot: boolean
  is_page_view: boolean
}

/** The access log in an embedded ClickHouse of this process's own, made by our migrations. */
export interface AccessLog
  extends AsyncDisposable,
    Pick<ClickHouse, 'query' | 'ingest' | 'background' | 'upkeep'> {
  insert(rows: readonly LogRow[]): Promise<void>
}

/** A person in Germany opens the first page of `a.example`, from a network of their own; each test says what is different. */
export function viewBut(difference: Partial<LogRow> = {}): LogRow {
  const site = difference.site ?? 'a.example'
  const visitor = difference.visitor ?? 1
  return {
    time: '2026-07-25 12:00:00',
    distribution: 'docs',
    host: site,
    site,
    path: '/',
    query: '',
    status: 200,
    bytes_sent: 1_000,
    referer: '',
    user_agent: '',
    country: 'DE',
    network: networkOf(`10.${visitor >> 8}.${visitor & 255}.7`),
    asn: 0,
    visitor,
    is_bot: false,
    is_page_view: true,
    ...difference,
  }
}

/** One view by each of so many people. */
export function viewsBy(visitors: number, difference: Partial<LogRow> = {}): LogRow[] {
  return Array.from({ length: visitors }, (_, index) => viewBut({ visitor: index + 1, ...difference }))
}

export async function openAccessLog(): Promise<AccessLog> {
  const data = await mkdtemp(join(tmpdir(), 'selvedge-access-log-'))
  const clickhouse = await openClickHouse({ data })
  await migrate(clickhouse.ingest, { retentionDays: 36_500 })
  return {
    query: clickhouse.query,
    ingest: clickhouse.ingest,
    background: clickhouse.background,
    upkeep: clickhouse.upkeep,
    async insert(rows) {
      const values = Array.from(rows)
      await clickhouse.ingest.insert({ table: 'selvedge.access_log', values, format: 'JSONEachRow' })
    },
    async [Symbol.asyncDispose]() {
      await clickhouse[Symbol.asyncDispose]()
      await rm(data, { recursive: true, force: true })
    },
  }
}

/** A client of a server that isn't there: port 9 is `discard`, where nobody listens. */
export function noClickHouse() {
  return { query: createClient({ url: 'http://127.0.0.1:9', log: { level: ClickHouseLogLevel.OFF } }) }
}
