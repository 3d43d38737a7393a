import { rowsIn } from './analytics.ts'
import { SQL } from './fuzzed-batches.ts'

/** What fuzzing left in a store. */
export interface FuzzedStore {
  stored: number
  rejected: number
  /** Sums of the hourly rollup, which must be the log's. */
  inRollup: number
  /** Lines that hold what could be run, word for word as an edge writes it. */
  hostile: number
  /** Names of all tables and views. */
  tables: string[]
}

const FOUND = `
  SELECT
    toUInt32((SELECT count() FROM selvedge.access_log)) AS stored,
    toUInt32((SELECT count() FROM selvedge.rejected)) AS rejected,
    toUInt32((SELECT sum(requests) FROM selvedge.site_hour)) AS inRollup,
    toUInt32((SELECT countIf(user_agent = '${(SQL[0] as string).replaceAll("'", "\\'")}') FROM selvedge.access_log))
      AS hostile,
    (SELECT arraySort(groupArray(name)) FROM system.tables WHERE database = 'selvedge') AS tables`

/** @param data directory that no other process has open */
export async function fuzzedStore(data: string): Promise<FuzzedStore> {
  const [found] = await rowsIn(data, FOUND)
  return found as unknown as FuzzedStore
}
