import { CODINGS } from '../cache/encoding/accept-encoding.ts'
import { type CacheRules, TRANSPARENT } from '../cache/rules/rules.ts'
import { mustBeNamed } from './forwarded-by-policy.ts'
import type { ResponseChange } from './response-change.ts'
import { preparedResponseHeaders } from './response-headers.ts'
import type { CacheBehavior, Distribution } from './schema.ts'
import { codingsOf, type Selection, selectionOf } from './selection.ts'

/** A cache behaviour with all that can be worked out of it before the first request. */
export interface PreparedBehavior extends CacheBehavior {
  rules: CacheRules
  /** What the policies take of a request; `undefined` where no cache policy is named. */
  selection: Selection | undefined
  /** What the response headers policy makes of an answer's fields; `undefined` without one. */
  changeResponse: ResponseChange | undefined
}

/** Works a behaviour out. */
export function preparedBehavior(distribution: Distribution, behavior: CacheBehavior): PreparedBehavior {
  const { cachePolicy, originRequestPolicy, responseHeadersPolicy } = behavior
  return {
    ...behavior,
    rules: rulesOf(behavior, distribution),
    selection: cachePolicy && selectionOf(cachePolicy, originRequestPolicy, mustBeNamed),
    changeResponse: responseHeadersPolicy && preparedResponseHeaders(responseHeadersPolicy),
  }
}

/** Errors that CloudFront keeps even where the origin names no lifetime. */
const ALWAYS_KEPT = [404, 414, 500, 501, 502, 503, 504]

/** How long these are kept where nothing else is said, seconds. */
const ERROR_SECONDS_DEFAULT = 10

/**
 * What a behaviour asks of the cache. Errors are kept for a while of our own choice only under a cache
 * policy, or where `errorCachingMinTTL` says so.
 */
export function rulesOf(
  behavior: CacheBehavior,
  { customErrorResponses, cacheTagHeader }: Pick<Distribution, 'customErrorResponses' | 'cacheTagHeader'>,
): CacheRules {
  const { cachePolicy, requestDirectives, cachedMethods, compress } = behavior
  const configured = customErrorResponses.flatMap(({ errorCode, errorCachingMinTTL }) =>
    errorCachingMinTTL === undefined ? [] : [[errorCode, errorCachingMinTTL] as const],
  )
  const asTold = { requestDirectives, cachedMethods, tagHeader: cacheTagHeader }
  if (cachePolicy === undefined) {
    const encodings = compress ? CODINGS : []
    return { ...TRANSPARENT, ...asTold, encodings, errorSeconds: new Map(configured) }
  }
  const { minTTL, defaultTTL, maxTTL, parametersInCacheKeyAndForwardedToOrigin: keyed } = cachePolicy
  const byDefault = ALWAYS_KEPT.map((status) => [status, ERROR_SECONDS_DEFAULT] as const)
  return {
    ...TRANSPARENT,
    ...asTold,
    ttl: { minSeconds: minTTL, defaultSeconds: defaultTTL, maxSeconds: maxTTL },
    errorSeconds: new Map([...byDefault, ...configured]),
    encodings: compress && maxTTL > 0 ? codingsOf(keyed) : [],
    authorizationInKey: keyed.headersConfig.headers.includes('authorization'),
  }
}
