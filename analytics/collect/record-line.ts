import { type Bytes, passPlain, wordsOf } from '../../edge/log/plain-bytes.ts'
import { type AccessRecord, RECORD_COLUMNS } from '../../edge/log/record.ts'
import { textOf } from './remembered.ts'

/** Between which times a record is believed, Unix ms. */
export interface TimeBounds {
  earliestMs: number
  latestMs: number
}

/**
 * A record as it stands on its line. Nothing is taken out of it: value `n` is what is from `starts[n]` to
 * `ends[n]`, in the order of RECORD_COLUMNS, and known to be what its column may hold.
 */
export interface RecordLine extends Bytes {
  starts: Int32Array
  ends: Int32Array
  /** What it says, where its column holds numbers; 0 where there is none. */
  numbers: Float64Array
  /** When the response was finished, Unix ms. */
  timeMs: number
  /** Where the line feed is, or the end of all lines. */
  end: number
}

/** Longest line, characters: more than any record of ours could take up. */
const LINE_MAX = 65_536
/** Longest values, characters: an edge cuts at 2,048, and percent-encoding makes up to three of each. */
const TEXT_MAX = 8_192
/** Longest of those values that are an edge's own, not a viewer's. */
const WORD_MAX = 128
/** Longest host name there is (RFC 1035 §2.3.4). */
const HOST_NAME_MAX = 253

/** What a column may hold; an address is looked at where it is looked up (row.ts). */
type Kind = { is: 'text'; most: number } | NumberKind
type NumberKind = { is: 'count' | 'count or nothing'; most: number } | { is: 'time' | 'country' | 'flag' }

const text: Kind = { is: 'text', most: TEXT_MAX }
const word: Kind = { is: 'text', most: WORD_MAX }
const countUpTo = (most: number): Kind => ({ is: 'count', most })
const count = countUpTo(Number.MAX_SAFE_INTEGER)
const countOrNothing: Kind = { is: 'count or nothing', most: Number.MAX_SAFE_INTEGER }

const KIND_OF: Readonly<Record<keyof AccessRecord, Kind>> = {
  timeMs: { is: 'time' },
  node: word,
  requestId: word,
  distribution: word,
  host: text,
  site: { is: 'text', most: HOST_NAME_MAX },
  method: text,
  scheme: word,
  protocolVersion: word,
  path: text,
  query: text,
  status: countUpTo(999),
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
  clientIp: text,
  clientPort: countUpTo(65_535),
  xForwardedFor: text,
  tlsProtocol: word,
  tlsCipher: word,
  userAgent: text,
  referer: text,
  country: { is: 'country' },
  asn: countUpTo(4_294_967_295),
  secFetchDest: text,
  secPurpose: text,
  doNotTrack: { is: 'flag' },
}

const COLUMNS = RECORD_COLUMNS.length

/** Where each value is on a line. */
export const COLUMN = Object.fromEntries(RECORD_COLUMNS.map((column, at) => [column, at])) as Readonly<
  Record<keyof AccessRecord, number>
>

const KINDS = RECORD_COLUMNS.map((column) => KIND_OF[column])

/** Longest value of a column of text, -1 of another: most columns are looked at no closer, and this is at hand. */
const TEXT_MOST = Int32Array.from(KINDS, (kind) => (kind.is === 'text' ? kind.most : -1))

/** Columns of the first edges there were: those that came later may be missing. */
const COLUMNS_MIN = COLUMN.secPurpose + 1

const TAB = 0x09
const LINE_FEED = 0x0a
const ZERO = 0x30

/** Of a time in Unix ms, until the year 2286; and of the largest number that is exact. */
const TIME_DIGITS = 13
const DIGITS_MAX = 16

/** To be read into, one line after the other. */
export function emptyRecordLine(): RecordLine {
  return {
    bytes: Buffer.alloc(0),
    words: new Int32Array(),
    starts: new Int32Array(COLUMNS),
    ends: new Int32Array(COLUMNS),
    numbers: new Float64Array(COLUMNS),
    timeMs: 0,
    end: 0,
  }
}

/**
 * Reads the line at `from`. One with more values than we know comes from a newer edge, and the rest is left out;
 * one with fewer from an older edge, and what was added since is empty.
 *
 * @param line is told what is read; its `end` also where it is no record
 * @returns why it is no record, naming the column, or `undefined`
 */
