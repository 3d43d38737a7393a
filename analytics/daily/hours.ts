import { z } from 'zod'
import type { Day } from '../queries/window.ts'
import type { Upkeep } from './upkeep.ts'

/**
 * Makes `selvedge.site_hour` of days that are over agree with the log again.
 *
 * The view that fills it takes part in each insert, but a collector that is killed between the two leaves
 * the hours short until the segment is sent again; and what came while the table was first filled, or a
 * segment of a day that was made anew that comes once more, counts twice. Only days that are over, so
 * that no segment of theirs is under way.
 *
 * @returns the days that were made anew
 */
export async function matchHours(
  upkeep: Upkeep,
  { today, forgotten }: { today: Day; forgotten: Day },
): Promise<Day[]> {
  const days = await upkeep.ask('hours-that-differ', z.object({ day: z.string() }), { today, forgotten })
  for (const { day } of days) {
    await upkeep.run('drop-hours', { day })
    await upkeep.run('fill-hours', { day, token: `fill-hours ${day}` })
  }
  return days.map(({ day }) => day)
}
