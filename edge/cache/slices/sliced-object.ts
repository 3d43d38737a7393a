import { firstValue, NO_FIELDS } from '../fields.ts'
import type { Request, Response, ResponseHead, Upstream } from '../message.ts'
import { type ByteRange, contentRangeOf } from '../rules/range.ts'
import type { Store } from '../store/store.ts'
import type { StoredHead, StoredResponse } from '../store/stored-response.ts'

/** A stored response whose body is kept in slices, and how those that are missing can be had. */
export interface SlicedObject {
  /** Key of the stored response. */
  key: string
  head: SlicedHead
  /** Request that selects the response; upstream is asked for slices by its fields. */
  request: Request
  upstream: Upstream
}

/** Head of a stored response whose body is kept in slices. */
export type SlicedHead = StoredHead & { sliced: { bytes: number } }

/**
 * Key of one slice. It names the version, so slices of two versions never mix, and the length, so
 * slices that were cut by another setting are not found:
 *
 *     slice LENGTH:KEY VERSION SLICE-BYTES INDEX
 *
 * No response's key begins like that: theirs begin with a number.
 */
export function sliceKey(
  { key, head }: Pick<SlicedObject, 'key' | 'head'>,
  sliceBytes: number,
  index: number,
): string {
  return `slice ${key.length}:${key} ${head.version} ${sliceBytes} ${index}`
}

/** The bytes of a body that a slice holds; the last slice is shorter. */
export function sliceRange(
  { head }: Pick<SlicedObject, 'head'>,
  sliceBytes: number,
  index: number,
): ByteRange {
  const first = index * sliceBytes
  return { first, last: Math.min(first + sliceBytes, head.sliced.bytes) - 1 }
}

/**
 * Keeps a slice as an entry of its own. It has neither times nor fields that count: those of the head do,
 * and the head's invalidation. It is as old as the head, so that what removes the one removes the other.
 */
export function putSlice(store: Store, key: string, head: StoredHead, body: Buffer): void {
  const { sliced: _, ...plain } = head
  store.put(key, { ...plain, fields: NO_FIELDS, selection: [], body })
}

/** Keeps a response whose body came in pieces of a slice's length. */
export function putSliced(
  { store, sliceBytes }: { store: Store; sliceBytes: number },
  key: string,
  stored: StoredHead,
  pieces: readonly Buffer[],
): StoredResponse {
  const bytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0)
  const head = { ...stored, sliced: { bytes } }
  for (const [index, piece] of pieces.entries()) {
    putSlice(store, sliceKey({ key, head }, sliceBytes, index), head, piece)
  }
  return { ...head, body: NO_BYTES }
}

/** Body of a head whose body is in slices. */
export const NO_BYTES = Buffer.alloc(0)

/** Whether a body is kept in slices. */
export function isSliced<Head extends StoredHead>(head: Head): head is Head & SlicedHead {
  return head.sliced !== undefined
}

/**
 * Whether upstream can be asked for any slice of a response, and be known to give the same body's: it
 * gives ranges, and has a strong validator to compare (RFC 9110 §8.8.1, RFC 9111 §3.4).
 */
export function canBeHadInSlices({ status, fields }: ResponseHead): boolean {
  const gives = firstValue(fields, 'accept-ranges')?.trim().toLowerCase() === 'bytes'
  return status === 200 && gives && strongETag({ fields }) !== undefined
}

/** Whether a response is just the slice that was asked for, and of the same body (RFC 9111 §3.4). */
export function isSliceOf(
  { head }: Pick<SlicedObject, 'head'>,
  range: ByteRange,
  response: Response,
): boolean {
  if (response.status !== 206 || strongETag(response) !== strongETag(head)) return false
  const content = contentRangeOf(firstValue(response.fields, 'content-range'))
  return (
    content !== undefined &&
    content.bytes === head.sliced.bytes &&
    content.range.first === range.first &&
    content.range.last === range.last
  )
}

/** A strong entity tag (RFC 9110 §8.8.3), or `undefined`. */
export function strongETag({ fields }: Pick<ResponseHead, 'fields'>): string | undefined {
  const etag = firstValue(fields, 'etag')?.trim()
  return etag?.startsWith('"') ? etag : undefined
}
