import { CODINGS, type Coding } from '../cache/encoding/accept-encoding.ts'
import { type Choice, type Taken, takenBy } from './parameters.ts'
import type { CachePolicy } from './policy/cache-policy.ts'
import type { OriginRequestPolicy } from './policy/origin-request-policy.ts'

/** What policies take of a request, worked out once for each behaviour. */
export interface Selection {
  /** What is in the cache key. */
  key: {
    /** Lower case, sorted. `host` is among them wherever it goes to the origin. */
    headers: readonly string[]
    cookies: Taken
    query: Taken
  }
  /** What goes to the origin: the same, and what the origin request policy adds. */
  forward: {
    /** Whether a header of the viewer's goes on. @param name in lower case */
    header(name: string): boolean
    /** `CloudFront-…` headers that we are to add, lower case. */
    cloudfront: readonly string[]
    cookies: Taken
    query: Taken
    /** Whether the origin is asked under the name that the viewer used. */
    host: boolean
  }
  /** Content codings that the origin may be asked for, best first; the key tells them apart. */
  codings: readonly Coding[]
}

/** Reads a cache policy and an origin request policy. @param poisons whether a header is never taken unnamed */
export function selectionOf(
  cachePolicy: CachePolicy,
  originRequestPolicy: OriginRequestPolicy | undefined,
  poisons: (name: string) => boolean,
): Selection {
  const keyed = cachePolicy.parametersInCacheKeyAndForwardedToOrigin
  const keyedHeaders =
    keyed.headersConfig.headerBehavior === 'whitelist' ? new Set(keyed.headersConfig.headers) : NONE
  const addedHeader = addedHeaders(originRequestPolicy?.headersConfig, poisons)
  const header = (name: string) => keyedHeaders.has(name) || addedHeader(name)
  const codings = codingsOf(keyed)
  const keyCookies: Choice = {
    behavior: keyed.cookiesConfig.cookieBehavior,
    names: keyed.cookiesConfig.cookies,
  }
  const keyQuery: Choice = {
    behavior: keyed.queryStringsConfig.queryStringBehavior,
    names: keyed.queryStringsConfig.queryStrings,
  }
  const more = originRequestPolicy
  const moreCookies: Choice = {
    behavior: more?.cookiesConfig.cookieBehavior ?? 'none',
    names: more?.cookiesConfig.cookies ?? [],
  }
  const moreQuery: Choice = {
    behavior: more?.queryStringsConfig.queryStringBehavior ?? 'none',
    names: more?.queryStringsConfig.queryStrings ?? [],
  }
  const listed = new Set([...keyedHeaders, ...(more?.headersConfig.headers ?? [])])
  const host = header('host')
  const inKey = new Set([
    ...keyedHeaders,
    ...(host ? ['host'] : []),
    ...(codings.length > 0 ? ['accept-encoding'] : []),
  ])
  return {
    key: { headers: [...inKey].sort(), cookies: takenBy([keyCookies]), query: takenBy([keyQuery]) },
    forward: {
      header,
      cloudfront: [...listed].filter((name) => name.startsWith('cloudfront-') && header(name)),
      cookies: takenBy([keyCookies, moreCookies]),
      query: takenBy([keyQuery, moreQuery]),
      host,
    },
    codings,
  }
}

const NONE: ReadonlySet<string> = new Set()

/** What an origin request policy adds to the headers of the cache policy. */
function addedHeaders(
  config: OriginRequestPolicy['headersConfig'] | undefined,
  poisons: (name: string) => boolean,
): (name: string) => boolean {
  const listed = new Set(config?.headers)
  switch (config?.headerBehavior) {
    case undefined:
    case 'none':
      return () => false
    case 'whitelist':
      return (name) => listed.has(name)
    case 'allViewer':
      return (name) => !poisons(name)
    case 'allViewerAndWhitelistCloudFront':
      return (name) => listed.has(name) || !poisons(name)
    case 'allExcept':
      return (name) => !listed.has(name) && !poisons(name)
  }
}

/** The content codings that a cache policy enables, best first. */
export function codingsOf(keyed: CachePolicy['parametersInCacheKeyAndForwardedToOrigin']): readonly Coding[] {
  const enabled: Record<Coding, boolean> = {
    br: keyed.enableAcceptEncodingBrotli,
    zstd: keyed.enableAcceptEncodingZstd,
    gzip: keyed.enableAcceptEncodingGzip,
  }
  return CODINGS.filter((coding) => enabled[coding])
}
