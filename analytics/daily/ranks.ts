import { randomUUIDv7 } from 'node:crypto'
import { z } from 'zod'
import { type Day, spanEnding, WINDOW_DAYS } from '../queries/window.ts'
import type { Formula } from '../ranking/formula.ts'
import type { Upkeep } from './upkeep.ts'

/** `inputs` is a 64-bit number, which is only given back. */
const dueRanks = z.object({ day: z.string(), inputs: z.string() })

/** No computation of days that aren't over. */
const NONE = '00000000-0000-0000-0000-000000000000'

/**
 * Ranks the sites for every window that ends with a day that is over, of every day whose figures are new,
 * or in one of whose windows a day has new figures. Published like the figures (days.ts).
 *
 * @returns the days that were ranked
 */
export async function rankDays(upkeep: Upkeep, formula: Formula): Promise<Day[]> {
  const due = await upkeep.ask('ranks-due', dueRanks, {})
  for (const { day, inputs } of due) {
    const computation = randomUUIDv7()
    const windows = Object.values(WINDOW_DAYS)
    const span = spanEnding(Date.parse(day), Math.max(...windows))
    const of = { computation, windows, ...span, fresh: [], soFar: NONE, place: '*', of: '*' }
    await upkeep.run('rank-windows', { ...formula.parameters, ...of })
    await upkeep.run('publish-ranks', { day, computation, inputs, formula: formula.text })
  }
  return due.map(({ day }) => day)
}
