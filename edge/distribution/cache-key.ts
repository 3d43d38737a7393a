/** What tells one cached response from another, before `Vary`. */
export interface KeyParts {
  distribution: string
  /** Sites answer differently over TLS, be it by a redirect. */
  scheme: string
  /** Lower case, no port: one distribution may answer to several names with different content. */
  host: string
  /** Path and query, as the viewer sent them. */
  target: string
}

/**
 * The cache key. Each part is preceded by its length, so no two sets of parts have the same key,
 * whatever characters a viewer puts into them.
 */
export function cacheKey({ distribution, scheme, host, target }: KeyParts): string {
  return `${distribution.length}:${distribution}${scheme.length}:${scheme}${host.length}:${host}${target}`
}
