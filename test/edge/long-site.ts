import type { OutgoingHttpHeaders } from 'node:http'
import { pipeline, Readable } from 'node:stream'
import { type Site, site } from './site.ts'

/** An origin with one object too long to be kept anywhere: its bytes are made from their offsets. */
export interface LongSite extends Site {
  /** Ranges that were asked for, as sent; the empty text stands for the whole. */
  ranges: string[]
  /** Bytes of bodies that were handed to the sockets. */
  bytesSent: number
  /** What is told of the object from now on; a new version has other bytes. */
  object: LongObject
  /** Breaks the connection off once so many bytes of a response have been sent; as often as told. */
  breakAfter: { bytes: number; times: number } | undefined
}

/** What the object is like. */
export interface LongObject {
  bytes: number
  /** Seeds the bytes, and is in the entity tag. */
  version: number
  etag: 'strong' | 'weak' | 'none'
  takesRanges: boolean
  cacheControl: string
}

/** The byte at an offset of a version: it tells offsets and versions apart, also across slices. */
export function byteAt(offset: number, version: number): number {
  return (offset ^ (offset >>> 8) ^ Math.floor(offset / 65_536) ^ (version * 89)) & 0xff
}

/** The bytes of a range, both ends included. */
export function bytesAt(first: number, last: number, version: number): Buffer {
  const bytes = Buffer.allocUnsafe(last - first + 1)
  for (let at = first; at <= last; at += 1) bytes[at - first] = byteAt(at, version)
  return bytes
}

const PIECE_BYTES = 65_536

/** @param differing what differs from an object of 10 GB with ranges and a strong entity tag */
export async function longSite(differing: Partial<LongObject> = {}): Promise<LongSite> {
  const object: LongObject = {
    bytes: 10_000_000_000,
    version: 1,
    etag: 'strong',
    takesRanges: true,
    cacheControl: 'max-age=60',
    ...differing,
  }
  const long: LongSite = Object.assign(await site(), {
    ranges: [],
    bytesSent: 0,
    object,
    breakAfter: undefined,
  })
  long.answers((request, response) => {
    const asked = request.headers.range ?? ''
    long.ranges.push(asked)
    const fields = fieldsOf(long.object)
    if ('etag' in fields && request.headers['if-none-match'] === fields.etag) {
      response.writeHead(304, fields).end()
      return
    }
    const { bytes, takesRanges } = long.object
    const [, from = '0', to = ''] = (takesRanges && /^bytes=(\d+)-(\d*)$/.exec(asked)) || []
    const [first, last] = [Number(from), Math.min(Number(to || bytes), bytes - 1)]
    if (first >= bytes) {
      response.writeHead(416, { ...fields, 'content-range': `bytes */${bytes}` }).end()
      return
    }
    const isPart = takesRanges && asked !== ''
    const range = isPart ? { 'content-range': `bytes ${first}-${last}/${bytes}` } : {}
    response.writeHead(isPart ? 206 : 200, { ...fields, ...range, 'content-length': last - first + 1 })
    // A broken connection is what it is about.
    pipeline(Readable.from(piecesOf(long, first, last)), response, () => undefined)
  })
  return long
}

function fieldsOf({ etag, version, takesRanges, cacheControl }: LongObject): OutgoingHttpHeaders {
  return {
    'content-type': 'video/mp4',
    'cache-control': cacheControl,
    ...(etag !== 'none' && { etag: `${etag === 'weak' ? 'W/' : ''}"v${version}"` }),
    ...(takesRanges && { 'accept-ranges': 'bytes' }),
  }
}

function* piecesOf(long: LongSite, first: number, last: number): Generator<Buffer> {
  const { version } = long.object
  for (let at = first; at <= last; at += PIECE_BYTES) {
    const { breakAfter } = long
    if (breakAfter !== undefined && breakAfter.times > 0 && at - first >= breakAfter.bytes) {
      breakAfter.times -= 1
      throw new Error('breaks off as told')
    }
    const piece = bytesAt(at, Math.min(at + PIECE_BYTES - 1, last), version)
    long.bytesSent += piece.byteLength
    yield piece
  }
}
