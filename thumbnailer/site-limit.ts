import { LRUCache } from 'lru-cache'

/** Counts renders by site, so that none is asked for more than it should have to bear. */
export interface SiteLimit {
  /** Whether one more is allowed now; it is counted when it is. */
  take(host: string): boolean
  /** Seconds until one is allowed; 0 when it is now. */
  waitSeconds(host: string): number
}

/** Sites that are remembered; the one longest not rendered is forgotten first. */
const SITES_MAX = 10_000

interface Bucket {
  tokens: number
  atMs: number
}

/** A bucket of tokens by site, filled in a minute. @param nowMs Unix ms */
export function createSiteLimit(perMinute: number, nowMs: () => number): SiteLimit {
  const buckets = new LRUCache<string, Bucket>({ max: SITES_MAX })

  function bucketOf(host: string): Bucket {
    const now = nowMs()
    const known = buckets.get(host) ?? { tokens: perMinute, atMs: now }
    const filled = known.tokens + ((now - known.atMs) / 60_000) * perMinute
    const bucket = { tokens: Math.min(perMinute, filled), atMs: now }
    buckets.set(host, bucket)
    return bucket
  }

  return {
    take(host) {
      const bucket = bucketOf(host)
      if (bucket.tokens < 1) return false
      bucket.tokens -= 1
      return true
    },
    waitSeconds(host) {
      const { tokens } = bucketOf(host)
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 60) / perMinute)
    },
  }
}
