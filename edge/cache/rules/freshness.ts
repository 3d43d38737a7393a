import { countOf, type Fields, firstValue, joinedValue } from '../fields.ts'
import type { CacheControl } from './cache-control.ts'
import { httpDateMs } from './conditional.ts'
import { DELTA_SECONDS_MAX } from './directives.ts'
import type { CacheRules } from './rules.ts'
import { isUnderPolicy, type Lifetimes, lifetimesUnder } from './ttl-policy.ts'

/** The times of one stored response, worked out once, when it was stored. Unix milliseconds. */
export interface Deadlines {
  /** When the response was made, as far as we know: reception less the age it already had (RFC 9111 §4.2.3). */
  bornAtMs: number
  freshUntilMs: number
  /** End of stale-while-revalidate (RFC 5861 §3); equals `freshUntilMs` where serving stale is forbidden. */
  staleUntilMs: number
  /** Until then it may stand in for a 5xx (RFC 5861 §4). */
  staleIfErrorUntilMs: number
  /** Until then it may stand in when nobody answers at all (RFC 9111 §4.2.4, "disconnected"). */
  staleIfDisconnectedUntilMs: number
}

/** When a response was asked for and when its head came, Unix ms. */
export interface Exchange {
  requestedAtMs: number
  receivedAtMs: number
}

/** What a stored response may be used for right now. */
export type Reuse = 'serve' | 'serve-then-revalidate' | 'revalidate'

/** A cache that guesses should guess low: a tenth of the age at which it came, and a day at most (§4.2.2). */
const HEURISTIC_SHARE = 0.1
const HEURISTIC_SECONDS_MAX = 86_400

/** How long a response may be stale when nobody can be asked, seconds. */
const DISCONNECTED_SECONDS_MAX = 86_400

/**
 * The times of a response.
 *
 * Lifetime: `s-maxage`, else `max-age`, else `Expires`, else a guess by `Last-Modified` where the
 * status may be cached without being asked to (§4.2.1, §4.2.2). `no-cache` is a lifetime of nothing.
 */
export function deadlinesOf(
  response: { status: number; fields: Fields },
  control: CacheControl,
  exchange: Exchange,
  rules: CacheRules,
): Deadlines {
  if (isUnderPolicy(rules, response.status)) {
    const named = namedLifetimeSeconds(rules, response, control, exchange.receivedAtMs)
    const receivedBornMs = exchange.receivedAtMs - receivedAgeMs(response.fields, exchange)
    return deadlinesFrom(receivedBornMs, lifetimesUnder(rules, response.status, control, named))
  }
  const bornAtMs = exchange.receivedAtMs - initialAgeMs(response.fields, exchange)
  const lifetimeMs = control.noCache ? 0 : lifetimeSeconds(response, control, exchange.receivedAtMs) * 1000
  const freshUntilMs = bornAtMs + lifetimeMs
  // §4.2.4: these forbid every stale use, s-maxage because it implies proxy-revalidate (§5.2.2.10).
  const forbidden =
    control.mustRevalidate || control.proxyRevalidate || control.noCache || control.sMaxAge !== undefined
  const until = (seconds: number) => freshUntilMs + seconds * 1000
  return {
    bornAtMs,
    freshUntilMs,
    staleUntilMs:
      control.mustRevalidate || control.noCache ? freshUntilMs : until(control.staleWhileRevalidate ?? 0),
    staleIfErrorUntilMs:
      control.mustRevalidate || control.noCache ? freshUntilMs : until(control.staleIfError ?? 0),
    staleIfDisconnectedUntilMs: forbidden
      ? until(control.mustRevalidate || control.noCache ? 0 : (control.staleIfError ?? 0))
      : until(Math.max(DISCONNECTED_SECONDS_MAX, control.staleIfError ?? 0)),
  }
}

/** The times of a response whose lifetimes a policy worked out. */
function deadlinesFrom(bornAtMs: number, lifetimes: Lifetimes): Deadlines {
  const freshUntilMs = bornAtMs + lifetimes.freshSeconds * 1000
  const standsInUntilMs = freshUntilMs + lifetimes.staleIfErrorSeconds * 1000
  return {
    bornAtMs,
    freshUntilMs,
    staleUntilMs: freshUntilMs + lifetimes.staleWhileRevalidateSeconds * 1000,
    staleIfErrorUntilMs: standsInUntilMs,
    staleIfDisconnectedUntilMs: standsInUntilMs,
  }
}

/** The lifetime for a policy to weigh, seconds: under TTL bounds nothing is guessed. */
export function namedLifetimeSeconds(
  { ttl }: CacheRules,
  response: { status: number; fields: Fields },
  control: CacheControl,
  receivedAtMs: number,
): number | undefined {
  if (ttl !== undefined && !hasExplicitLifetime(response.fields, control)) return undefined
  return lifetimeSeconds(response, control, receivedAtMs)
}

