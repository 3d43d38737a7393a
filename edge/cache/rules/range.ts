import { firstValue } from '../fields.ts'
import type { RequestHead } from '../message.ts'

/** First and last byte of a range, both inclusive, as in `Content-Range`. */
export interface ByteRange {
  first: number
  last: number
}

/** Most ranges that one request may ask for; a PDF reader asks for dozens. */
const RANGES_MAX = 100

/**
 * What a `Range` field asks of a representation of `length` bytes (RFC 9110 §14.1.2): the ranges that
 * can be had; `'unsatisfiable'` (416); or `undefined`: send the whole, because there is no range, it is
 * not in bytes, or it is malformed.
 *
 * Several ranges are given only in ascending order and without overlap, as with CloudFront, and no more
 * than 100; others get the whole (§14.2 lets a server ignore them, §17.15 says why it should).
 */
export function rangesOf(
  value: string | undefined,
  length: number,
): readonly ByteRange[] | 'unsatisfiable' | undefined {
  const ranges = specsOf(value)?.map((spec) => within(spec, length))
  if (ranges === undefined) return undefined
  const satisfiable = ranges.filter((range) => range !== undefined)
  if (satisfiable.length === 0) return 'unsatisfiable'
  const ascends = satisfiable.every(({ first }, at) => first > (satisfiable[at - 1]?.last ?? -1))
  return ascends ? satisfiable : undefined
}

/** As `rangesOf`, for whoever sends one range at most: several get the whole. */
export function rangeOf(value: string | undefined, length: number): ByteRange | 'unsatisfiable' | undefined {
  const ranges = rangesOf(value, length)
  if (ranges === undefined || ranges === 'unsatisfiable') return ranges
  return ranges.length === 1 ? ranges[0] : undefined
}

/** Offsets beyond can't be reckoned with any more; no body is that long. */
const OFFSET_MAX = 2 ** 50

/**
 * The first byte of the part that a request asks for, of a representation whose length isn't known; 0 where
 * it counts from the end. `undefined` when it asks for the whole. Parts are had by GET alone (RFC 9110 §14.2).
 */
export function firstByteAsked({ method, fields }: RequestHead): number | undefined {
  const [spec] = (method === 'GET' && specsOf(firstValue(fields, 'range'))) || []
  if (spec === undefined) return undefined
  return 'suffix' in spec ? 0 : Math.min(spec.from, OFFSET_MAX)
}

/** `Content-Range` of a 206. */
export function contentRange(range: ByteRange, length: number): string {
  return `bytes ${range.first}-${range.last}/${length}`
}

/** `Content-Range` of a 416 (RFC 9110 §14.4). */
export function unsatisfiedRange(length: number): string {
  return `bytes */${length}`
}

/** What a 206 says that it holds, and of how much; `undefined` when that can't be read or isn't told. */
export function contentRangeOf(value: string | undefined): { range: ByteRange; bytes: number } | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(value?.trim() ?? '')
  if (match === null) return undefined
  const [first, last, bytes] = [Number(match[1]), Number(match[2]), Number(match[3])]
  return first <= last && last < bytes ? { range: { first, last }, bytes } : undefined
}

/** Length of a range, bytes. */
export function bytesIn({ first, last }: ByteRange): number {
  return last - first + 1
}

/** One member of a `Range` field: from a byte on, up to one or to the end; or so many of the last ones. */
type Spec = { from: number; to: number } | { suffix: number }

/** The field's members, or `undefined` when one of them can't be read or they are too many. */
function specsOf(value: string | undefined): readonly Spec[] | undefined {
  const list = /^\s*bytes\s*=(.*)$/i.exec(value ?? '')?.[1]
  if (list === undefined) return undefined
  const members = list.split(',', 2 * RANGES_MAX).map((member) => member.trim())
  const specs = members.filter((member) => member !== '').map(specOf)
  if (specs.length === 0 || specs.length > RANGES_MAX) return undefined
  return specs.every((spec) => spec !== undefined) ? specs : undefined
}

function specOf(member: string): Spec | undefined {
  const match = /^(\d*)-(\d*)$/.exec(member)
  if (match === null) return undefined
  const [, from = '', to = ''] = match
  if (from === '') return to === '' ? undefined : { suffix: Number(to) }
  // What is too long for a number is beyond every end.
  const spec = { from: Number(from), to: to === '' ? Number.POSITIVE_INFINITY : Number(to) }
  return spec.to < spec.from ? undefined : spec
}

/** What of it there is; `undefined` when that is nothing. */
function within(spec: Spec, length: number): ByteRange | undefined {
  if ('suffix' in spec) {
    if (spec.suffix === 0 || length === 0) return undefined
    return { first: Math.max(0, length - spec.suffix), last: length - 1 }
  }
  return spec.from < length ? { first: spec.from, last: Math.min(spec.to, length - 1) } : undefined
}
