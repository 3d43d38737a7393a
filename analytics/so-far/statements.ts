import type { ClickHouseClient } from '@clickhouse/client'
import { type Layout, laidOut } from '../clickhouse/layout.ts'
import { sqlFile } from '../clickhouse/sql-file.ts'
import { type Parameters, QueryFailed } from '../queries/ask.ts'

/** A client that statements can be given to. */
export type Worker = Pick<ClickHouseClient, 'command'>

/** The statements of this folder, by the names of their files. */
export type StatementName = 'fill-figures' | 'fill-ranks' | 'forget-figures' | 'forget-ranks'

/** Runs a statement of this folder. @throws QueryFailed */
export type Run = (statement: StatementName, parameters: Parameters) => Promise<void>

export function runBy(worker: Worker, layout: Layout): Run {
  return async (statement, parameters) => {
    const query = laidOut(await sqlFile(import.meta.url, `${statement}.sql`), layout)
    try {
      await worker.command({ query, query_params: { ...parameters } })
    } catch (error) {
      throw QueryFailed.unanswered(`so-far/${statement}`, error)
    }
  }
}
