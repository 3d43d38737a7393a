import { type Fields, firstValue, joinedValue } from '../fields.ts'
import type { RequestHead, ResponseHead } from '../message.ts'
import { type CacheControl, cacheControlOf } from './cache-control.ts'
import { hasExplicitLifetime, mayGuessLifetime, namedLifetimeSeconds } from './freshness.ts'
import { sameOriginTarget } from './invalidation.ts'
import type { CacheRules } from './rules.ts'
import { isUnderPolicy, obstacleUnder } from './ttl-policy.ts'

/** Why a response was not stored. `Cache-Status` (as `detail`), the log and the metric use the same word. */
export type NotStored =
  | 'method'
  | 'status'
  | 'partial-request'
  | 'no-store'
  | 'private'
  | 'authorization'
  | 'set-cookie'
  | 'vary-any'
  | 'no-lifetime'
  | 'too-large'
  | 'incomplete'

/** Whether to store, and if not, why not. */
export type StoreDecision = { store: true } | { store: false; because: NotStored }

/**
 * Statuses that we understand (RFC 9110 §15), which matters to `must-understand` alone: without it a response
 * with any final status may be stored when the origin gave it a lifetime (RFC 9111 §3).
 */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 403, 404, 405, 406, 410, 412, 414, 415, 451, 500, 501,
  502, 503, 504,
])

/**
 * Statuses that are never stored here: 206 and 304 stand for no whole response (RFC 9111 §3), 416 was meant
 * for one request's range, and the rest "MUST NOT be stored by a cache" (RFC 6585 §3 to §6).
 */
const NEVER_STORED: ReadonlySet<number> = new Set([206, 304, 416, 428, 429, 431, 511])

const STORE: StoreDecision = { store: true }

/**
 * Whether a shared cache may store the response to a request: RFC 9111 §3, clause by clause. Fields that
 * the response withholds from caches (`private="…"`) are as good as not there.
 *
 * `Set-Cookie` "does not inhibit caching" (§7.3), and so it doesn't here when the origin gave the response a
 * lifetime. We go beyond the RFC once: with a `Set-Cookie` we never guess one, for what nobody called
 * cacheable is nearly always meant for one viewer.
 */
export function mayStore(
  request: { method: string; fields: Fields },
  response: { status: number; fields: Fields },
  control: CacheControl,
  rules: CacheRules,
): StoreDecision {
  // Every response has a Date by now, so the time of reception plays no part.
  const because = isUnderPolicy(rules, response.status)
    ? obstacleUnder(rules, request, response, control, namedLifetimeSeconds(rules, response, control, 0))
    : obstacle(request, response, control, rules)
  return because === undefined ? STORE : { store: false, because }
}

/**
 * Whether a POST's response may answer a later GET (RFC 9110 §9.3.3): it says how long it lives, and that it
 * shows what a GET of the same target would (`Content-Location`).
 */
export function isReusableForGet(request: RequestHead, response: ResponseHead): boolean {
  if (request.method !== 'POST' || !hasExplicitLifetime(response.fields, cacheControlOf(response.fields))) {
    return false
  }
  return sameOriginTarget(request, firstValue(response.fields, 'content-location')) === request.target
}

function obstacle(
  request: { method: string; fields: Fields },
  response: { status: number; fields: Fields },
  control: CacheControl,
  { cachedMethods }: CacheRules,
): NotStored | undefined {
  const shareable = control.public || control.sMaxAge !== undefined
  // "the request method is understood by the cache"
  if (!cachedMethods.includes(request.method)) return 'method'
  // "the response status code is final"
  if (response.status < 200 || NEVER_STORED.has(response.status)) return 'status'
  // "if … the must-understand cache directive is present: the cache understands the response status code"
  if (control.mustUnderstand && !UNDERSTOOD.has(response.status)) return 'status'
  // "the no-store cache directive is not present in the response", unless must-understand overrides it (§5.2.2.3)
  if (control.noStore && !control.mustUnderstand) return 'no-store'
  // "if the cache is shared: the private response directive is either not present or allows a shared cache"
  if (control.private) return 'private'
  // "if the cache is shared: the Authorization header field is not present in the request, or a directive allows it" (§3.5)
  const authorized = firstValue(request.fields, 'authorization') !== undefined
  if (authorized && !shareable && !control.mustRevalidate) return 'authorization'
  const explicit = hasExplicitLifetime(response.fields, control)
  const forOne =
    firstValue(response.fields, 'set-cookie') !== undefined && !control.withheld.includes('set-cookie')
  if (forOne && !explicit) return 'set-cookie'
  // A stored response with `Vary: *` never matches a request (§4.1).
  if (joinedValue(response.fields, 'vary')?.includes('*')) return 'vary-any'
  return lastsOrCanBeValidated(response, control) ? undefined : 'no-lifetime'
}

/** "the response contains at least one of …": a lifetime, or what lets us ask whether it still holds. */
function lastsOrCanBeValidated(response: { status: number; fields: Fields }, control: CacheControl): boolean {
  if (hasExplicitLifetime(response.fields, control)) return hasUse(response.fields, control)
  return mayGuessLifetime(response.status, control) && hasValidator(response.fields)
}

/** A response that is stale at once and can't be validated would only take room. */
function hasUse(fields: Fields, control: CacheControl): boolean {
  const lifetime = control.sMaxAge ?? control.maxAge
  const lives = control.noCache ? false : lifetime === undefined || lifetime > 0
  return (
    lives ||
    (control.staleWhileRevalidate ?? 0) > 0 ||
    (control.staleIfError ?? 0) > 0 ||
    hasValidator(fields)
  )
}

function hasValidator(fields: Fields): boolean {
  return firstValue(fields, 'etag') !== undefined || firstValue(fields, 'last-modified') !== undefined
}