/**
 * What a stored response may be used for at `nowMs` (Unix ms).
 *
 * RFC 9111 §4.2: fresh while its lifetime *exceeds* its age, so at the very millisecond of
 * `freshUntilMs` it is stale. Runs on every hit: two comparisons, no allocation, never throws.
 */
export function reuseOf(stored: Deadlines, nowMs: number): Reuse {
  if (nowMs < stored.freshUntilMs) return 'serve'
  if (nowMs < stored.staleUntilMs) return 'serve-then-revalidate'
  return 'revalidate'
}

/**
 * Value of the `Age` field, in whole seconds (RFC 9111 §5.1). Never negative, because a wall clock
 * can be set back while a response is stored.
 */
export function ageSeconds(stored: Deadlines, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - stored.bornAtMs) / 1000))
}

/** Seconds of freshness left, negative when stale (RFC 9211 §2.3). */
export function ttlSeconds(stored: Deadlines, nowMs: number): number {
  return Math.round((stored.freshUntilMs - nowMs) / 1000)
}

/** Whether the origin said how long the response lives (RFC 9111 §3, the list's last item). */
export function hasExplicitLifetime(fields: Fields, control: CacheControl): boolean {
  return (
    control.sMaxAge !== undefined ||
    control.maxAge !== undefined ||
    (!control.targeted && firstValue(fields, 'expires') !== undefined)
  )
}

/** Statuses that may be cached without an explicit lifetime (RFC 9110 §15.1). */
const HEURISTICALLY_CACHEABLE: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501,
])

/** Whether a status may be cached without an explicit lifetime; `public` allows it for any (RFC 9111 §4.2.2). */
export function mayGuessLifetime(status: number, control: CacheControl): boolean {
  return HEURISTICALLY_CACHEABLE.has(status) || control.public
}

function lifetimeSeconds(
  response: { status: number; fields: Fields },
  control: CacheControl,
  receivedAtMs: number,
): number {
  const { status, fields } = response
  if (control.sMaxAge !== undefined) return control.sMaxAge
  if (control.maxAge !== undefined) return control.maxAge
  const dateMs = httpDateMs(firstValue(fields, 'date')) ?? receivedAtMs
  const expires = control.targeted ? undefined : firstValue(fields, 'expires')
  // A date that can't be read, `0` above all, has passed (§5.3).
  if (expires !== undefined) return Math.max(0, ((httpDateMs(expires) ?? 0) - dateMs) / 1000)
  const modifiedMs = httpDateMs(firstValue(fields, 'last-modified'))
  if (modifiedMs === undefined || !mayGuessLifetime(status, control)) return 0
  return Math.min(HEURISTIC_SECONDS_MAX, Math.max(0, ((dateMs - modifiedMs) / 1000) * HEURISTIC_SHARE))
}

/** `corrected_initial_age` of RFC 9111 §4.2.3, in ms: every hop that could have delayed it counts. */
function initialAgeMs(fields: Fields, exchange: Exchange): number {
  const dateMs = httpDateMs(firstValue(fields, 'date')) ?? exchange.receivedAtMs
  const apparentAgeMs = Math.max(0, exchange.receivedAtMs - dateMs)
  return Math.max(apparentAgeMs, receivedAgeMs(fields, exchange))
}

/**
 * `corrected_age_value`, ms: what caches before us say, and the time it took. Under TTL bounds it is all that
 * counts: an origin that sends an old `Date` would else have its responses kept for less than `minTTL`.
 */
function receivedAgeMs(fields: Fields, exchange: Exchange): number {
  return ageFieldSeconds(fields) * 1000 + exchange.receivedAtMs - exchange.requestedAtMs
}

/**
 * `Age` as received, in seconds: the first member of a list (RFC 9111 §5.1). What can't be relied on makes a
 * response older than any lifetime, where §5.1 would have us ignore the field: no number, two fields, or one
 * number twice, which is what two caches leave that didn't know of each other.
 */
function ageFieldSeconds(fields: Fields): number {
  const age = joinedValue(fields, 'age')
  if (age === undefined) return 0
  if (/^\d+$/.test(age)) return Math.min(Number(age), DELTA_SECONDS_MAX)
  const members = age.split(',').map((member) => member.trim())
  const isClear = countOf(fields, 'age') === 1 && new Set(members).size === members.length
  const first = members[0] as string
  return isClear && /^\d+$/.test(first) ? Math.min(Number(first), DELTA_SECONDS_MAX) : AGE_UNKNOWN_SECONDS
}

const AGE_UNKNOWN_SECONDS = DELTA_SECONDS_MAX
