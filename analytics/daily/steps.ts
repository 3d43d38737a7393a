import { DAY_MS, dayOf } from '../queries/window.ts'
import type { Formula } from '../ranking/formula.ts'
import { closeDays } from './days.ts'
import { fillDetails } from './details.ts'
import { forgetSuperseded } from './forget.ts'
import { matchHours } from './hours.ts'
import { makeList } from './lists.ts'
import { mergeBySite } from './merge-by-site.ts'
import { rankDays } from './ranks.ts'
import type { Upkeep } from './upkeep.ts'

/** What the day's work needs to know. */
export interface DailySettings {
  retentionDays: number
  /** By which sites are ranked. */
  formula: Formula
}

/**
 * Everything that is worked out once a day, in its order. What is done already isn't done again, so it
 * may be run at any time, and by several programs at once.
 *
 * @param nowMs Unix ms
 * @returns the days, lists or computations that each step worked on
 */
export async function doDailySteps(
  upkeep: Upkeep,
  { retentionDays, formula }: DailySettings,
  nowMs: number,
): Promise<Record<string, string[]>> {
  const today = dayOf(nowMs)
  const forgotten = dayOf(nowMs - retentionDays * DAY_MS)
  const done = {
    hoursMadeAnew: await matchHours(upkeep, { today, forgotten }),
    detailed: await fillDetails(upkeep, { forgotten }),
    closed: await closeDays(upkeep, formula, { today, forgotten }),
    ranked: await rankDays(upkeep, formula),
    listed: await makeList(upkeep, dayOf(nowMs - DAY_MS)),
    forgotten: await forgetSuperseded(upkeep, nowMs),
  }
  if (Object.values(done).some((worked) => worked.length > 0)) await mergeBySite(upkeep)
  return done
}
