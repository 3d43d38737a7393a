import type { Served } from '../answer-viewer.ts'
import { firstValue } from '../cache/fields.ts'
import { pathOf, queryOf } from '../distribution/target.ts'
import type { Place } from '../geo/place.ts'
import type { Transfer, ViewerRequest } from '../viewer.ts'
import type { AccessRecord } from './record.ts'

/** What a record tells of an answer: all of it, or whose it would have been when the viewer left before there was one. */
export type Said = Pick<Served, 'distribution' | 'place'> & Partial<Served>

/** The access-log record of one response. */
export function recordOf(
  node: string,
  viewer: ViewerRequest,
  served: Said,
  transfer: Transfer,
  timeMs: number,
): AccessRecord {
  const { request } = viewer
  const sent = served.answer?.fields ?? []
  const length = firstValue(sent, 'content-length')
  const range = /^bytes (\d+)-(\d+)\//.exec(firstValue(sent, 'content-range') ?? '')
  const asked = (name: string) => firstValue(request.fields, name) ?? ''
  return {
    timeMs,
    node,
    requestId: viewer.requestId,
    distribution: served.distribution?.id ?? '',
    host: viewer.hostName,
    site: served.distribution?.site ?? '',
    method: request.method,
    scheme: request.scheme,
    protocolVersion: viewer.protocolVersion,
    path: pathOf(request.target),
    query: queryOf(request.target),
    ...transfer,
    originTimeUs: served.answer?.outcome.upstreamUs ?? 0,
    resultType: served.resultType ?? 'Error',
    detailedResultType: served.detailedResultType ?? 'ClientCommError',
    cacheStatus: served.cacheStatus ?? '',
    contentType: mediaType(firstValue(sent, 'content-type')),
    contentLength: length === undefined ? '' : Number(length),
    rangeStart: range === null ? '' : Number(range[1]),
    rangeEnd: range === null ? '' : Number(range[2]),
    ...connectionOf(viewer, served.place),
    xForwardedFor: asked('x-forwarded-for'),
    userAgent: asked('user-agent'),
    referer: asked('referer'),
    secFetchDest: asked('sec-fetch-dest'),
    secPurpose: asked('sec-purpose') || asked('purpose'),
    doNotTrack: asked('dnt') === '1' || asked('sec-gpc') === '1' ? '1' : '',
  }
}

/** What a record says of the viewer's connection. */
export type ConnectionPart = Pick<
  AccessRecord,
  'clientIp' | 'clientPort' | 'tlsProtocol' | 'tlsCipher' | 'country' | 'asn'
>

/** That part of every record. @param place `undefined` where nobody asked where the viewer is */
export function connectionOf(
  {
    address,
    port,
    tlsProtocol,
    tlsCipher,
  }: Pick<ViewerRequest, 'address' | 'port' | 'tlsProtocol' | 'tlsCipher'>,
  place: Place | undefined,
): ConnectionPart {
  return {
    clientIp: address,
    clientPort: port,
    tlsProtocol,
    tlsCipher,
    country: place?.country ?? '',
    asn: 0,
  }
}

function mediaType(contentType: string | undefined): string {
  return contentType?.split(';')[0]?.trim().toLowerCase() ?? ''
}
