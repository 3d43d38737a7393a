import { type Fields, filterFields, firstValue, joinedValue, listMembers, withField } from '../fields.ts'
import type { ResponseHead } from '../message.ts'
import type { Coding } from './accept-encoding.ts'
import { isCompressibleType } from './media-types.ts'

/** CloudFront's bounds: below, the coding's own bytes eat the gain; above, the work is too long. Bytes. */
const BYTES_MIN = 1_000
const BYTES_MAX = 10_000_000

/** Statuses whose bodies CloudFront compresses. */
const STATUSES: ReadonlySet<number> = new Set([200, 403, 404])

/**
 * Whether a response has a body to encode, by CloudFront's rules: status, size, media type, and no coding
 * of the origin's own. `no-transform` forbids it (RFC 9111 §5.2.2.6). That the response may be stored at
 * all is for the caller to know.
 *
 * @param bytes length of the body, `undefined` when it isn't known (CloudFront wants a `Content-Length` too)
 */
export function isEncodable({ status, fields }: ResponseHead, bytes: number | undefined): boolean {
  if (bytes === undefined || bytes < BYTES_MIN || bytes > BYTES_MAX) return false
  if (!STATUSES.has(status)) return false
  if (firstValue(fields, 'content-encoding') !== undefined) return false
  if (firstValue(fields, 'content-range') !== undefined) return false
  if (!isCompressibleType(firstValue(fields, 'content-type'))) return false
  return !/(^|[\s,])no-transform\s*($|,)/i.test(joinedValue(fields, 'cache-control') ?? '')
}

/**
 * Fields that say something of the bytes of the body as the origin sent it, and aren't true of others:
 * `Content-Digest` is of the content, `Repr-Digest` and the older `Digest` of the representation with its
 * coding (RFC 9530 §2, §3, RFC 3230). Ranges are had of the body as it is, so `Accept-Ranges` would
 * promise something else than what is here.
 */
const OF_THE_BYTES: ReadonlySet<string> = new Set([
  'accept-ranges',
  'content-digest',
  'content-encoding',
  'content-length',
  'content-md5',
  'digest',
  'etag',
  'repr-digest',
])

/** A response's fields once its body is encoded; its `Content-Length` is for whoever knows it. */
export function encodedFields(fields: Fields, coding: Coding): Fields {
  const kept = filterFields(fields, (name) => !OF_THE_BYTES.has(name))
  kept.push('Content-Encoding', coding)
  const etag = weakened(firstValue(fields, 'etag'))
  if (etag !== undefined) kept.push('ETag', etag)
  return varyingFields(kept)
}

/** A response's fields where what is sent depends on `Accept-Encoding`, whichever form it is (RFC 9110 §12.5.5). */
export function varyingFields(fields: Fields): Fields {
  const vary = joinedValue(fields, 'vary')
  const named = listMembers(vary)
  if (named.includes('accept-encoding') || named.includes('*')) return fields
  return withField(fields, 'Vary', named.length === 0 ? 'Accept-Encoding' : `${vary}, Accept-Encoding`)
}

/** An entity tag (RFC 9110 §8.8.3). */
const ENTITY_TAG = /^(W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/

/**
 * The tag of an encoded body: a strong one names other bytes (RFC 9110 §8.8.1), so it becomes weak; what
 * is no tag is dropped, as with CloudFront.
 */
function weakened(etag: string | undefined): string | undefined {
  const [, weakness] = ENTITY_TAG.exec(etag ?? '') ?? []
  if (etag === undefined || !ENTITY_TAG.test(etag)) return undefined
  return weakness === undefined ? `W/${etag}` : etag
}
