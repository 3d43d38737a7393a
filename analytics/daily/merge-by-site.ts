import type { Upkeep } from './upkeep.ts'

/** Tables that are read a site at a time, and written a day at a time. */
const BY_SITE = ['site-traffic', 'site-detail-day', 'site-rank'] as const

/** Puts together what was written since: a question about one site looks into each part of a table. */
export async function mergeBySite(upkeep: Upkeep): Promise<void> {
  for (const table of BY_SITE) await upkeep.run(`merge-${table}`, {})
}
