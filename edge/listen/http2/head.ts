import { type Fields, filterFields } from '../../cache/fields.ts'
import { type AskedHead, isKnown, PLAIN_TARGET, readField } from '../plain-head.ts'

/** The head of a request that came over HTTP/2. */
export interface Http2Head extends AskedHead {
  /** Whatever it is; `method` is only meant where the short way is taken. */
  methodAsked: string
  /** Bytes that the body is said to have; `undefined` where none are. */
  length: string | undefined
  expectsContinue: boolean
  /** How urgent the response is, as it was sent (RFC 9218 §5). */
  priority: string | undefined
  /** What is to be spoken on the stream from then on (RFC 8441 §4). */
  protocol: string | undefined
  /** Why it is no valid request, in words for the viewer. */
  malformed: string | undefined
  /** Name, value, … in the order in which they came, the pseudo-header fields among them. */
  raw: Fields
}

/** What a field takes in HTTP/1.1 beside its name and value, so that a head is as long by either: `: ` and CR LF. */
const BESIDE_BYTES = 4

/**
 * Reads a head. What breaks the grammar has been refused (`field-rules.ts`, or nghttp2): pseudo-header fields that are
 * missing, unknown, sent twice or out of place, and fields that are about a connection (RFC 9113 §8.2, §8.3).
 */
export function http2Head(raw: Fields): Http2Head {
  const head: Http2Head = {
    method: 'GET',
    methodAsked: '',
    target: '',
    bytes: 0,
    host: '',
    length: undefined,
    closes: false,
    conditions: '',
    needsLongWay: false,
    expectsContinue: false,
    priority: undefined,
    protocol: undefined,
    malformed: undefined,
    acceptEncoding: undefined,
    userAgent: undefined,
    referer: undefined,
    xForwardedFor: undefined,
    secFetchDest: undefined,
    secPurpose: undefined,
    purpose: undefined,
    dnt: undefined,
    secGpc: undefined,
    raw,
  }
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    const value = raw[at + 1] as string
    head.bytes += name.length + value.length + BESIDE_BYTES
    read(head, name, value)
  }
  return head
}

function read(head: Http2Head, name: string, value: string): void {
  switch (name) {
    case ':method':
      head.methodAsked = value
      if (value === 'HEAD') head.method = value
      else if (value !== 'GET') head.needsLongWay = true
      return
    case ':path':
      head.target = value
      if (!PLAIN_TARGET.test(value)) head.needsLongWay = true
      return
    case ':authority':
      head.host = value
      return
    case ':scheme':
      // Whoever is asked for http: here would answer for somebody else's port (RFC 9110 §7.4).
      if (value !== 'https') malform(head, 'The scheme of this request is not that of its connection.')
      return
    case 'host':
      if (head.host === '') head.host = value
      // Two readers could take such a request for two different ones (RFC 9113 §8.3.1).
      else if (head.host.toLowerCase() !== value.toLowerCase()) malform(head, 'Host and :authority differ.')
      return
    case ':protocol':
      head.protocol = value
      head.needsLongWay = true
      return
    case 'content-length':
      head.length = value
      return
    case 'priority':
      head.priority = head.priority === undefined ? value : `${head.priority}, ${value}`
      return
    case 'expect':
      head.expectsContinue = value.toLowerCase() === '100-continue'
  }
  if (isKnown(name) && !readField(head, name, value)) head.needsLongWay = true
}

function malform(head: Http2Head, reason: string): void {
  head.malformed = reason
  head.needsLongWay = true
}

/**
 * The fields as HTTP/1.1 would have them: `Host` in place of the pseudo-header fields, and one `Cookie`, which
 * HTTP/2 may split for the sake of compression (RFC 9113 §8.2.3).
 */
export function fieldsOfHttp2({ raw, host }: Http2Head): string[] {
  const fields = host === '' ? [] : ['Host', host]
  let cookieAt = 0
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    const value = raw[at + 1] as string
    if (name.startsWith(':') || name === 'host') continue
    if (name === 'cookie' && cookieAt > 0) {
      fields[cookieAt] += `; ${value}`
      continue
    }
    fields.push(name, value)
    if (name === 'cookie') cookieAt = fields.length - 1
  }
  return fields
}

/** Those of a request's fields that have one of these names, as `Wording.fieldsOf`. */
export function fieldsAmong(head: Http2Head, names: readonly string[]): string[] {
  return filterFields(fieldsOfHttp2(head), (name) => names.includes(name))
}
