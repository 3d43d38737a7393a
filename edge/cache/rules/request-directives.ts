import { type Fields, joinedValue } from '../fields.ts'
import { deltaSeconds, directivesOf } from './directives.ts'
import { type Deadlines, type Reuse, reuseOf } from './freshness.ts'

/** What a request's `Cache-Control` asks of us (RFC 9111 §5.2.1). Times are in seconds. */
export interface Wishes {
  noCache: boolean
  noStore: boolean
  onlyIfCached: boolean
  maxAge: number | undefined
  minFresh: number | undefined
  /** `Infinity` when any staleness will do. */
  maxStale: number
}

/** Reads a request's wishes; `undefined` when it has none. `Pragma: no-cache` is the oldest of them (§5.4). */
export function wishesOf(fields: Fields): Wishes | undefined {
  const value = joinedValue(fields, 'cache-control') ?? joinedValue(fields, 'pragma')
  if (value === undefined) return undefined
  const directives = directivesOf(value)
  const maxStale = directives.get('max-stale')
  return {
    noCache: directives.has('no-cache'),
    noStore: directives.has('no-store'),
    onlyIfCached: directives.has('only-if-cached'),
    maxAge: deltaSeconds(directives.get('max-age')),
    minFresh: deltaSeconds(directives.get('min-fresh')),
    maxStale: maxStale?.value === '' ? Infinity : (deltaSeconds(maxStale) ?? 0),
  }
}

/** What a stored response may be used for, if the request has its wishes. @param nowMs Unix ms */
export function reuseFor(stored: Deadlines, wishes: Wishes | undefined, nowMs: number): Reuse {
  if (wishes === undefined) return reuseOf(stored, nowMs)
  const { noCache, maxAge, minFresh, maxStale } = wishes
  if (noCache) return 'revalidate'
  const ageMs = nowMs - stored.bornAtMs
  // A viewer who reloads sends `max-age=0`, and means it within the first millisecond too.
  if (maxAge !== undefined && (maxAge === 0 || ageMs > maxAge * 1000)) return 'revalidate'
  if (minFresh !== undefined && stored.freshUntilMs - nowMs < minFresh * 1000) return 'revalidate'
  // Where stale use is forbidden this deadline is the end of freshness (§4.2.4).
  const staleUntilMs = Math.min(stored.freshUntilMs + maxStale * 1000, stored.staleIfDisconnectedUntilMs)
  return nowMs < staleUntilMs ? 'serve' : reuseOf(stored, nowMs)
}
