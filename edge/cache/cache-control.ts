import { type Fields, joinedValue } from './fields.ts'

/**
 * The directives of `Cache-Control` that a shared cache acts on (RFC 9111 §5.2.2, RFC 5861,
 * RFC 8246 is for browsers). Lifetimes are in seconds; `undefined` means that it was not sent.
 */
export interface CacheControl {
  noStore: boolean
  /** Qualified forms (`no-cache="Set-Cookie"`) count as unqualified, which §5.2.2.4 allows. */
  noCache: boolean
  private: boolean
  public: boolean
  mustRevalidate: boolean
  proxyRevalidate: boolean
  mustUnderstand: boolean
  maxAge: number | undefined
  sMaxAge: number | undefined
  staleWhileRevalidate: number | undefined
  staleIfError: number | undefined
}

/** Largest number of seconds we count to; a greater one means this one (RFC 9111 §1.2.2). */
const DELTA_SECONDS_MAX = 2_147_483_648

/** A directive: its name, and its argument as a token or a quoted string. */
const DIRECTIVE = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?\s*(?=,|$)/g

/** Reads a response's `Cache-Control`. Unknown directives are ignored (§5.2.3). */
export function cacheControlOf(fields: Fields): CacheControl {
  const directives = directivesOf(joinedValue(fields, 'cache-control') ?? '')
  return {
    noStore: directives.has('no-store'),
    noCache: directives.has('no-cache'),
    private: directives.has('private'),
    public: directives.has('public'),
    mustRevalidate: directives.has('must-revalidate'),
    proxyRevalidate: directives.has('proxy-revalidate'),
    mustUnderstand: directives.has('must-understand'),
    maxAge: deltaSeconds(directives.get('max-age')),
    sMaxAge: deltaSeconds(directives.get('s-maxage')),
    staleWhileRevalidate: deltaSeconds(directives.get('stale-while-revalidate')),
    staleIfError: deltaSeconds(directives.get('stale-if-error')),
  }
}

/** Names in lower case; of a directive sent twice the first counts (§4.2.1). */
function directivesOf(value: string): Map<string, string> {
  const directives = new Map<string, string>()
  for (const [, name = '', quoted, token] of value.matchAll(DIRECTIVE)) {
    const lower = name.toLowerCase()
    if (!directives.has(lower)) directives.set(lower, quoted ?? token ?? '')
  }
  return directives
}

/** A lifetime that is no number is worth nothing: the response is stale at once (§4.2.1). */
function deltaSeconds(argument: string | undefined): number | undefined {
  if (argument === undefined) return undefined
  return /^\d+$/.test(argument) ? Math.min(Number(argument), DELTA_SECONDS_MAX) : 0
}
