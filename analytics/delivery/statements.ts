import { z } from 'zod'
import type { ClickHouse } from '../clickhouse/connect.ts'
import { laidOut } from '../clickhouse/layout.ts'
import { sqlFile } from '../clickhouse/sql-file.ts'
import type { Parameters } from '../queries/ask.ts'

/** Runs the statements of this folder, each by the name of its file. */
export interface Statements {
  run(statement: string, parameters: Parameters): Promise<void>
  /** @param row what a row of the answer must look like */
  ask<Row>(question: string, row: z.ZodType<Row>, parameters: Parameters): Promise<Row[]>
  /** The answer as ClickHouse's TSV. */
  text(question: string, parameters: Parameters): Promise<string>
}

/** Time and memory of each are bounded in its SQL; they share the client of the day's upkeep. */
export function createStatements({ upkeep, layout }: Pick<ClickHouse, 'upkeep' | 'layout'>): Statements {
  const read = async (name: string) => laidOut(await sqlFile(import.meta.url, `${name}.sql`), layout)
  return {
    async run(statement, parameters) {
      await upkeep.command({ query: await read(statement), query_params: { ...parameters } })
    },
    async ask(question, row, parameters) {
      const query = await read(question)
      const result = await upkeep.query({ query, query_params: { ...parameters }, format: 'JSONEachRow' })
      return z.array(row).parse(await result.json())
    },
    async text(question, parameters) {
      const query = await read(question)
      const result = await upkeep.query({ query, query_params: { ...parameters }, format: 'TabSeparated' })
      return await result.text()
    },
  }
}
