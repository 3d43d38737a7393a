import { z } from 'zod'
import { DAY_MS } from '../queries/window.ts'
import type { Upkeep } from './upkeep.ts'

/** What computations have rows in; those of which others are made come last, so that none is left of a deletion cut off. */
const TABLES = [
  'place-views',
  'site-traffic',
  'site-rank',
  'site-day',
  'place-day',
  'traffic-day',
  'site-detail-day',
  'ranks',
] as const

/**
 * Deletes the rows of computations that were superseded, or whose program was killed: late records would
 * otherwise leave a copy of their day each time.
 *
 * @param nowMs Unix ms, by which ids of computations are a day old
 * @returns the computations whose rows are gone
 */
export async function forgetSuperseded(upkeep: Upkeep, nowMs: number): Promise<string[]> {
  const before = Math.floor((nowMs - DAY_MS) / 1_000)
  const rows = await upkeep.ask('superseded', z.object({ computation: z.string() }), { before })
  const computations = rows.map(({ computation }) => computation)
  if (computations.length === 0) return []
  for (const table of TABLES) await upkeep.run(`forget-${table}`, { computations })
  return computations
}
