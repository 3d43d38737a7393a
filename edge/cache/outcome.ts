/** How the cache came to its answer: what `X-Cache`, `Cache-Status`, the log and the metrics tell. */
export interface Outcome {
  /**
   * - `hit`: stored and fresh, or still arriving for somebody else (`collapsed`)
   * - `stale`: stored and stale, served by RFC 5861 or because nobody answered
   * - `revalidated`: stored, stale, and upstream said that it still holds
   * - `miss`: upstream's answer
   * - `failed`: no answer was had
   * - `own`: not the cache's answer but that of the program around it: a refusal, a redirect
   */
  kind: 'hit' | 'stale' | 'revalidated' | 'miss' | 'failed' | 'own'
  /** Why the request went forward (RFC 9211 §2.2). */
  forward?: 'bypass' | 'method' | 'request' | 'uri-miss' | 'vary-miss' | 'stale' | 'partial'
  /** Status that upstream gave (§2.4). */
  forwardStatus?: number
  /** Seconds of freshness left, negative when stale (§2.3). */
  ttlSeconds?: number
  /** Whether the response was stored (§2.5). */
  stored?: boolean
  /** Whether it shared somebody else's fetch (§2.6). */
  collapsed?: boolean
  /** A reason: why it wasn't stored, or how upstream failed (§2.8). */
  detail?: string
  /** Time to upstream's response head, µs; 0 when it wasn't asked. */
  upstreamUs: number
}

/** CloudFront's word for the outcome, as in `X-Cache` and `x-edge-result-type`. */
export type ResultType = 'Hit' | 'RefreshHit' | 'Miss' | 'Error' | 'Redirect'

/** The result type; as with CloudFront an error status is an `Error`, whoever kept it. */
export function resultTypeOf(outcome: Outcome, status: number): ResultType {
  if (status >= 400 || outcome.kind === 'failed') return 'Error'
  if (outcome.kind === 'own') return 'Redirect'
  if (outcome.kind === 'revalidated') return 'RefreshHit'
  return outcome.kind === 'miss' ? 'Miss' : 'Hit'
}

/** What a cache says of its part in `Cache-Status` (RFC 9211), e.g. `hit; ttl=30`. */
export function cacheStatusOf(outcome: Outcome): string {
  const parts: string[] = []
  if (outcome.forward !== undefined) parts.push(`fwd=${outcome.forward}`)
  else if (outcome.kind !== 'own') parts.push('hit')
  if (outcome.forwardStatus !== undefined) parts.push(`fwd-status=${outcome.forwardStatus}`)
  if (outcome.ttlSeconds !== undefined) parts.push(`ttl=${outcome.ttlSeconds}`)
  if (outcome.stored) parts.push('stored')
  if (outcome.collapsed) parts.push('collapsed')
  if (outcome.detail !== undefined) parts.push(`detail=${outcome.detail}`)
  return parts.join('; ')
}

/**
 * One cache's member of `Cache-Status`.
 *
 * @param cache name of the cache that speaks, e.g. `edge-1`
 * @param said by `cacheStatusOf`
 */
export function cacheStatusMember(cache: string, said: string): string {
  const name = `"${cache.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '_')}"`
  return said === '' ? name : `${name}; ${said}`
}
