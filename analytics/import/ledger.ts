import { z } from 'zod'
import type { ClickHouse } from '../clickhouse/connect.ts'
import { laidOut } from '../clickhouse/layout.ts'
import { sqlFile } from '../clickhouse/sql-file.ts'
import type { Day } from '../queries/window.ts'

/** What is counted of a file. */
export interface FileCounts {
  lines: number
  records: number
  rejected: number
}

/** What the store knows of a file. */
export interface FileState {
  attempts: number
  isFinished: boolean
  finishedAt: string
}

/** What the store has of a file already. */
export interface There {
  /** Rows of a block on a day. */
  rowsOf(block: number, day: Day): number
  /** Whether the block's rejected lines are noted. */
  hasRejected(token: string): boolean
}

/** What the store remembers of imports, and what it has begun to forget. */
export interface Ledger {
  stateOf(file: string): Promise<FileState>
  note(file: string, name: string, state: 'begun' | 'finished', counts: FileCounts): Promise<void>
  whatIsThere(file: string): Promise<There>
  /** Days whose figures can't be worked out again, the log being gone. @param forgotten the last day it may be */
  finalDays(forgotten: Day): Promise<Set<Day>>
  /** Keeps old rows until `forgetAgain`, or the embedded engine's end: figures have to be made of them first. */
  stopForgetting(): Promise<void>
  forgetAgain(): Promise<void>
}

const state = z.object({ attempts: z.number(), isFinished: z.coerce.boolean(), finishedAt: z.string() })
const rowsThere = z.object({ block: z.number(), day: z.string(), rows: z.number() })

export function openLedger({ ingest, layout }: Pick<ClickHouse, 'ingest' | 'layout'>): Ledger {
  const read = async (name: string) => laidOut(await sqlFile(import.meta.url, `${name}.sql`), layout)
  async function run(name: string, query_params: Record<string, unknown> = {}): Promise<void> {
    await ingest.command({ query: await read(name), query_params })
  }
  async function ask<Row>(name: string, row: z.ZodType<Row>, query_params: object): Promise<Row[]> {
    const query = await read(name)
    const result = await ingest.query({ query, query_params: { ...query_params }, format: 'JSONEachRow' })
    return z.array(row).parse(await result.json())
  }

  return {
    async stateOf(file) {
      const [known] = await ask('state-of-file', state, { file })
      return known ?? { attempts: 0, isFinished: false, finishedAt: '' }
    },
    note: (file, name, now, counts) => run('note-file', { file, name, state: now, ...counts }),
    async whatIsThere(file) {
      const rows = await ask('rows-there', rowsThere, { prefix: `${file}-` })
      const counts = new Map(rows.map(({ block, day, rows: count }) => [`${block} ${day}`, count]))
      const segment = z.object({ segment: z.string() })
      const noted = await ask('rejected-there', segment, { prefix: `import/${file}/` })
      const tokens = new Set(noted.map((one) => one.segment))
      return {
        rowsOf: (block, day) => counts.get(`${block} ${day}`) ?? 0,
        hasRejected: (token) => tokens.has(token),
      }
    },
    async finalDays(forgotten) {
      const days = await ask('final-days', z.object({ day: z.string() }), { forgotten })
      return new Set(days.map(({ day }) => day))
    },
    async stopForgetting() {
      for (const table of ['access-log', 'site-hour']) await run(`stop-forgetting-${table}`)
    },
    async forgetAgain() {
      for (const table of ['access-log', 'site-hour']) await run(`start-forgetting-${table}`)
    },
  }
}
