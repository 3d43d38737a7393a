import { type Fields, firstValue, joinedValue } from '../fields.ts'
import type { CacheControl } from './cache-control.ts'
import type { CacheRules, TtlBounds } from './rules.ts'

/**
 * How long responses are kept, and which, where a cache policy or `errorCachingMinTTL` has a say: CloudFront's
 * rules in place of RFC 9111 §3 and §4.2.1.
 */

/** Statuses under 400 that CloudFront keeps for the default time where the origin names none. */
const KEPT: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308])

/** How long a stale response may stand in for an origin that fails, unless it says so itself, seconds. */
const STAND_IN_SECONDS = 86_400

/** Whether rules other than the RFC's decide on a response. */
export function isUnderPolicy({ ttl, errorSeconds }: CacheRules, status: number): boolean {
  return ttl !== undefined || errorSeconds.has(status)
}

/** The time a response is kept, and how long it may be used when stale, seconds. */
export interface Lifetimes {
  freshSeconds: number
  staleWhileRevalidateSeconds: number
  staleIfErrorSeconds: number
}

/**
 * The lifetimes of a response that these rules keep.
 *
 * - An error: what the origin says, and at least its `errorCachingMinTTL`.
 * - `no-store`, `no-cache` or `private` in spite of which it is kept (`minTTL` over 0): `minTTL`.
 * - Else what the origin says (`s-maxage`, `max-age` or `Expires` less `Date`), between `minTTL` and `maxTTL`;
 *   `defaultTTL` where it says nothing, and never less than `minTTL`.
 *
 * Once stale it stands in for an origin that fails, unless `stale-if-error` or `must-revalidate` forbid it.
 *
 * @param explicitSeconds lifetime that the origin named, `undefined` for none
 */
export function lifetimesUnder(
  rules: CacheRules,
  status: number,
  control: CacheControl,
  explicitSeconds: number | undefined,
): Lifetimes {
  const { ttl, errorSeconds } = rules
  const leastError = errorSeconds.get(status)
  const forbids = control.mustRevalidate || control.proxyRevalidate
  return {
    freshSeconds:
      leastError === undefined || ttl === undefined
        ? Math.max(leastError ?? 0, lifetimeWithin(ttl, control, explicitSeconds))
        : Math.max(leastError, isForbidden(control) ? ttl.minSeconds : (explicitSeconds ?? 0)),
    staleWhileRevalidateSeconds: forbids ? 0 : (control.staleWhileRevalidate ?? 0),
    // An error never stands in for another: that would keep an outage alive.
    staleIfErrorSeconds: forbids || status >= 500 ? 0 : (control.staleIfError ?? STAND_IN_SECONDS),
  }
}

function lifetimeWithin(
  ttl: TtlBounds | undefined,
  control: CacheControl,
  explicitSeconds: number | undefined,
): number {
  if (ttl === undefined) return explicitSeconds ?? 0
  const { minSeconds, defaultSeconds, maxSeconds } = ttl
  if (isForbidden(control)) return minSeconds
  return Math.max(minSeconds, Math.min(explicitSeconds ?? defaultSeconds, maxSeconds))
}

/** Why a response is not kept under these rules, or `undefined`; the words are those of `NotStored`. */
export function obstacleUnder(
  rules: CacheRules,
  request: { method: string; fields: Fields },
  response: { status: number; fields: Fields },
  control: CacheControl,
  explicitSeconds: number | undefined,
):
  | 'method'
  | 'status'
  | 'no-store'
  | 'private'
  | 'authorization'
  | 'set-cookie'
  | 'vary-any'
  | 'no-lifetime'
  | undefined {
  const { status, fields } = response
  const leastSeconds = rules.ttl?.minSeconds ?? 0
  if (!rules.cachedMethods.includes(request.method)) return 'method'
  if (!isKept(rules, status, explicitSeconds)) return 'status'
  if (leastSeconds === 0 && (control.noStore || control.noCache)) return 'no-store'
  if (leastSeconds === 0 && control.private) return 'private'
  const shareable = control.public || control.sMaxAge !== undefined
  // Not CloudFront's but ours: what is for one viewer, and nothing in the key tells apart, is kept for none.
  const authorized = firstValue(request.fields, 'authorization') !== undefined && !rules.authorizationInKey
  if (authorized && !shareable && !control.mustRevalidate) return 'authorization'
  if (firstValue(fields, 'set-cookie') !== undefined && !shareable) return 'set-cookie'
  if (joinedValue(fields, 'vary')?.includes('*')) return 'vary-any'
  const { freshSeconds, staleWhileRevalidateSeconds } = lifetimesUnder(
    rules,
    status,
    control,
    explicitSeconds,
  )
  if (rules.ttl?.maxSeconds === 0) return 'no-lifetime'
  const hasUse = freshSeconds > 0 || staleWhileRevalidateSeconds > 0 || hasValidator(fields)
  return hasUse ? undefined : 'no-lifetime'
}

/** CloudFront keeps 416 never, the errors of its list always, others only where the origin names a lifetime. */
function isKept(
  { ttl, errorSeconds }: CacheRules,
  status: number,
  explicitSeconds: number | undefined,
): boolean {
  if (status === 416 || status === 206 || status === 304) return false
  if (ttl === undefined) return true
  if (status < 400) return KEPT.has(status)
  return errorSeconds.has(status) && !ONLY_WHEN_ASKED.has(status) ? true : (explicitSeconds ?? 0) > 0
}

/** Errors kept only where the origin names a lifetime, whatever `errorCachingMinTTL` says. */
const ONLY_WHEN_ASKED: ReadonlySet<number> = new Set([400, 403, 405, 412, 415])

function isForbidden(control: CacheControl): boolean {
  return control.noStore || control.noCache || control.private
}

function hasValidator(fields: Fields): boolean {
  return firstValue(fields, 'etag') !== undefined || firstValue(fields, 'last-modified') !== undefined
}
