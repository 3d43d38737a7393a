/** First and last byte of a range, both inclusive, as in `Content-Range`. */
export interface ByteRange {
  first: number
  last: number
}

/**
 * What a `Range` field asks of a representation of `length` bytes (RFC 9110 §14.1.2):
 * one satisfiable range; `'unsatisfiable'` (416); or `undefined`: send the whole, because there is no
 * range, it is not in bytes, it is malformed, or it asks for several at once (a server may ignore these).
 */
export function rangeOf(value: string | undefined, length: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^\s*bytes\s*=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(value ?? '')
  if (match === null) return undefined
  const [, from = '', to = ''] = match
  if (from === '') return suffixOf(to, length)
  const first = Number(from)
  if (to !== '' && Number(to) < first) return undefined
  if (first >= length) return 'unsatisfiable'
  return { first, last: to === '' ? length - 1 : Math.min(Number(to), length - 1) }
}

/** `Content-Range` of a 206. */
export function contentRange(range: ByteRange, length: number): string {
  return `bytes ${range.first}-${range.last}/${length}`
}

/** `Content-Range` of a 416 (RFC 9110 §14.4). */
export function unsatisfiedRange(length: number): string {
  return `bytes */${length}`
}

function suffixOf(digits: string, length: number): ByteRange | 'unsatisfiable' | undefined {
  if (digits === '') return undefined
  const wanted = Number(digits)
  if (wanted === 0 || length === 0) return 'unsatisfiable'
  return { first: Math.max(0, length - wanted), last: length - 1 }
}
