import { DAY_MS, type Span } from '../queries/window.ts'

/** How finely a report tells its time, seconds: CloudFront's granularities. */
export const GRANULARITIES = { hour: 3_600, day: 86_400 } as const

export type Granularity = keyof typeof GRANULARITIES

/** Most days of one report. */
export const REPORT_DAYS_MAX = 92

/** Most days that are told by the hour, as with CloudFront. */
export const HOURLY_DAYS_MAX = 14

/** What a report is of. */
export interface Reported extends Span {
  distribution: string
}

/** How many days a span has, both ends included; nothing or less when it ends before it begins. */
export function daysIn({ from, to }: Span): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS + 1
}

/**
 * The beginning of each period of a span, oldest first, as `2026-07-25T12:00:00Z`; none that is still to come.
 *
 * @param nowMs Unix ms
 */
export function periodsOf({ from, to }: Span, seconds: number, nowMs: number): string[] {
  const endMs = Math.min(Date.parse(to) + DAY_MS, nowMs + 1)
  const periods: string[] = []
  for (let atMs = Date.parse(from); atMs < endMs; atMs += seconds * 1_000) {
    periods.push(`${new Date(atMs).toISOString().slice(0, 19)}Z`)
  }
  return periods
}
