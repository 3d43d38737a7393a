import type { EncodingAsked } from './encoding/encoding.ts'
import type { Leaving } from './leaving.ts'
import type { Request, Upstream } from './message.ts'
import type { CacheRules } from './rules/rules.ts'

/** One request to the cache, and how to go on from there. */
export interface Asking extends EncodingAsked {
  request: Request
  /** Asked when the cache can't answer. */
  upstream: Upstream
  /** The key under which the response to a GET of a target is stored. */
  keyOf(target: string): string
  /** Aborted when the viewer leaves. */
  viewer: Leaving
  rules: CacheRules
  /** The distribution: invalidations are for one. */
  group: string
}