export function readLine(
  line: RecordLine,
  bytes: Buffer,
  from: number,
  bounds: TimeBounds,
): string | undefined {
  const values = findValues(line, bytes, from)
  if (line.end - from > LINE_MAX) return `line: is longer than ${LINE_MAX} characters`
  if (values === -1) return 'line: has a character that is not printable ASCII, or a backslash'
  if (values < COLUMNS_MIN) return `line: has ${values} values, ${COLUMNS_MIN} are needed`
  for (let column = values; column < COLUMNS; column += 1) {
    line.starts[column] = line.end
    line.ends[column] = line.end
  }
  for (let column = 0; column < COLUMNS; column += 1) {
    const start = line.starts[column] as number
    const end = line.ends[column] as number
    const textMost = TEXT_MOST[column] as number
    if (textMost >= 0) {
      if (end - start > textMost) return problemOf(column)
      continue
    }
    const number = numberIn(KINDS[column] as NumberKind, bytes, start, end)
    if (Number.isNaN(number)) return problemOf(column)
    line.numbers[column] = number
  }
  line.timeMs = line.numbers[0] as number
  if (line.timeMs > bounds.latestMs) return 'timeMs: is more than a day ahead'
  if (line.timeMs < bounds.earliestMs) return 'timeMs: is longer ago than records are kept'
  return undefined
}

/** A value as text. */
export function valueIn({ bytes, starts, ends }: RecordLine, column: keyof AccessRecord): string {
  const at = COLUMN[column]
  return textOf(bytes, starts[at] as number, ends[at] as number)
}

/** @returns how many values there are, or -1 where there is a byte that no line may have */
function findValues(line: RecordLine, bytes: Buffer, from: number): number {
  if (line.bytes !== bytes) {
    line.bytes = bytes
    line.words = wordsOf(bytes)
  }
  const { starts, ends } = line
  let values = 0
  let start = from
  let at = passPlain(line, from, bytes.length)
  for (; at < bytes.length && bytes[at] !== LINE_FEED; at = passPlain(line, at + 1, bytes.length)) {
    if (bytes[at] !== TAB) {
      const feed = bytes.indexOf(LINE_FEED, at)
      line.end = feed === -1 ? bytes.length : feed
      return -1
    }
    if (values < COLUMNS) {
      starts[values] = start
      ends[values] = at
    }
    values += 1
    start = at + 1
  }
  if (values < COLUMNS) {
    starts[values] = start
    ends[values] = at
  }
  line.end = at
  return values + 1
}

/** The number that a value is, 0 where it is another, and NaN where its column can't hold it. */
function numberIn(kind: NumberKind, bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  switch (kind.is) {
    case 'count':
      return length > 0 ? countIn(kind.most, bytes, start, end) : Number.NaN
    case 'count or nothing':
      return length > 0 ? countIn(kind.most, bytes, start, end) : 0
    case 'time':
      return length === TIME_DIGITS ? wholeNumber(bytes, start, end) : Number.NaN
    case 'country':
      return length === 0 || (length === 2 && isCapital(bytes[start]) && isCapital(bytes[start + 1]))
        ? 0
        : Number.NaN
    case 'flag':
      return length === 0 || (length === 1 && bytes[start] === ZERO + 1) ? length : Number.NaN
  }
}

function problemOf(column: number): string {
  return `${RECORD_COLUMNS[column]}: ${whatIsWrong(KINDS[column] as Kind)}`
}

function whatIsWrong(kind: Kind): string {
  switch (kind.is) {
    case 'text':
      return `is longer than ${kind.most} characters`
    case 'count':
    case 'count or nothing':
      return `is no whole number from 0 to ${kind.most}`
    case 'time':
      return 'is no Unix time in ms'
    case 'country':
      return 'is no ISO 3166-1 code of two letters'
    case 'flag':
      return 'is neither 1 nor empty'
  }
}

/** Without a zero in front, as a number is written. */
function countIn(most: number, bytes: Uint8Array, start: number, end: number): number {
  if (end - start > DIGITS_MAX || (bytes[start] === ZERO && end - start > 1)) return Number.NaN
  const number = wholeNumber(bytes, start, end)
  return number <= most ? number : Number.NaN
}

/** NaN where there is anything but digits. */
function wholeNumber(bytes: Uint8Array, start: number, end: number): number {
  let number = 0
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] as number) - ZERO
    if (digit < 0 || digit > 9) return Number.NaN
    number = number * 10 + digit
  }
  return number
}

function isCapital(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x41 && byte <= 0x5a
}
