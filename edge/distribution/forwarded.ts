import { canonicalAcceptEncoding } from '../cache/encoding/accept-encoding.ts'
import { type Fields, filterFields, joinedValue } from '../cache/fields.ts'
import { endToEndFields } from '../cache/hop-by-hop.ts'
import { SURROGATE_CAPABILITY } from '../cache/targeted.ts'
import { cdnLoop } from './cdn-loop.ts'

/**
 * Fields that make some origins answer differently for one viewer, and so would poison the cache for
 * all: a viewer may not send them. What among them an origin needs, we set ourselves.
 */
const POISONERS: ReadonlySet<string> = new Set([
  'forwarded',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-forwarded-protocol',
  'x-forwarded-scheme',
  'x-forwarded-server',
  'x-forwarded-ssl',
  'x-host',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-host',
  'x-original-url',
  'x-real-ip',
  'x-rewrite-url',
  'x-url-scheme',
])

/** What the edge knows of the viewer behind a request. */
export interface ViewerPlace {
  /** Address of the connection's other end. */
  address: string
  /** ISO 3166-1 alpha-2, or empty when unknown. */
  country: string
}

/**
 * The request's fields as they go on: nothing about this connection, nothing that poisons, and what
 * we know ourselves. The cache selects variants by these fields, so `Vary: CloudFront-Viewer-Country`
 * works as it does there.
 */
export function forwardedFields(
  fields: Fields,
  viewer: ViewerPlace,
  request: { scheme: string; host: string; protocolVersion: string; node: string; cdnId: string },
): string[] {
  const kept = filterFields(endToEndFields(fields), (name) => !POISONERS.has(name) && !isOurs(name))
  const addresses = joinedValue(fields, 'x-forwarded-for')
  const via = joinedValue(fields, 'via')
  const hop = `${request.protocolVersion} ${request.node} (selvedge)`
  kept.push('X-Forwarded-For', addresses === undefined ? viewer.address : `${addresses}, ${viewer.address}`)
  kept.push('X-Forwarded-Host', request.host, 'X-Forwarded-Proto', request.scheme)
  kept.push('CloudFront-Forwarded-Proto', request.scheme)
  kept.push('Via', via === undefined ? hop : `${via}, ${hop}`, 'CDN-Loop', cdnLoop(fields, request.cdnId))
  kept.push('Surrogate-Capability', SURROGATE_CAPABILITY)
  const acceptEncoding = canonicalAcceptEncoding(joinedValue(fields, 'accept-encoding'))
  if (acceptEncoding !== undefined) kept.push('Accept-Encoding', acceptEncoding)
  if (viewer.country !== '') kept.push('CloudFront-Viewer-Country', viewer.country)
  return kept
}

/** Fields that only we may set, and those that are set anew above. */
function isOurs(name: string): boolean {
  return (
    name.startsWith('cloudfront-') ||
    name.startsWith('selvedge-') ||
    name === 'accept-encoding' ||
    name === 'x-forwarded-for' ||
    name === 'cdn-loop' ||
    name === 'surrogate-capability' ||
    name === 'via'
  )
}
