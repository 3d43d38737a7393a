import { dayOf } from '../queries/window.ts'
import { matchHours } from './hours.ts'
import type { Upkeep } from './upkeep.ts'

/** What the day's work needs to know. */
export interface DailySettings {
  retentionDays: number
}

const DAY_MS = 86_400_000

/**
 * Everything that is worked out once a day, in its order. What is done already isn't done again, so it
 * may be run at any time, and by several programs at once.
 *
 * @param nowMs Unix ms
 * @returns the days that each step worked on
 */
export async function doDailySteps(
  upkeep: Upkeep,
  { retentionDays }: DailySettings,
  nowMs: number,
): Promise<Record<string, string[]>> {
  const today = dayOf(nowMs)
  const forgotten = dayOf(nowMs - retentionDays * DAY_MS)
  return { hoursMadeAnew: await matchHours(upkeep, today, forgotten) }
}
