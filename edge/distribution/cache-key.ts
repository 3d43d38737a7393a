import { joinedValue } from '../cache/fields.ts'
import type { RequestHead } from '../cache/message.ts'
import { takenCookies, takenQuery } from './parameters.ts'
import type { Selection } from './selection.ts'
import { pathOf, queryOf } from './target.ts'

/** What tells one cached response from another, before `Vary`, where no cache policy is named. */
export interface KeyParts {
  distribution: string
  /** Sites answer differently over TLS, be it by a redirect. */
  scheme: string
  /** Lower case, no port: one distribution may answer to several names with different content. */
  host: string
  /** Path and query, normalised. */
  target: string
}

/**
 * The cache key. Each part is preceded by its length, so no two sets of parts have the same key,
 * whatever characters a viewer puts into them.
 */
export function cacheKey({ distribution, scheme, host, target }: KeyParts): string {
  return `${distribution.length}:${distribution}${scheme.length}:${scheme}${host.length}:${host}${target}`
}

/**
 * The cache key of a request as it goes on, by target: with a cache policy only what that lists, else all
 * of the target. Edge and shield make the same one, for what is in the key always goes on.
 *
 * OPTIONS has keys of its own, as with CloudFront; GET and HEAD share theirs.
 *
 * @param request with the fields that go on
 */
export function keyOfForwarded(
  distribution: string,
  request: RequestHead,
  selection: Selection | undefined,
): (target: string) => string {
  const ofMethod = request.method === 'OPTIONS' ? `${distribution} OPTIONS` : distribution
  if (selection === undefined) {
    const { scheme, host } = request
    return (target) => cacheKey({ distribution: ofMethod, scheme, host, target })
  }
  const { headers, cookies, query } = selection.key
  const parts = [ofMethod, ...headers.map((name) => headerInKey(request, name))]
  if (cookies !== 'none') parts.push(takenCookies(joinedCookies(request), cookies))
  const prefix = parts.map((part) => `${part.length}:${part}`).join('')
  return (target) => {
    const taken = takenQuery(queryOf(target), query)
    return taken === '' ? `${prefix}${pathOf(target)}` : `${prefix}${pathOf(target)}?${taken}`
  }
}

/** A header's value in the key. An absent one is `\0`, which none can hold: an empty one is something else. */
function headerInKey(request: RequestHead, name: string): string {
  if (name === 'host') return request.host
  return joinedValue(request.fields, name)?.trim() ?? '\0'
}

/** All cookies as one field; some clients send several (RFC 9113 §8.2.3). */
export function joinedCookies({ fields }: Pick<RequestHead, 'fields'>): string {
  const values: string[] = []
  for (let at = 0; at < fields.length; at += 2) {
    if ((fields[at] as string).toLowerCase() === 'cookie') values.push(fields[at + 1] as string)
  }
  return values.join('; ')
}
