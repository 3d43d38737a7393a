import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isSignedBy } from '../../edge/program/shared-key.ts'
import { SegmentRefused } from './refusal.ts'
import type { Segment } from './segment-lines.ts'
import { isSegmentToken, segmentTokenIn } from './segment-token.ts'
import { UnpackedTooLarge, type Unpacker } from './unpack.ts'

/** Largest body, bytes, as it is sent and unpacked. Edges seal segments at 8 MiB of lines. */
const PACKED_BYTES_MAX = 16 * 1_048_576
export const UNPACKED_BYTES_MAX = 64 * 1_048_576

/** `Content-Digest` with SHA-256 alone (RFC 9530 §2). */
const CONTENT_DIGEST = /^sha-256=:([A-Za-z0-9+/]{43}=):$/

/** What is known of a segment before its body has come. */
export interface SegmentHead {
  token: string
  digest: Buffer
}

/**
 * Checks the head of a request, whatever can be known before the body is read.
 *
 * @param nowMs Unix ms
 * @throws SegmentRefused
 */
export function readSegmentHead(request: IncomingMessage, key: string, nowMs: number): SegmentHead {
  const { method = '', url = '', headers } = request
  const token = segmentTokenIn(url)
  if (token === undefined) throw new SegmentRefused('unknown-path', 'No segment has this path.')
  if (method !== 'PUT') throw new SegmentRefused('bad-method', `The method was ${method}.`)

  const contentDigest = String(headers['content-digest'] ?? '')
  const signature = headers['selvedge-signature']
  const signed = typeof signature === 'string' ? signature : undefined
  if (!isSignedBy(key, 'collector', [method, url, contentDigest], signed, nowMs)) {
    throw new SegmentRefused('bad-signature', 'Selvedge-Signature is missing, too old or not by our key.')
  }
  if (!isSegmentToken(token)) throw new SegmentRefused('bad-token', `No segment can be called ${token}.`)
  refuseOtherTypes(headers['content-type'], headers['content-encoding'])
  const [, digest] = CONTENT_DIGEST.exec(contentDigest) ?? []
  if (digest === undefined) throw new SegmentRefused('bad-digest', 'Content-Digest is no sha-256 digest.')
  if (Number(headers['content-length'] ?? 0) > PACKED_BYTES_MAX) throw tooLarge('sent', PACKED_BYTES_MAX)
  return { token, digest: Buffer.from(digest, 'base64') }
}

/**
 * Reads the body, and unpacks it when it is what the head said.
 *
 * @throws SegmentRefused
 */
export async function readSegmentBody(
  request: IncomingMessage,
  head: SegmentHead,
  unpacker: Unpacker,
): Promise<Segment> {
  const packed = await packedBody(request)
  const digest = createHash('sha256').update(packed).digest()
  if (!timingSafeEqual(digest, head.digest)) {
    throw new SegmentRefused('bad-digest', 'The body was altered or cut on its way.')
  }
  try {
    return { token: head.token, lines: await unpacker.unpack(packed) }
  } catch (error) {
    if (error instanceof UnpackedTooLarge) throw tooLarge('unpacked', UNPACKED_BYTES_MAX)
    throw new SegmentRefused('bad-compression', String(error), { cause: error })
  }
}

function refuseOtherTypes(type: string | undefined, encoding: string | undefined): void {
  if (type !== 'text/tab-separated-values') {
    throw new SegmentRefused('bad-type', `Content-Type was ${type ?? 'missing'}.`)
  }
  if (encoding !== 'zstd') {
    throw new SegmentRefused('bad-type', `Content-Encoding was ${encoding ?? 'missing'}.`)
  }
}

async function packedBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    // Left early, it must not take the connection along: the refusal still has to be said.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > PACKED_BYTES_MAX) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw new SegmentRefused('cut-off', 'The connection ended before the body did.', { cause: error })
  }
  if (bytes > PACKED_BYTES_MAX) throw tooLarge('sent', PACKED_BYTES_MAX)
  return Buffer.concat(chunks)
}

function tooLarge(how: 'sent' | 'unpacked', bytesMax: number): SegmentRefused {
  return new SegmentRefused('too-large', `As ${how} it has more than ${bytesMax} bytes.`)
}
