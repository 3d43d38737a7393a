import { DAY_MS, dayOf, type Span } from '../queries/window.ts'

/** A month of UTC, as `2026-07`. */
export type Month = string

export const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/

/** The UTC month of an instant, Unix ms. */
export function monthOf(timeMs: number): Month {
  return dayOf(timeMs).slice(0, 7)
}

/** Its days, both ends included. */
export function daysOfMonth(month: Month): Span {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return { from: `${month}-01`, to: dayOf(Date.UTC(year, number, 1) - DAY_MS) }
}
