import { z } from 'zod'
import type { Day } from '../queries/window.ts'
import type { Upkeep } from './upkeep.ts'

const closedDay = z.object({ day: z.string(), computation: z.string() })

/** What page views told of the sites on a day. Two programs that do it for one computation do it once. */
export async function closeDetails(upkeep: Upkeep, day: Day, computation: string): Promise<void> {
  const of = { computation, fresh: [day], site: '', kinds: [], token: `close-details ${computation}` }
  await upkeep.run('close-details', of)
}

/**
 * Details of days whose figures were published before there were any. It is done here and not by a migration, because
 * nobody should wait for it: until it is done, sites' pages tell less of these days.
 *
 * @returns the days that have their details now
 */
export async function fillDetails(upkeep: Upkeep, { forgotten }: { forgotten: Day }): Promise<Day[]> {
  const due = await upkeep.ask('days-without-details', closedDay, { forgotten })
  for (const { day, computation } of due) await closeDetails(upkeep, day, computation)
  return due.map(({ day }) => day)
}
