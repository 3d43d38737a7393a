import type { Readable } from 'node:stream'
import { z } from 'zod'
import type { QueryClient } from '../clickhouse/query-pool.ts'
import { type Ask, QueryFailed, sqlReader } from './ask.ts'
import { type Among, parametersOf } from './published-rankings.ts'
import type { Day, WindowName } from './window.ts'

/** ClickHouse's name for each form of a file. The one thing in a statement that can't be bound. */
const FORMATS = { csv: 'CSVWithNames', parquet: 'Parquet' } as const

export type ExportFormat = keyof typeof FORMATS

export const EXPORT_FORMATS = Object.keys(FORMATS) as [ExportFormat, ...ExportFormat[]]

/** Most rows of a file. */
export const EXPORT_ROWS_MAX = 1_000_000

/** Files under way at a time: the embedded engine has each in memory, whole. */
const EXPORTS_MAX = 4

/** Longest that somebody may take to fetch one, ms. */
const EXPORT_MS_MAX = 600_000

/** A ranking of days that are over, to be had as a file. */
export interface RankingFile {
  window: WindowName
  day: Day
  among: Among
  format: ExportFormat
  limit: number
}

export interface Exports {
  /**
   * The bytes of the file, as ClickHouse makes them.
   *
   * @throws QueryFailed also when too many are being fetched
   */
  ranking(of: RankingFile): Promise<Readable>
  /** Changes whenever the ranking does. */
  versionOf(of: Pick<RankingFile, 'window' | 'day'>): Promise<string>
}

/** Puts rankings out as files through one client. */
export function createExports(client: QueryClient, ask: Ask): Exports {
  const readSql = sqlReader()
  let underWay = 0

  return {
    async ranking({ window, day, among, format, limit }) {
      if (underWay >= EXPORTS_MAX) throw QueryFailed.tooManyWaiting('export-rankings')
      underWay += 1
      try {
        const query = `${await readSql('export-rankings')}\nFORMAT ${FORMATS[format]}`
        const query_params = { ...parametersOf({ window, day }, among), limit, offset: 0 }
        const { stream } = await client.exec({ query, query_params })
        endIn(stream, EXPORT_MS_MAX)
        stream.once('close', () => {
          underWay -= 1
        })
        return stream
      } catch (error) {
        underWay -= 1
        throw QueryFailed.unanswered('export-rankings', error)
      }
    },
    async versionOf({ window, day }) {
      const { earlier } = parametersOf({ window, day }, {})
      const rows = await ask('ranks-computations', computation, { day, earlier })
      return rows.map((row) => `${row.day} ${row.computation}`).join(' ')
    },
  }
}

const computation = z.object({ day: z.string(), computation: z.string() })

/** Breaks a stream off that is not read to its end in time. */
function endIn(stream: Readable, ms: number): void {
  const deadline = setTimeout(() => stream.destroy(new Error('it was not fetched in time')), ms)
  stream.once('close', () => clearTimeout(deadline))
}
