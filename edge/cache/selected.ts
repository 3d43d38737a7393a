import { randomBytes } from 'node:crypto'
import { countOf, type Fields, filterFields, firstValue, withField } from './fields.ts'
import type { RequestHead, ResponseHead } from './message.ts'
import { ifRangeHolds, type Origin, preconditionOf } from './rules/conditional.ts'
import { type ByteRange, bytesIn, contentRange, rangesOf, unsatisfiedRange } from './rules/range.ts'

/** A piece of an answer's body: bytes of the representation, or what stands between them. */
export type Segment = ByteRange | Buffer

/** What of a representation answers a request, worked out before any byte of it is touched. */
export interface Selected extends ResponseHead {
  /** The body, in order; empty when there is none. */
  segments: readonly Segment[]
}

/**
 * Fields of the body that a 304 doesn't have. All others it brings: whoever asked may be a cache that
 * has to update what it stored (RFC 9111 §4.3.4). A viewer gets fewer: see `respond`.
 */
const BODY_FIELDS: ReadonlySet<string> = new Set([
  'content-digest',
  'content-encoding',
  'content-length',
  'content-range',
])

/** Fields that tell of all of the body, and so are not true of a part of it (RFC 9530 §2). */
const WHOLE_BODY_FIELDS: ReadonlySet<string> = new Set(['content-digest', 'content-length', 'content-md5'])

/**
 * What of a representation answers a GET or HEAD: that it hasn't changed (304) or is another one (412),
 * a part of it or several (206), none because there is no such part (416), or the whole.
 *
 * @param bytes length of the representation
 */
export function selectedOf(
  request: RequestHead,
  response: ResponseHead,
  bytes: number,
  origin: Origin,
): Selected {
  const { status, fields } = response
  if (status !== 200) return whole(request, response, bytes)
  return (
    failedPrecondition(request, fields, origin) ??
    parts(request, fields, bytes) ??
    whole(request, response, bytes)
  )
}

/** A 304 or 412 where the request's preconditions ask for one, else `undefined`. */
export function failedPrecondition(
  request: RequestHead,
  fields: Fields,
  origin: Origin,
): Selected | undefined {
  switch (preconditionOf(request.fields, fields, origin)) {
    case 'not-modified':
      return { status: 304, fields: filterFields(fields, (name) => !BODY_FIELDS.has(name)), segments: [] }
    case 'failed':
      return { status: 412, fields: ['Content-Length', '0'], segments: [] }
    case 'answer':
      return undefined
  }
}

function whole({ method }: RequestHead, { status, fields }: ResponseHead, bytes: number): Selected {
  if (status === 204) return { status, fields, segments: [] }
  const length = String(bytes)
  const isTold = countOf(fields, 'content-length') === 1 && firstValue(fields, 'content-length') === length
  const measured = isTold ? fields : withField(fields, 'Content-Length', length)
  const bodyless = method === 'HEAD' || bytes === 0
  return { status, fields: measured, segments: bodyless ? [] : [{ first: 0, last: bytes - 1 }] }
}

/** Parts are had by GET alone (RFC 9110 §14.2). */
function parts(request: RequestHead, fields: Fields, bytes: number): Selected | undefined {
  const value = firstValue(request.fields, 'range')
  if (value === undefined || request.method !== 'GET' || !ifRangeHolds(request.fields, fields))
    return undefined
  const ranges = rangesOf(value, bytes)
  if (ranges === undefined) return undefined
  if (ranges === 'unsatisfiable') {
    const without = filterFields(fields, (name) => !WHOLE_BODY_FIELDS.has(name))
    const bare = without.concat('Content-Range', unsatisfiedRange(bytes), 'Content-Length', '0')
    return { status: 416, fields: bare, segments: [] }
  }
  const [range] = ranges
  return ranges.length === 1 && range !== undefined
    ? part(fields, range, bytes)
    : multipart(fields, ranges, bytes)
}

function part(fields: Fields, range: ByteRange, bytes: number): Selected {
  const without = filterFields(fields, (name) => !WHOLE_BODY_FIELDS.has(name))
  const partial = without.concat(
    ...['Content-Range', contentRange(range, bytes)],
    ...['Content-Length', String(bytesIn(range))],
  )
  return { status: 206, fields: partial, segments: [range] }
}

/** Several parts in one body (RFC 9110 §14.6, §15.3.7.2), each under a head of its own. */
function multipart(fields: Fields, ranges: readonly ByteRange[], bytes: number): Selected {
  const boundary = randomBytes(16).toString('hex')
  const contentType = firstValue(fields, 'content-type')
  const typeLine = contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`
  const segments = ranges.flatMap((range): Segment[] => [
    Buffer.from(
      `\r\n--${boundary}\r\n${typeLine}Content-Range: ${contentRange(range, bytes)}\r\n\r\n`,
      'latin1',
    ),
    range,
  ])
  segments.push(Buffer.from(`\r\n--${boundary}--\r\n`))
  const length = segments.reduce((sum, segment) => sum + segmentBytes(segment), 0)
  const without = filterFields(fields, (name) => !WHOLE_BODY_FIELDS.has(name) && name !== 'content-type')
  const partial = without.concat(
    ...['Content-Type', `multipart/byteranges; boundary=${boundary}`],
    ...['Content-Length', String(length)],
  )
  return { status: 206, fields: partial, segments }
}

function segmentBytes(segment: Segment): number {
  return Buffer.isBuffer(segment) ? segment.byteLength : bytesIn(segment)
}
