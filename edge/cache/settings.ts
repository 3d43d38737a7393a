import { z } from 'zod'

const MEBIBYTE = 1_048_576

/** Settings of a cache, the same for an edge's and a shield's. */
export const cacheSettings = {
  cacheBytes: z.int().min(MEBIBYTE).describe('Memory for cached responses, in each process.'),
  objectBytesMax: z
    .int()
    .min(0)
    .default(64 * MEBIBYTE)
    .describe(
      'Largest response body that is fetched whole; a larger one is cached in slices, if its origin gives ranges.',
    ),
  sliceBytes: z
    .int()
    .min(65_536)
    .max(64 * MEBIBYTE)
    .default(MEBIBYTE)
    .describe('Bodies that are larger are kept in slices of this length.'),
  disk: z
    .object({
      directory: z.string(),
      bytesMax: z.int().min(16 * MEBIBYTE),
    })
    .optional()
    .describe(
      'Cached responses on disk, shared by all workers and there after a restart; none when left out.',
    ),
}
