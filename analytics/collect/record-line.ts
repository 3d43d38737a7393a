import { type AccessRecord, RECORD_COLUMNS } from '../../edge/log/record.ts'
import { plainAddress } from './network.ts'
import { remembered } from './remembered.ts'

/** A record as it stands on its line: every value is text, and known to be what its column may hold. */
export type RecordText = Record<keyof AccessRecord, string>

/** Between which times a record is believed, Unix ms. */
export interface TimeBounds {
  earliestMs: number
  latestMs: number
}

/** Longest line, characters: more than any record of ours could take up. */
const LINE_MAX = 65_536
/** Longest values, characters: an edge cuts at 2,048, and percent-encoding makes up to three of each. */
const TEXT_MAX = 8_192
/** Longest of those values that are an edge's own, not a viewer's. */
const WORD_MAX = 128
/** Longest host name there is (RFC 1035 §2.3.4). */
const HOST_NAME_MAX = 253

/** Why a value can't stand in its column, or `undefined`. */
type Check = (value: string) => string | undefined

const atMost =
  (characters: number): Check =>
  (value) =>
    value.length > characters ? `is longer than ${characters} characters` : undefined

const text = atMost(TEXT_MAX)
const word = atMost(WORD_MAX)

/** Without a zero in front: ClickHouse reads a number up to it, and then refuses the whole segment. */
const WHOLE = /^(0|[1-9]\d{0,15})$/

const wholeUpTo =
  (most: number): Check =>
  (value) =>
    WHOLE.test(value) && Number(value) <= most ? undefined : `is no whole number from 0 to ${most}`

const count = wholeUpTo(Number.MAX_SAFE_INTEGER)
const countOrNothing: Check = (value) => (value === '' ? undefined : count(value))

/** Those of a busy hour are remembered: reading one costs as much as all else of a line. */
const isAddress = remembered(
  50_000,
  (value: string) => value,
  (value) => plainAddress(value) !== undefined,
)

/** What each column may hold. The time's bounds depend on the day and are looked at apart. */
const CHECKS: Readonly<Record<keyof AccessRecord, Check>> = {
  timeMs: (value) => (/^\d{13}$/.test(value) ? undefined : 'is no Unix time in ms'),
  node: word,
  requestId: word,
  distribution: word,
  host: text,
  site: atMost(HOST_NAME_MAX),
  method: text,
  scheme: word,
  protocolVersion: word,
  path: text,
  query: text,
  status: wholeUpTo(999),
  bytesSent: count,
  bytesReceived: count,
  timeTakenUs: count,
  timeToFirstByteUs: count,
  originTimeUs: count,
  resultType: word,
  detailedResultType: word,
  cacheStatus: text,
  contentType: text,
  contentLength: countOrNothing,
  rangeStart: countOrNothing,
  rangeEnd: countOrNothing,
  clientIp: (value) => (isAddress(value) ? undefined : 'is no IP address'),
  clientPort: wholeUpTo(65_535),
  xForwardedFor: text,
  tlsProtocol: word,
  tlsCipher: word,
  userAgent: text,
  referer: text,
  country: (value) => (/^([A-Z]{2})?$/.test(value) ? undefined : 'is no ISO 3166-1 code of two letters'),
  asn: wholeUpTo(4_294_967_295),
  secFetchDest: text,
  secPurpose: text,
  doNotTrack: (value) => (value === '' || value === '1' ? undefined : 'is neither 1 nor empty'),
}

/** The same in the order of a line. */
const COLUMN_CHECKS = RECORD_COLUMNS.map((column) => ({ column, check: CHECKS[column] }))

/** Columns of the first edges there were: those that came later may be missing. */
const COLUMNS_MIN = RECORD_COLUMNS.indexOf('secPurpose') + 1

/** What a line may consist of (see edge/log/record.ts); none of it needs escaping in ClickHouse's TSV. */
export const LINE = /^[\t\x20-\x5b\x5d-\x7e]*$/

/**
 * Reads a line of a segment. One with more values than we know comes from a newer edge, and the rest is left
 * out; one with fewer from an older edge, and what was added since is empty.
 *
 * @returns the record, or why the line is none, naming the column
 */
export function parseLine(line: string, bounds: TimeBounds): { record: RecordText } | { reason: string } {
  if (line.length > LINE_MAX) return { reason: `line: is longer than ${LINE_MAX} characters` }
  if (!LINE.test(line)) return { reason: 'line: has a character that is not printable ASCII, or a backslash' }
  const values = line.split('\t')
  if (values.length < COLUMNS_MIN) {
    return { reason: `line: has ${values.length} values, ${COLUMNS_MIN} are needed` }
  }
  while (values.length < RECORD_COLUMNS.length) values.push('')
  for (let index = 0; index < COLUMN_CHECKS.length; index += 1) {
    const { column, check } = COLUMN_CHECKS[index] as (typeof COLUMN_CHECKS)[number]
    const value = values[index] as string
    const problem = check(value)
    if (problem !== undefined) return { reason: `${column}: ${problem}` }
  }
  const record = recordOf(values)
  const outside = timeProblem(record, bounds)
  return outside === undefined ? { record } : { reason: outside }
}

/** Why a record that didn't come as a line of an edge can't be one, naming the column, or `undefined`. */
export function recordProblem(record: RecordText, bounds: TimeBounds): string | undefined {
  for (const { column, check } of COLUMN_CHECKS) {
    const problem = check(record[column])
    if (problem !== undefined) return `${column}: ${problem}`
  }
  return timeProblem(record, bounds)
}

function timeProblem(record: RecordText, { earliestMs, latestMs }: TimeBounds): string | undefined {
  const timeMs = Number(record.timeMs)
  if (timeMs > latestMs) return 'timeMs: is more than a day ahead'
  if (timeMs < earliestMs) return 'timeMs: is longer ago than records are kept'
  return undefined
}

/** An object of fixed form, in the order of RECORD_COLUMNS (a test compares them): one that grew by name took 1 µs. */
function recordOf(values: string[]): RecordText {
  return {
    timeMs: values[0] as string,
    node: values[1] as string,
    requestId: values[2] as string,
    distribution: values[3] as string,
    host: values[4] as string,
    site: values[5] as string,
    method: values[6] as string,
    scheme: values[7] as string,
    protocolVersion: values[8] as string,
    path: values[9] as string,
    query: values[10] as string,
    status: values[11] as string,
    bytesSent: values[12] as string,
    bytesReceived: values[13] as string,
    timeTakenUs: values[14] as string,
    timeToFirstByteUs: values[15] as string,
    originTimeUs: values[16] as string,
    resultType: values[17] as string,
    detailedResultType: values[18] as string,
    cacheStatus: values[19] as string,
    contentType: values[20] as string,
    contentLength: values[21] as string,
    rangeStart: values[22] as string,
    rangeEnd: values[23] as string,
    clientIp: values[24] as string,
    clientPort: values[25] as string,
    xForwardedFor: values[26] as string,
    tlsProtocol: values[27] as string,
    tlsCipher: values[28] as string,
    userAgent: values[29] as string,
    referer: values[30] as string,
    country: values[31] as string,
    asn: values[32] as string,
    secFetchDest: values[33] as string,
    secPurpose: values[34] as string,
    doNotTrack: values[35] as string,
  }
}
