import { canonicalAcceptEncoding } from '../cache/encoding/accept-encoding.ts'
import { type Fields, joinedValue } from '../cache/fields.ts'
import { endToEndFilter } from '../cache/rules/hop-by-hop.ts'
import { SURROGATE_CAPABILITY } from '../cache/rules/targeted.ts'
import { cdnLoop } from './cdn-loop.ts'
import type { ViewerDetails } from './viewer-details.ts'

/**
 * Fields that make some origins or frameworks answer differently for one viewer, and so would poison the
 * cache for all: a viewer may not send them. What among them an origin needs, we set ourselves. Under a
 * cache policy one of them goes on only where a policy lists it by name.
 *
 * - which host, port, scheme or path was asked for, in the words of one proxy or another
 * - which method was meant (`X-HTTP-Method-Override` and its kin)
 * - who asks (`X-Real-IP`, `True-Client-IP` …), by which origins let people in
 * - what this is to be rewritten to (`X-Original-URL`, `X-Rewrite-URL`: IIS, Symfony, Zend)
 * - internal requests of frameworks (`X-Middleware-*`: Next.js), `Proxy` (httpoxy)
 */
const POISONERS: ReadonlySet<string> = new Set([
  'cf-connecting-ip',
  'client-ip',
  'fastly-client-ip',
  'forwarded',
  'front-end-https',
  'proxy',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-host',
  'x-http-host-override',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-override-url',
  'x-proxyuser-ip',
  'x-real-ip',
  'x-remote-addr',
  'x-remote-ip',
  'x-scheme',
  'x-url-scheme',
])

/** The same by the beginnings of their names: `X-Forwarded-*`, `X-Original-*`, `X-Originating-*` … */
const POISONOUS_BEGINNINGS = ['x-forwarded', 'x-middleware-', 'x-original-', 'x-originating-', 'x-rewrite-']

/**
 * Whether a field is known to poison caches. `X_Forwarded_Host` is one as well: what follows CGI (PHP, WSGI,
 * Rack) has one name for both.
 *
 * @param name in lower case
 */
export function isPoisoner(name: string): boolean {
  if (name.includes('_')) return isPoisoner(withHyphens(name))
  // Most names begin otherwise, and this is asked of each on every request.
  if (!name.startsWith('x-')) return POISONERS.has(name)
  return POISONERS.has(name) || POISONOUS_BEGINNINGS.some((beginning) => name.startsWith(beginning))
}

/** What the edge knows of the viewer behind a request. */
export interface ViewerPlace {
  /** Address of the connection's other end. */
  address: string
  port: number
  /** ISO 3166-1 alpha-2, or empty when unknown. */
  country: string
  /** What a city database knows, looked up when it is asked for. */
  details?: (() => ViewerDetails) | undefined
}

/** What of a request is not among its fields. */
export interface Asked {
  method: string
  scheme: string
  host: string
  /** As `1.1`. */
  protocolVersion: string
  /** Name of this cache. */
  node: string
  /** Our name in `CDN-Loop`. */
  cdnId: string
}

/**
 * The request's fields as they go on where no cache policy is named: nothing about this connection,
 * nothing that poisons, and what we know ourselves. The cache selects variants by these fields, so
 * `Vary: CloudFront-Viewer-Country` works as it does there.
 */
export function forwardedFields(fields: Fields, viewer: ViewerPlace, request: Asked): string[] {
  const kept = viewersOwn(fields)
  const via = joinedValue(fields, 'via')
  const hop = hopOf(request)
  kept.push('X-Forwarded-For', viewer.address)
  kept.push('X-Forwarded-Host', request.host, 'X-Forwarded-Proto', request.scheme)
  kept.push('CloudFront-Forwarded-Proto', request.scheme)
  kept.push('Via', via === undefined ? hop : `${via}, ${hop}`, 'CDN-Loop', cdnLoop(fields, request.cdnId))
  kept.push('Surrogate-Capability', SURROGATE_CAPABILITY)
  const acceptEncoding = canonicalAcceptEncoding(joinedValue(fields, 'accept-encoding'))
  if (acceptEncoding !== undefined) kept.push('Accept-Encoding', acceptEncoding)
  if (viewer.country !== '') kept.push('CloudFront-Viewer-Country', viewer.country)
  return kept
}

/** What a viewer may say. */
const viewersOwn = endToEndFilter((name) => !isPoisoner(name) && !isOurs(name))

/** This hop in `Via` (RFC 9110 §7.6.3). */
export function hopOf({ protocolVersion, node }: Pick<Asked, 'protocolVersion' | 'node'>): string {
  return `${protocolVersion} ${node} (selvedge)`
}

/** Fields that only we may set, and those that are set anew above. */
export function isOurs(name: string): boolean {
  if (name.includes('_')) return isOurs(withHyphens(name))
  return (
    name.startsWith('cloudfront-') ||
    name.startsWith('selvedge-') ||
    name === 'accept-encoding' ||
    name === 'cdn-loop' ||
    name === 'surrogate-capability' ||
    name === 'via'
  )
}

function withHyphens(name: string): string {
  return name.replaceAll('_', '-')
}
