import type { PeriodTraffic } from './traffic.ts'

/** What adds up over periods. */
export interface Sums {
  requests: number
  bytesOut: number
  hits: number
  misses: number
  failed: number
}

/** Two times of the same length, one after the other. */
export interface Trend {
  now: Sums
  before: Sums
}

/**
 * Compares the last periods with as many before them. The one that isn't over is left out, and so is its like.
 *
 * @param periods of both times, oldest first; the last isn't over
 * @param beforeLength how many of them the time before has
 */
export function trendOf(periods: readonly PeriodTraffic[], beforeLength: number): Trend {
  const now = periods.slice(beforeLength, -1)
  return { now: sumsOf(now), before: sumsOf(periods.slice(0, now.length)) }
}

function sumsOf(periods: readonly PeriodTraffic[]): Sums {
  const sum = (of: (one: PeriodTraffic) => number) => periods.reduce((all, one) => all + of(one), 0)
  return {
    requests: sum(({ requests }) => requests),
    bytesOut: sum(({ bytesOut }) => bytesOut),
    hits: sum(({ hits }) => hits),
    misses: sum(({ misses }) => misses),
    failed: sum(({ status4xx, status5xx }) => status4xx + status5xx),
  }
}

/** How a figure has grown, as a part of what it was; `undefined` where there was nothing. */
export function changeOf({ now, before }: Trend, figure: (sums: Sums) => number): number | undefined {
  const was = figure(before)
  return was > 0 ? figure(now) / was - 1 : undefined
}
