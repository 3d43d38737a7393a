import { z } from 'zod'
import type { Day } from '../queries/window.ts'
import type { Upkeep } from './upkeep.ts'

/** The statements by which a rollup by the hour is compared and made anew. */
const ROLLUPS = [
  { differ: 'hours-that-differ', drop: 'drop-hours', fill: 'fill-hours' },
  {
    differ: 'distribution-hours-that-differ',
    drop: 'drop-distribution-hours',
    fill: 'fill-distribution-hours',
  },
] as const

/**
 * Makes `selvedge.site_hour` and `selvedge.distribution_hour` of days that are over agree with the log again.
 *
 * The views that fill them take part in each insert, but a collector that is killed between the two leaves
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
  const madeAnew = new Set<Day>()
  for (const { differ, drop, fill } of ROLLUPS) {
    const days = await upkeep.ask(differ, z.object({ day: z.string() }), { today, forgotten })
    for (const { day } of days) {
      await upkeep.run(drop, { day })
      await upkeep.run(fill, { day, token: `${fill} ${day}` })
      madeAnew.add(day)
    }
  }
  return [...madeAnew].sort()
}
