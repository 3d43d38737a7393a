/**
 * One access-log record: what is known of one response to one viewer.
 *
 * These are the fields of CloudFront's standard log (its name is in brackets) and what ranking
 * needs on top. In a segment a record is one line of tab-separated values in the order of
 * `RECORD_COLUMNS`; an unknown value is empty. Every byte of a line is printable ASCII: what is
 * not (and the backslash) is percent-encoded, so a line means the same to every reader.
 */
export interface AccessRecord {
  /** When the response was finished, Unix ms [date, time]. */
  timeMs: number
  /** The machine that answered [x-edge-location]. */
  node: string
  /** Unique in all of the CDN; in the response as `X-Selvedge-Request-Id` [x-edge-request-id]. */
  requestId: string
  /** Id of the distribution; empty when the Host belongs to none. */
  distribution: string
  /** Host asked for, lower case, without the port [x-host-header, cs(Host)]. */
  host: string
  /** Name the distribution says it ranks under, else empty: the collector derives it from `host`. */
  site: string
  method: string
  /** `http`, `https`, `ws` or `wss` [cs-protocol]. */
  scheme: string
  /** As `HTTP/1.1` [cs-protocol-version]. */
  protocolVersion: string
  /** Path as the viewer sent it, without the query [cs-uri-stem]. */
  path: string
  /** Query as the viewer sent it, without `?` [cs-uri-query]. */
  query: string
  /** Status sent; 0 when the viewer left before any [sc-status]. */
  status: number
  /** Bytes to the viewer, head included [sc-bytes]. */
  bytesSent: number
  /** Bytes from the viewer, head included [cs-bytes]. */
  bytesReceived: number
  /** From the request's first byte to the response's last, µs [time-taken]. */
  timeTakenUs: number
  /** To the response's first byte, µs [time-to-first-byte]. */
  timeToFirstByteUs: number
  /** To the shield's response head, µs; 0 when the cache answered [origin-fbl]. */
  originTimeUs: number
  /** `Hit`, `RefreshHit`, `Miss`, `Error` or `Redirect` [x-edge-result-type]. */
  resultType: string
  /** The closer reason where there is one, e.g. `OriginConnectError` [x-edge-detailed-result-type]. */
  detailedResultType: string
  /** This edge's member of `Cache-Status` (RFC 9211), e.g. `hit; ttl=30`. */
  cacheStatus: string
  /** Media type of the response, without parameters [sc-content-type]. */
  contentType: string
  /** `Content-Length` of the response; empty when it had none [sc-content-len]. */
  contentLength: number | ''
  /** First and last byte of a 206's range [sc-range-start, sc-range-end]. */
  rangeStart: number | ''
  rangeEnd: number | ''
  /** Viewer's address; never stored as it is: see `analytics/` [c-ip]. */
  clientIp: string
  clientPort: number
  xForwardedFor: string
  /** As `TLSv1.3`; empty without TLS [ssl-protocol]. */
  tlsProtocol: string
  tlsCipher: string
  userAgent: string
  referer: string
  /** ISO 3166-1 alpha-2, or empty when unknown [c-country]. */
  country: string
  /** Autonomous system number, 0 when unknown [asn]. */
  asn: number
  /** `Sec-Fetch-Dest` and `Sec-Purpose` of the request, for telling pages from their parts and from prefetches. */
  secFetchDest: string
  secPurpose: string
  /** `1` when the viewer asked not to be tracked, by `DNT: 1` or `Sec-GPC: 1`; else empty. */
  doNotTrack: '1' | ''
}

/** Order of the values on a line. Append only: segments of older edges are still on their way. */
export const RECORD_COLUMNS = [
  'timeMs',
  'node',
  'requestId',
  'distribution',
  'host',
  'site',
  'method',
  'scheme',
  'protocolVersion',
  'path',
  'query',
  'status',
  'bytesSent',
  'bytesReceived',
  'timeTakenUs',
  'timeToFirstByteUs',
  'originTimeUs',
  'resultType',
  'detailedResultType',
  'cacheStatus',
  'contentType',
  'contentLength',
  'rangeStart',
  'rangeEnd',
  'clientIp',
  'clientPort',
  'xForwardedFor',
  'tlsProtocol',
  'tlsCipher',
  'userAgent',
  'referer',
  'country',
  'asn',
  'secFetchDest',
  'secPurpose',
  'doNotTrack',
] as const satisfies readonly (keyof AccessRecord)[]

/** Longest value kept; a viewer can send 16 KB in one header, and nobody reads that in a log. */
export const VALUE_CHARACTERS_MAX = 2_048

/** The record's line in a segment, with its line feed. */
export function formatRecord(record: AccessRecord): string {
  let line = ''
  for (const column of RECORD_COLUMNS) {
    const value = record[column]
    line += typeof value === 'number' ? `${value}\t` : `${formatText(value)}\t`
  }
  return `${line.slice(0, -1)}\n`
}

/** Anything but space to `~`, and the backslash, which is an escape to readers of TSV. */
const UNPRINTABLE = /[^\x20-\x5b\x5d-\x7e]/
const EACH_UNPRINTABLE = new RegExp(UNPRINTABLE, 'g')

/** One value of a line, bounded in length. */
export function formatText(value: string): string {
  const bounded = value.length > VALUE_CHARACTERS_MAX ? value.slice(0, VALUE_CHARACTERS_MAX) : value
  // Looking is cheaper than replacing, and there is next to never anything to replace.
  return UNPRINTABLE.test(bounded) ? bounded.replace(EACH_UNPRINTABLE, percentEncoded) : bounded
}

/** Node gives header values as latin1, so a character is a byte; what is beyond is encoded as UTF-8. */
function percentEncoded(character: string): string {
  const code = character.charCodeAt(0)
  if (code > 0xff)
    return (
      '%' +
      Buffer.from(character)
        .toString('hex')
        .toUpperCase()
        .replace(/..(?!$)/g, '$&%')
    )
  return `%${code.toString(16).toUpperCase().padStart(2, '0')}`
}
