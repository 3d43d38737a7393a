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
  port: number
  seconds: number
  /** Numbers the turns of one contender from 0 on; with the same number all are asked the same. */
  turn: number
}

/** Puts load on a port. @throws when answers failed: their speed is none */
export type Load = (target: Target) => Promise<LoadReport>
