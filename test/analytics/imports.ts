import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { type ClickHouse, openClickHouse } from '../../analytics/clickhouse/connect.ts'
import type { Insert } from '../../analytics/clickhouse/insert.ts'
import { migrate } from '../../analytics/clickhouse/migrate.ts'
import { keepSalts } from '../../analytics/collect/salts.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { type ImportOptions, type ImportSummary, importFiles } from '../../analytics/import/import-files.ts'
import { formulaOf, rankingSettings } from '../../analytics/ranking/formula.ts'
import { openGeo } from '../../edge/geo/place.ts'
import type { Row } from './analytics.ts'

/** Days that the store keeps its log. */
export const KEPT_DAYS = 100

const DAY_MS = 86_400_000

/** A store, and files to import into it. */
export interface ImportHouse extends AsyncDisposable {
  clickhouse: ClickHouse
  folder: string
  /** Writes a log file. @returns its path */
  file(name: string, content: string | Buffer): Promise<string>
  import(files: string[], difference?: Partial<ImportOptions>): Promise<ImportSummary>
  rows(sql: string): Promise<Row[]>
}

export async function importHouse(): Promise<ImportHouse> {
  const folder = await mkdtemp(join(tmpdir(), 'selvedge-import-'))
  const clickhouse = await openClickHouse({ data: join(folder, 'clickhouse') })
  await migrate(clickhouse.ingest, { retentionDays: KEPT_DAYS })
  const { layout } = clickhouse
  const salts = keepSalts(clickhouse.ingest, { now: Date.now, log: pino({ level: 'silent' }), layout })
  const geo = await openGeo()
  return {
    clickhouse,
    folder,
    async file(name, content) {
      const path = join(folder, name)
      await writeFile(path, content)
      return path
    },
    import: (files, difference) =>
      importFiles(files, {
        clickhouse,
        upkeep: createUpkeep(clickhouse),
        salts,
        geo,
        asnOf: () => 0,
        honourDoNotTrack: false,
        distributions: [],
        formula: formulaOf(rankingSettings.parse({ networksMin: 1 }), new Map()),
        given: { host: 'www.example.org' },
        retentionDays: KEPT_DAYS,
        progress: SILENT,
        signal: new AbortController().signal,
        nowMs: Date.now(),
        ...difference,
      }),
    async rows(query) {
      const result = await clickhouse.query.query({ query, format: 'JSONEachRow' })
      return await result.json<Row>()
    },
    async [Symbol.asyncDispose]() {
      salts[Symbol.dispose]()
      await clickhouse[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const nothing = () => undefined
const SILENT = { begin: nothing, skip: nothing, read: nothing, say: nothing, end: nothing }

/** A store that takes so many inserts, and then the machine loses power. */
export function failingAfter(inserts: number, { insert }: Pick<ClickHouse, 'insert'>): Insert {
  let left = inserts
  return async (statement, rows) => {
    if (left === 0) throw new Error('no power')
    left -= 1
    await insert(statement, rows)
  }
}

/** Noon of a day so many days ago, Unix ms. */
export function noon(daysAgo: number): number {
  return Math.floor(Date.now() / DAY_MS) * DAY_MS - daysAgo * DAY_MS + DAY_MS / 2
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A person in the United States reads a page; each test says what is different. */
export function combinedLine(
  difference: { timeMs?: number; address?: string; request?: string; zone?: string } = {},
): string {
  const { timeMs = noon(2), address = '8.8.8.8', request = 'GET /docs/a.html?x=1 HTTP/1.1' } = difference
  const iso = new Date(timeMs).toISOString()
  const month = MONTHS[Number(iso.slice(5, 7)) - 1]
  const time = `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} ${difference.zone ?? '+0000'}`
  return `${address} - - [${time}] "${request}" 200 1234 "https://a.example/" "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"\n`
}

/** So many lines, each by somebody else. */
export function combinedLines(count: number, timeMsOf: (at: number) => number = () => noon(2)): string {
  return Array.from({ length: count }, (_, at) =>
    combinedLine({
      timeMs: timeMsOf(at),
      address: `8.${at >> 8}.${at & 255}.8`,
      request: `GET /${at} HTTP/1.1`,
    }),
  ).join('')
}
