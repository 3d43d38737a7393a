import type { Ports } from '../contenders/contender.ts'

/** What the load saw of a turn. */
export interface LoadReport {
  requests: number
  requestsPerSecond: number
  /** Latency that half, and 99 of 100, of the requests stayed within, ms; NaN where the tool doesn't tell. */
  p50Ms: number
  p99Ms: number
}

/** One contender's turn, as whoever makes its load is told of it. */
export interface Target {
  ports: Ports
  seconds: number
  /** Number of the first request: with the same number all are asked the same. */
  from: number
}

/** Puts load on a port. @throws when answers failed: their speed is none */
export type Load = (target: Target) => Promise<LoadReport>

/** A number in what a tool has printed. @throws when there is none */
export function figure(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`the load's report has nothing like ${pattern}:\n${text}`)
  return Number(found)
}
