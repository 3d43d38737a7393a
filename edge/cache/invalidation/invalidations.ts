/** What an invalidation may name of a stored response. */
export interface Subject {
  /** Distribution that it belongs to. */
  readonly group: string
  /** Path and query that it was asked for by. */
  readonly target: string
  /** From `Cache-Tag` and `Surrogate-Key`, in lower case. */
  readonly tags: readonly string[]
  /**
   * Number of the newest invalidation that it is known to have outlived: at first the newest one when it
   * was asked for, so that whatever was invalidated while it arrived is not taken for fresh.
   */
  validAsOf: number
}

/** Whether a stored response has outlived all invalidations: `stale` after a soft one, `gone` after a hard one. */
export type Verdict = 'valid' | 'stale' | 'gone'

/**
 * What has been invalidated. Issuing one costs the same at any size of the cache: stored responses are
 * held against them when they are about to be used (as with Varnish's bans).
 */
export interface Invalidations {
  /** Number of the newest invalidation; they are counted up, by all workers of a machine alike. */
  readonly newest: number
  /** Runs on every hit: one comparison unless something was invalidated since; then `validAsOf` moves on. */
  verdictOn(stored: Subject): Verdict
}

/** Nothing is ever invalidated. */
export const NO_INVALIDATIONS: Invalidations = { newest: 0, verdictOn: () => 'valid' }
