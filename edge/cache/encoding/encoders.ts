import { pipeline, type Readable, type Transform } from 'node:stream'
import { constants, createBrotliCompress, createGzip, createZstdCompress, type Zlib } from 'node:zlib'
import type { Coding } from './accept-encoding.ts'

/**
 * How much work an encoding is worth.
 *
 * - `draft`: made while the body arrives, for an object that most likely is never asked for again
 * - `final`: made once for an object that is, and kept
 */
export type Effort = 'draft' | 'final'

/**
 * Levels, by `npm run bench:encoding`: HTML, CSS, JavaScript and JSON of 22 KB to 1.7 MB, how many times
 * smaller and MB/s of one core of a small server:
 *
 *     gzip 1  3.3–5.5×  60–214     br 3   3.6–6.8×   81–181     zstd 3   3.6–6.5×   73–322
 *     gzip 6  3.8–6.7×  47–78      br 6   4.1–8.1×   31–59      zstd 9   3.8–7.5×   49–71
 *     gzip 9  3.8–6.9×  28–41      br 11  4.4–9.5×  0.6–1.0     zstd 19  3.9–8.1×  1.1–3.1
 *
 * A draft keeps up with any line and is nearly as small as gzip's own default. A final is where the next
 * few per cent begin to cost twice the work and more: Brotli from 9 on, Zstandard from 12, gzip from 7.
 */
export const LEVELS: Readonly<Record<Coding, Readonly<Record<Effort, number>>>> = {
  br: { draft: 3, final: 6 },
  zstd: { draft: 3, final: 9 },
  gzip: { draft: 1, final: 6 },
}

/** Each output chunk is a way from libuv's pool to the main thread and back, bytes. */
const CHUNK_BYTES = 65_536

/** A stream that encodes what is written to it. */
export type Encoder = Transform & Zlib

/**
 * A stream that encodes what is written to it, in libuv's pool.
 *
 * @param bytes how much will be written, exactly: a smaller body has a smaller window and smaller tables,
 *   which for Zstandard's higher levels is most of the time that it takes
 */
export function createEncoder(coding: Coding, level: number, bytes: number): Encoder {
  const chunkSize = Math.min(CHUNK_BYTES, Math.max(1_024, bytes))
  switch (coding) {
    case 'br': {
      const { BROTLI_PARAM_LGWIN, BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants
      const params = {
        [BROTLI_PARAM_QUALITY]: level,
        [BROTLI_PARAM_SIZE_HINT]: bytes,
        [BROTLI_PARAM_LGWIN]: windowBits(bytes),
      }
      return createBrotliCompress({ chunkSize, params })
    }
    case 'zstd': {
      const params = { [constants.ZSTD_c_compressionLevel]: level }
      return createZstdCompress({ chunkSize, params, pledgedSrcSize: bytes })
    }
    case 'gzip':
      return createGzip({ chunkSize, level })
  }
}

/** Brotli's window: no larger than the body, 4 MiB at most (RFC 7932 §9.1: 16 bytes less than a power of two). */
function windowBits(bytes: number): number {
  return Math.min(22, Math.max(10, Math.ceil(Math.log2(bytes + 16))))
}

/** After so long without anything new, what an encoder holds back is sent, ms. */
const IDLE_MS = 50

/**
 * Encodes a body as it comes. An encoder holds back until it has a block; a slow origin's page must be seen
 * to grow all the same. What cuts the body off destroys the encoder too, and so breaks off all who read it.
 */
export function encodeAsItComes(body: Readable, encoder: Encoder, coding: Coding): void {
  const idle = setTimeout(() => encoder.flush(FLUSH[coding]), IDLE_MS)
  pipeline(body, encoder, () => clearTimeout(idle))
  body.on('data', () => idle.refresh())
  body.once('end', () => clearTimeout(idle))
}

const FLUSH: Readonly<Record<Coding, number>> = {
  br: constants.BROTLI_OPERATION_FLUSH,
  zstd: constants.ZSTD_e_flush,
  gzip: constants.Z_SYNC_FLUSH,
}
