import { LRUCache } from 'lru-cache'
import type { NotStored } from '../rules/storing.ts'

/** How long a key is known to be uncacheable before one request tries again, ms. */
const REMEMBERED_MS = 30_000
const KEYS_MAX = 20_000

/** Reasons that lie in one request or one moment, not in the resource. */
const PASSING: ReadonlySet<string> = new Set<NotStored>(['authorization', 'incomplete', 'method'])

/**
 * Keys whose responses could not be stored lately. Requests for them don't queue behind one another, since
 * the first one's answer would be of no use to the rest. A response that may be stored is stored all the
 * same, and ends it: one viewer's page must not keep everybody else's from the cache (Varnish: hit-for-miss).
 */
export function createHitForMiss() {
  const keys = new LRUCache<string, true>({ max: KEYS_MAX, ttl: REMEMBERED_MS })
  return {
    has: (key: string): boolean => keys.has(key),
    forget: (key: string): void => void keys.delete(key),
    remember(key: string, because: string, status: number): void {
      if (status < 500 && !PASSING.has(because)) keys.set(key, true)
    },
  }
}
