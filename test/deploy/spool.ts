import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Log segments that an edge still has, on a data directory: being written, or waiting for the collector. One that
 * was away makes edges pause longer and longer, so they may wait for some time after it is back.
 */
export function segmentsIn(data: string): string[] {
  return readdirSync(join(data, 'spool')).filter((file) => /\.(open|sealed)$/.test(file))
}
