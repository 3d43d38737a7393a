import { z } from 'zod'
import type { ClickHouse } from '../clickhouse/connect.ts'
import { laidOut } from '../clickhouse/layout.ts'
import { sqlFile } from '../clickhouse/sql-file.ts'
import type { Parameters } from '../queries/ask.ts'

/** Runs the statements of this folder, each by the name of its file. */
export interface Upkeep {
  run(statement: string, parameters: Parameters): Promise<void>
  /** @param row what a row of the answer must look like */
  ask<Row>(question: string, row: z.ZodType<Row>, parameters: Parameters): Promise<Row[]>
}

/** Time and memory of each statement are bounded in its SQL; a client of its own keeps it out of others' way. */
export function createUpkeep({ upkeep, layout }: Pick<ClickHouse, 'upkeep' | 'layout'>): Upkeep {
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
  }
}
