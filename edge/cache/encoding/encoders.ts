import type { Transform } from 'node:stream'
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib'
import type { Coding } from './accept-encoding.ts'

/**
 * How much work an encoding is worth.
 *
 * - `draft`: made while the body arrives, for an object that most likely is never asked for again
 * - `final`: made once for an object that is, and kept
 */
export type Effort = 'draft' | 'final'

/**
 * Levels, by `npm run bench:encoding` (reveal.js's demo page, a CSS file, JavaScript of 119 KB and 1.7 MB,
 * JSON; how many times smaller, and MB/s of one core here):
 *
 *     gzip 1  3.3–7.1×  130–340     br 3  3.6–8.6×   100–290     zstd 3  3.6–8.1×   260–780
 *     gzip 6  3.8–9.3×   58–107     br 6  4.1–10.3×   42–99      zstd 9  3.8–10.1×   60–104
 *     gzip 9  3.8–9.6×   36–43      br 11 4.4–12.1×  0.6–1.0     zstd 19 3.9–11.0×  2.6–4.1
 *
 * A draft keeps up with any line at a size near gzip's own default. A final is where the next few per
 * cent begin to cost many times the work: Brotli from 9, Zstandard from 12, gzip from 7.
 */
export const LEVELS: Readonly<Record<Coding, Readonly<Record<Effort, number>>>> = {
  br: { draft: 3, final: 6 },
  zstd: { draft: 3, final: 9 },
  gzip: { draft: 1, final: 6 },
}

/** Each output chunk is a way from libuv's pool to the main thread and back, bytes. */
const CHUNK_BYTES = 65_536

/**
 * A stream that encodes what is written to it, in libuv's pool.
 *
 * @param bytes how much will be written: smaller windows do for smaller bodies
 */
export function createEncoder(coding: Coding, level: number, bytes: number): Transform {
  const chunkSize = Math.max(1024, Math.min(CHUNK_BYTES, bytes))
  switch (coding) {
    case 'br': {
      const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants
      const params = { [BROTLI_PARAM_QUALITY]: level, [BROTLI_PARAM_SIZE_HINT]: bytes }
      return createBrotliCompress({ chunkSize, params })
    }
    case 'zstd':
      return createZstdCompress({ chunkSize, params: { [constants.ZSTD_c_compressionLevel]: level } })
    case 'gzip':
      return createGzip({ chunkSize, level })
  }
}
