import { type AccessRecord, formatRecord, formatText, RECORD_COLUMNS } from './record.ts'
import type { ConnectionPart } from './record-of.ts'

/**
 * A hit's line of which all but the moment is known:
 *
 *     timeMs · beforeId · requestId · opening · timeTakenUs · TAB · timeToFirstByteUs · middle · ttl · closing
 */
export interface PreparedLine {
  beforeId: string
  opening: string
  /** Ends in `ttl=`. */
  middle: string
  closing: string
}

/** What differs from one record of a line to the next. */
export interface Moment {
  /** Unix ms. */
  timeMs: number
  /** Good only until the next id is asked for. */
  requestId: Buffer
  /** From the request's head to the response's first and last byte, µs. */
  firstByteUs: number
  takenUs: number
  ttlSeconds: number
}

/** The line's text. */
export function lineAt({ beforeId, opening, middle, closing }: PreparedLine, at: Moment): string {
  const { timeMs, takenUs, firstByteUs, ttlSeconds } = at
  const requestId = at.requestId.toString('latin1')
  return `${timeMs}${beforeId}${requestId}${opening}${takenUs}\t${firstByteUs}${middle}${ttlSeconds}${closing}`
}

/**
 * A line that is expected again, as bytes: to copy them costs a fifth of wording it, and leaves no garbage.
 * `opening` has room for the time at its beginning and for the request id at `idAt`.
 */
export interface RepeatedLine {
  opening: Buffer
  idAt: number
  middle: Buffer
  closing: Buffer
}

/** Digits of a time in Unix ms, until the year 2286. */
export const TIME_BYTES = 13

/** @param idBytes length of a request id */
export function repeatedLine(line: PreparedLine, idBytes: number): RepeatedLine {
  const opening = '0'.repeat(TIME_BYTES) + line.beforeId + '0'.repeat(idBytes) + line.opening
  return {
    opening: Buffer.from(opening, 'latin1'),
    idAt: TIME_BYTES + line.beforeId.length,
    middle: Buffer.from(line.middle, 'latin1'),
    closing: Buffer.from(line.closing, 'latin1'),
  }
}

/** What the lines of all requests that one response answers have in common. */
export interface ResponseWords {
  node: string
  /** What comes before the host, and between it and the scheme. */
  distribution: string
  site: string
  protocol: string
  sent: string
  outcome: string
  content: string
}

/** What the lines of all requests of one connection have in common. */
export interface ConnectionWords {
  scheme: string
  client: string
  tls: string
  place: string
}

/** What is of one request alone, as the viewer sent it. */
export interface Asked {
  host: string
  path: string
  query: string
  bytesReceived: number
  xForwardedFor: string
  userAgent: string
  referer: string
  secFetchDest: string
  secPurpose: string
  doNotTrack: AccessRecord['doNotTrack']
}

/** @param record of any hit with the response, whose `cacheStatus` ends in its time to live */
export function responseWords(record: AccessRecord): ResponseWords {
  const words = wordsOf(record)
  const cacheStatus = formatText(record.cacheStatus)
  const ttl = /(?<=; ttl=)-?\d+$/.exec(cacheStatus)
  if (ttl === null) throw new Error('a line without a time to live was to be prepared')
  const outcome = words('originTimeUs', 'detailedResultType')
  return {
    node: words('node', 'node'),
    distribution: words('distribution', 'distribution'),
    site: words('site', 'method'),
    protocol: words('protocolVersion', 'protocolVersion'),
    sent: words('status', 'bytesSent'),
    outcome: outcome + cacheStatus.slice(0, ttl.index),
    content: words('contentType', 'rangeEnd'),
  }
}

/** @param scheme `http` or `https` */
export function connectionWords(scheme: string, of: ConnectionPart): ConnectionWords {
  return {
    scheme,
    client: `${formatText(of.clientIp)}\t${of.clientPort}\t`,
    tls: `\t${formatText(of.tlsProtocol)}\t${formatText(of.tlsCipher)}\t`,
    place: `\t${formatText(of.country)}\t${of.asn}\t`,
  }
}

/** The line that `formatRecord` would make of the whole record, but for the moment. */
export function preparedLine(to: ResponseWords, from: ConnectionWords, asked: Asked): PreparedLine {
  const path = `${formatText(asked.path)}\t${formatText(asked.query)}`
  const told = `${formatText(asked.userAgent)}\t${formatText(asked.referer)}`
  const why = `${formatText(asked.secFetchDest)}\t${formatText(asked.secPurpose)}\t${asked.doNotTrack}`
  return {
    beforeId: to.node,
    opening: `${to.distribution}${asked.host}${to.site}${from.scheme}${to.protocol}${path}${to.sent}${asked.bytesReceived}\t`,
    middle: to.outcome,
    closing: `${to.content}${from.client}${formatText(asked.xForwardedFor)}${from.tls}${told}${from.place}${why}\n`,
  }
}

/** Columns of a record's line from one to another, with the tabs before and behind. */
function wordsOf(record: AccessRecord) {
  const values = formatRecord(record).trimEnd().split('\t')
  const at = (name: keyof AccessRecord) => RECORD_COLUMNS.indexOf(name)
  return (first: keyof AccessRecord, last: keyof AccessRecord) =>
    `\t${values.slice(at(first), at(last) + 1).join('\t')}\t`
}
