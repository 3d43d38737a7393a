/**
 * The plain subset of HTTP/1.1 that the express lane understands: GET or HEAD, origin form, no body, and
 * nothing that would change what the bytes behind it mean. Whatever isn't in it is for node:http to read.
 */
import { valueBetween } from './field-lines.ts'

/** Longest head that is plain, bytes: half of what node:http takes. */
export const HEAD_BYTES_MAX = 8_192

/**
 * A whole head by RFC 9112's grammar and stricter: no bare CR or LF, no folded line, no control characters,
 * no space before a colon. No two quantifiers overlap, so its time is linear. Sticky: heads follow one another.
 */
const HEAD =
  /(GET|HEAD) (\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*) HTTP\/1\.1\r\n((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)+)\r\n/y

/** The targets that it takes. */
export const PLAIN_TARGET = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*$/

const PLAIN_BEGINS = ['GET /', 'HEAD /']

/** What can no longer become plain, however it goes on: a bare CR or LF. */
const ODD_LINE_END = /(?:^|[^\r])\n|\r[^\n]/

/**
 * What the short way to an answer asks of a head, of whichever version of HTTP. Of a field that was sent
 * twice the first value counts, but for `Accept-Encoding`.
 */
export interface AskedHead {
  method: 'GET' | 'HEAD'
  target: string
  /** Bytes on the wire, the empty line included. */
  bytes: number
  /** `Host` as it was sent. */
  host: string
  /** Whether the viewer wants the connection closed. */
  closes: boolean
  /** What asks for less than the whole, a precondition or a range, as lines; empty when it asks for all. */
  conditions: string
  /** Whether it says what only `answerViewer` understands: plain to read, but not to answer. */
  needsLongWay: boolean
  acceptEncoding: string | undefined
  userAgent: string | undefined
  referer: string | undefined
  xForwardedFor: string | undefined
  secFetchDest: string | undefined
  secPurpose: string | undefined
  purpose: string | undefined
  dnt: string | undefined
  secGpc: string | undefined
}

/** A plain request's head. */
export interface PlainHead extends AskedHead {
  /** The field lines as they were sent, with their CR LF. */
  lines: string
}

/**
 * Reads the head that begins at `at` of some latin1 text.
 *
 * @returns `undefined` for what isn't plain, or not yet whole
 */
export function plainHeadAt(text: string, at: number): PlainHead | undefined {
  HEAD.lastIndex = at
  const match = HEAD.exec(text)
  if (match === null) return undefined
  const [whole, method, target, lines] = match as unknown as [string, 'GET' | 'HEAD', string, string]
  if (whole.length > HEAD_BYTES_MAX) return undefined
  const head: PlainHead = {
    method,
    target,
    bytes: whole.length,
    host: '',
    closes: false,
    conditions: '',
    needsLongWay: false,
    acceptEncoding: undefined,
    userAgent: undefined,
    referer: undefined,
    xForwardedFor: undefined,
    secFetchDest: undefined,
    secPurpose: undefined,
    purpose: undefined,
    dnt: undefined,
    secGpc: undefined,
    lines,
  }
  return readLines(head) ? head : undefined
}

/** Whether what has come so far may still become a plain head. @param begins what such heads begin with */
export function mayBecomePlain(text: string, begins: readonly string[] = PLAIN_BEGINS): boolean {
  if (text.length > HEAD_BYTES_MAX || ODD_LINE_END.test(text)) return false
  return begins.some((begin) => startsLike(text, begin))
}

function startsLike(text: string, begin: string): boolean {
  return text.length >= begin.length ? text.startsWith(begin) : begin.startsWith(text)
}

/** Lines sorted by the length of their names and the first letter: most need no second look. */
const slot = (name: string) => name.length * 32 + (name.charCodeAt(0) & 31)

/**
 * Fields that may change what the bytes behind a head mean, and so are for node:http alone to read.
 * `Proxy-Connection` is one that it takes for `Connection`.
 */
const NOT_PLAIN = [
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** Fields that leave a head plain, but that only the long way understands. */
const LONG_WAY = [
  'authorization',
  'cdn-loop',
  'if-match',
  'if-range',
  'if-unmodified-since',
  'max-forwards',
  'proxy-authorization',
]

/** Fields that are read. */
const READ = [
  'accept-encoding',
  'connection',
  'dnt',
  'host',
  'if-modified-since',
  'if-none-match',
  'purpose',
  'range',
  'referer',
  'sec-fetch-dest',
  'sec-gpc',
  'sec-purpose',
  'user-agent',
  'x-forwarded-for',
]

const names = new Map<number, string[]>()
for (const name of [...NOT_PLAIN, ...LONG_WAY, ...READ]) {
  const known = names.get(slot(name))
  if (known === undefined) names.set(slot(name), [name])
  else known.push(name)
}
const bySlot: (readonly string[] | undefined)[] = Array.from({ length: 32 * 32 }, (_, at) => names.get(at))
const LONGEST_NAME = 31

/** Takes from the lines what is wanted; false where one of them isn't plain. */
function readLines(head: PlainHead): boolean {
  const { lines } = head
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf('\r', at)
    const colon = lines.indexOf(':', at)
    const length = colon - at
    const candidates = length > LONGEST_NAME ? undefined : bySlot[length * 32 + (lines.charCodeAt(at) & 31)]
    if (candidates !== undefined && !readLine(head, candidates, at, colon, end)) return false
    at = end + 2
  }
  return head.host !== ''
}

function readLine(
  head: PlainHead,
  candidates: readonly string[],
  at: number,
  colon: number,
  end: number,
): boolean {
  const name = head.lines.slice(at, colon).toLowerCase()
  return !candidates.includes(name) || readField(head, name, valueBetween(head.lines, colon + 1, end))
}

/** Whether a field is one that `readField` knows. @param name in lower case */
export function isKnown(name: string): boolean {
  return bySlot[slot(name)]?.includes(name) === true
}

/** Takes from a known field what is wanted; false where the head isn't plain with it. @param name in lower case */
export function readField(head: AskedHead, name: string, value: string): boolean {
  switch (name) {
    case 'host':
      if (head.host !== '') return false
      head.host = value
      return true
    case 'connection':
      return readConnection(head, value)
    case 'accept-encoding':
      head.acceptEncoding = head.acceptEncoding === undefined ? value : `${head.acceptEncoding}, ${value}`
      return true
    case 'user-agent':
      head.userAgent ??= value
      return true
    case 'referer':
      head.referer ??= value
      return true
    case 'x-forwarded-for':
      head.xForwardedFor ??= value
      return true
    case 'sec-fetch-dest':
      head.secFetchDest ??= value
      return true
    case 'sec-purpose':
      head.secPurpose ??= value
      return true
    case 'purpose':
      head.purpose ??= value
      return true
    case 'dnt':
      head.dnt ??= value
      return true
    case 'sec-gpc':
      head.secGpc ??= value
      return true
    case 'if-none-match':
    case 'if-modified-since':
    case 'range':
      head.conditions += `${name}: ${value}\r\n`
      return true
    default:
      head.needsLongWay = true
      return LONG_WAY.includes(name)
  }
}

function readConnection(head: AskedHead, value: string): boolean {
  switch (value.toLowerCase()) {
    case 'keep-alive':
      return !head.closes
    case 'close':
      head.closes = true
      return true
    default:
      return false
  }
}
