import type { Served } from '../answer-viewer.ts'
import { firstValue } from '../cache/fields.ts'
import { pathOf, queryOf } from '../distribution/target.ts'
import type { Transfer, ViewerRequest } from '../viewer.ts'
import type { AccessRecord } from './record.ts'

/**
 * The access-log record of one response.
 *
 * @param served `undefined` when the viewer left before there was an answer
 */
export function recordOf(
  node: string,
  viewer: ViewerRequest,
  served: Served | undefined,
  transfer: Transfer,
  timeMs: number,
): AccessRecord {
  const { request } = viewer
  const sent = served?.answer.fields ?? []
  const length = firstValue(sent, 'content-length')
  const range = /^bytes (\d+)-(\d+)\//.exec(firstValue(sent, 'content-range') ?? '')
  const asked = (name: string) => firstValue(request.fields, name) ?? ''
  return {
    timeMs,
    node,
    requestId: viewer.requestId,
    distribution: served?.distribution?.id ?? '',
    host: viewer.hostName,
    site: served?.distribution?.site ?? '',
    method: request.method,
    scheme: request.scheme,
    protocolVersion: viewer.protocolVersion,
    path: pathOf(request.target),
    query: queryOf(request.target),
    ...transfer,
    originTimeUs: served?.answer.outcome.upstreamUs ?? 0,
    resultType: served?.resultType ?? 'Error',
    detailedResultType: served?.detailedResultType ?? 'ClientCommError',
    cacheStatus: served?.cacheStatus ?? '',
    contentType: mediaType(firstValue(sent, 'content-type')),
    contentLength: length === undefined ? '' : Number(length),
    rangeStart: range === null ? '' : Number(range[1]),
    rangeEnd: range === null ? '' : Number(range[2]),
    clientIp: viewer.address,
    clientPort: viewer.port,
    xForwardedFor: asked('x-forwarded-for'),
    tlsProtocol: viewer.tlsProtocol,
    tlsCipher: viewer.tlsCipher,
    userAgent: asked('user-agent'),
    referer: asked('referer'),
    country: served?.place.country ?? '',
    asn: 0,
    secFetchDest: asked('sec-fetch-dest'),
    secPurpose: asked('sec-purpose') || asked('purpose'),
  }
}

function mediaType(contentType: string | undefined): string {
  return contentType?.split(';')[0]?.trim().toLowerCase() ?? ''
}
