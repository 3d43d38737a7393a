import { z } from 'zod'
import type { Day } from '../queries/window.ts'
import type { Upkeep } from './upkeep.ts'

/**
 * The statements by which a rollup by the hour is compared, and those by which a day of it is made anew. Usage is
 * made beside and takes the old day's place at once: it is money, and read at any time.
 */
const ROLLUPS = [
  { differ: 'hours-that-differ', makeAnew: ['drop-hours', 'fill-hours'] },
  {
    differ: 'distribution-hours-that-differ',
    makeAnew: ['drop-distribution-hours', 'fill-distribution-hours'],
  },
  {
    differ: 'usage-hours-that-differ',
    // What was made stays there: another program may be about to put it in its place, too.
    makeAnew: ['drop-usage-hours-anew', 'fill-usage-hours', 'replace-usage-hours'],
  },
] as const

/**
 * Makes `selvedge.site_hour`, `selvedge.distribution_hour` and `selvedge.usage_hour` of days that are over agree
 * with the log again.
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
  for (const { differ, makeAnew } of ROLLUPS) {
    const days = await upkeep.ask(differ, z.object({ day: z.string() }), { today, forgotten })
    for (const { day } of days) {
      await makeDayAnew(upkeep, makeAnew, day)
      madeAnew.add(day)
    }
  }
  return [...madeAnew].sort()
}

/** How often a day is begun again that another program is making anew, too. */
const TRIES = 5

async function makeDayAnew(upkeep: Upkeep, statements: readonly string[], day: Day): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      for (const statement of statements) await upkeep.run(statement, { day, token: `${statement} ${day}` })
      return
    } catch (error) {
      if (!isOvertaken(error) || tries === TRIES) throw error
    }
  }
}

/** Another program has just dropped what this one made beside: ClickHouse puts nothing in no place of something. */
function isOvertaken(error: unknown): boolean {
  return error instanceof Error && error.message.includes('has no parts in partition')
}
