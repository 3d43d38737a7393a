import { z } from 'zod'
import type { Ask } from '../queries/ask.ts'
import { periodsOf, type Reported } from './period.ts'

const count = z.number().min(0)
const milliseconds = z.number().min(0).nullable()

const COUNTS = [
  'requests',
  'requestsHttps',
  'bytesOut',
  'bytesOutHttps',
  'bytesIn',
  'downloaded',
  'uploaded',
  'cacheable',
  'hits',
  'refreshHits',
  'misses',
  'errors',
  'redirects',
  'cacheableBytes',
  'hitBytes',
  'missBytes',
  'status2xx',
  'status3xx',
  'status4xx',
  'status5xx',
  'statusOther',
  'status401',
  'status403',
  'status404',
  'status502',
  'status503',
  'status504',
  'gets',
  'incomplete',
] as const

type CountName = (typeof COUNTS)[number]

const periodRow = z.object({
  at: z.string().nullable(),
  originMs: z.tuple([milliseconds, milliseconds, milliseconds]),
  ...(Object.fromEntries(COUNTS.map((name) => [name, count])) as Record<CountName, typeof count>),
})

/** What a period brought; every word is defined in distribution-traffic.sql. */
export interface Traffic extends Record<CountName, number> {
  /** Time to the head of the origin's response, ms: median, p90 and p99; `null` when it wasn't asked. */
  originMs: readonly [number | null, number | null, number | null]
}

/** Traffic of one period. */
export interface PeriodTraffic extends Traffic {
  /** When it began, as `2026-07-25T12:00:00Z`. */
  at: string
}

const NOTHING: Traffic = {
  ...(Object.fromEntries(COUNTS.map((name) => [name, 0])) as Record<CountName, number>),
  originMs: [null, null, null],
}

/**
 * What a distribution answered within a span: in all, and in every period of it that has begun, in order.
 *
 * @param seconds length of a period: whole hours
 * @param nowMs Unix ms
 */
export async function distributionTraffic(
  ask: Ask,
  { distribution, from, to }: Reported,
  { seconds, nowMs }: { seconds: number; nowMs: number },
): Promise<{ total: Traffic; periods: PeriodTraffic[] }> {
  const rows = await ask('../reports/distribution-traffic', periodRow, { distribution, from, to, seconds })
  const byPeriod = new Map(rows.map(({ at, ...traffic }) => [at, traffic]))
  const periods = periodsOf({ from, to }, seconds, nowMs)
  return {
    total: byPeriod.get(null) ?? NOTHING,
    periods: periods.map((at) => ({ at, ...(byPeriod.get(at) ?? NOTHING) })),
  }
}

/** A part of a whole, 0 to 1; `null` of nothing. */
export function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 1e6) / 1e6
}
