import { CODINGS, type Coding } from '../encoding/accept-encoding.ts'

/** CloudFront's bounds on how long a response is kept, seconds (`MinTTL`, `DefaultTTL`, `MaxTTL`). */
export interface TtlBounds {
  minSeconds: number
  defaultSeconds: number
  maxSeconds: number
}

/**
 * What a cache behaviour asks of the cache, beyond and sometimes against RFC 9111. A plain value, worked
 * out once for each behaviour; edge and shield work it out alike.
 */
export interface CacheRules {
  /** `undefined`: as long as the origin says, by RFC 9111 alone. */
  ttl: TtlBounds | undefined
  /** How long an error status is kept at least, seconds (`ErrorCachingMinTTL`); a status that isn't here by RFC 9111 alone. */
  errorSeconds: ReadonlyMap<number, number>
  /** Whether a request's own `Cache-Control` counts (RFC 9111 §5.2.1). CloudFront ignores it: a viewer can't make us ask the origin. */
  requestDirectives: 'ignore' | 'obey'
  /** Methods whose responses are kept: GET and HEAD, and OPTIONS where the behaviour says so. */
  cachedMethods: readonly string[]
  /** Content codings that the edge may make for viewers; none when empty. A shield makes none whatever stands here. */
  encodings: readonly Coding[]
  /** Whether `Authorization` is part of the key, so that a response to one who has it is nobody else's. */
  authorizationInKey: boolean
  /** Response field that holds the tags (lower case); `Cache-Tag` and `Surrogate-Key` when `undefined`. */
  tagHeader: string | undefined
}

/** No policy named: RFC 9111 as the origin says. */
export const TRANSPARENT: CacheRules = {
  ttl: undefined,
  errorSeconds: new Map(),
  requestDirectives: 'ignore',
  cachedMethods: ['GET', 'HEAD'],
  encodings: CODINGS,
  authorizationInKey: false,
  tagHeader: undefined,
}
