import { randomUUIDv7 } from 'node:crypto'
import { z } from 'zod'
import type { Day } from '../queries/window.ts'
import type { Formula } from '../ranking/formula.ts'
import { closeDetails } from './details.ts'
import type { Upkeep } from './upkeep.ts'

const dueDay = z.object({ day: z.string(), records: z.number() })

/**
 * Works out the figures of every day that is over and has none, or has got late records since.
 *
 * They count from the last statement on, all at once. A program that is killed before it leaves rows that
 * nobody reads (forget.ts); two programs at once publish the same figures twice, and the later ones hold.
 *
 * @returns the days that were worked out
 */
export async function closeDays(
  upkeep: Upkeep,
  formula: Formula,
  { today, forgotten }: { today: Day; forgotten: Day },
): Promise<Day[]> {
  const due = await upkeep.ask('days-due', dueDay, { today, forgotten })
  for (const { day, records } of due) {
    const computation = randomUUIDv7()
    const parameters = { ...formula.parameters, computation, fresh: [day] }
    await upkeep.run('close-day', parameters)
    await upkeep.run('close-place-day', parameters)
    await upkeep.run('close-traffic', { computation, day })
    await closeDetails(upkeep, day, computation)
    await upkeep.run('publish-day', { day, computation, records, formula: formula.text })
  }
  return due.map(({ day }) => day)
}
