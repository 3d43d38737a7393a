import type { Measured, Turn } from './measure.ts'

/** A median with the smallest and the largest of what it was taken from. */
export interface Spread {
  median: number
  min: number
  max: number
}

/** @param values at least one */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]]
  return {
    median: ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
  }
}

/** A figure beside another contender's of the same round, so that what changed from round to round goes out. */
export function ratioOf(one: Measured, base: Measured, figure: (turn: Turn) => number): Spread {
  return spreadOf(one.turns.map((turn, round) => figure(turn) / figure(base.turns[round] ?? turn)))
}

/** Median share of one core that a contender had. */
export function coreShare({ turns }: Measured): number {
  const shares = turns.map(({ cpuUsPerRequest, requestsPerSecond }) => cpuUsPerRequest * requestsPerSecond)
  return spreadOf(shares).median / 1_000_000
}

/** From this share of its core on, a contender's own speed was the limit. */
export const CORE_SHARE_FULL = 0.9

/**
 * How fast one is beside another. Where either left a part of its core unused, the load or other programs were
 * the limit, and what tells is how little CPU time each needed.
 */
export function speedBeside(one: Measured, base: Measured): Spread & { by: 'requests' | 'CPU time' } {
  const isFull = coreShare(one) >= CORE_SHARE_FULL && coreShare(base) >= CORE_SHARE_FULL
  // Without /proc there is no CPU time to go by.
  if (isFull || Number.isNaN(coreShare(one)))
    return { ...ratioOf(one, base, (turn) => turn.requestsPerSecond), by: 'requests' }
  return { ...ratioOf(base, one, (turn) => turn.cpuUsPerRequest), by: 'CPU time' }
}

/**
 * By how much the straight line through evenly spaced values (least squares) rises from the first to the last,
 * as a share of their mean.
 *
 * @param values at least two
 */
export function riseOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  let [covariance, variance] = [0, 0]
  for (const [at, value] of values.entries()) {
    covariance += (at - middle) * (value - mean)
    variance += (at - middle) ** 2
  }
  return ((covariance / variance) * (values.length - 1)) / mean
}
