import type { CacheControl } from './cache-control.ts'
import { type Fields, firstValue, joinedValue } from './fields.ts'
import { hasExplicitLifetime, mayGuessLifetime } from './freshness.ts'
import type { CacheRules } from './rules.ts'

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

/** Final statuses whose meaning we know and whose responses stand for a whole resource (RFC 9111 §3). */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 403, 404, 405, 406, 410, 412, 414, 415, 451, 500, 501,
  502, 503, 504,
])

const STORE: StoreDecision = { store: true }

/**
 * Whether a shared cache may store the response to a request: RFC 9111 §3, clause by clause.
 *
 * We go beyond it once: a response with `Set-Cookie` is stored only when the origin called it
 * `public` or gave it an `s-maxage`, for it is nearly always meant for one viewer.
 */
export function mayStore(
  request: { method: string; fields: Fields },
  response: { status: number; fields: Fields },
  control: CacheControl,
  _rules: CacheRules,
): StoreDecision {
  const because = obstacle(request, response, control)
  return because === undefined ? STORE : { store: false, because }
}

function obstacle(
  request: { method: string; fields: Fields },
  response: { status: number; fields: Fields },
  control: CacheControl,
): NotStored | undefined {
  const shareable = control.public || control.sMaxAge !== undefined
  // "the request method is understood by the cache"
  if (request.method !== 'GET') return 'method'
  // "the response status code is final" and, with must-understand, "the cache understands the response status code"
  if (!UNDERSTOOD.has(response.status)) return 'status'
  // "the no-store cache directive is not present in the response", unless must-understand overrides it (§5.2.2.3)
  if (control.noStore && !control.mustUnderstand) return 'no-store'
  // "if the cache is shared: the private response directive is either not present or allows a shared cache"
  if (control.private) return 'private'
  // "if the cache is shared: the Authorization header field is not present in the request, or a directive allows it" (§3.5)
  const authorized = firstValue(request.fields, 'authorization') !== undefined
  if (authorized && !shareable && !control.mustRevalidate) return 'authorization'
  if (firstValue(response.fields, 'set-cookie') !== undefined && !shareable) return 'set-cookie'
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
