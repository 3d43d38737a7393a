/** A day of UTC, as `2026-07-25`. */
export type Day = string

/**
 * The windows that sites are ranked over, in days: one day, or whole weeks, which weekends can't tilt. 28 days
 * stand for the month, 91 for the quarter.
 */
export const WINDOW_DAYS = { '1d': 1, '7d': 7, '28d': 28, '91d': 91 } as const

export type WindowName = keyof typeof WINDOW_DAYS

export const WINDOW_NAMES = Object.keys(WINDOW_DAYS) as [WindowName, ...WindowName[]]

/** A run of days, both ends included. */
export interface Span {
  from: Day
  to: Day
}

/** A span that sites are ranked over. */
export interface Window extends Span {
  window: WindowName
}

export const DAY_MS = 86_400_000

/** The UTC day of an instant, Unix ms. */
export function dayOf(timeMs: number): Day {
  return new Date(timeMs).toISOString().slice(0, 10)
}

/**
 * The days of a window: it ends with today so far, or with yesterday where a day that isn't over may
 * not count.
 *
 * @param nowMs Unix ms
 */
export function windowAt(window: WindowName, at: { nowMs: number; includeToday: boolean }): Window {
  const endMs = at.includeToday ? at.nowMs : at.nowMs - DAY_MS
  return { window, ...spanEnding(endMs, WINDOW_DAYS[window]) }
}

/** The `days` days that end with the one of `endMs` (Unix ms). */
export function spanEnding(endMs: number, days: number): Span {
  return { from: dayOf(endMs - (days - 1) * DAY_MS), to: dayOf(endMs) }
}

/** Every day of a span, in order. */
export function daysOf({ from, to }: Span): Day[] {
  const days: Day[] = []
  for (let atMs = Date.parse(from); atMs <= Date.parse(to); atMs += DAY_MS) days.push(dayOf(atMs))
  return days
}
