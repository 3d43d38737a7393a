import { z } from 'zod'
import { SelvedgeError } from '../../edge/program/errors.ts'

/** An object as it was put. */
export interface StoredObject {
  body: Buffer
  contentType: string
}

/**
 * Small objects by key, in a folder or a bucket: pictures, records, archives.
 *
 * A key is one or more names joined by `/`; see `checkedKey`. An object is replaced as a whole: a
 * reader gets the old one or the new one. Every method rejects with an `ObjectStoreError` when the
 * store can't be used.
 */
export interface ObjectStore extends AsyncDisposable {
  /** For an operator's eyes: `folder /srv/pictures`, `bucket pictures at https://…`. */
  readonly name: string
  /** The object, or `undefined` when there is none. */
  get(key: string): Promise<StoredObject | undefined>
  /** Stores or replaces. Once it has resolved, every reader gets the new object. */
  put(key: string, object: StoredObject): Promise<void>
  /** Removes. No object of that key is no error. */
  delete(key: string): Promise<void>
  /** Why it can't be used now, in words for an operator, or `undefined`. Asked once at start. */
  problem(): Promise<string | undefined>
}

/** Most bytes of one object: what comes back from a bucket is held in memory. */
export const OBJECT_BYTES_MAX = 16 * 1024 * 1024

const s3ObjectStore = z.strictObject({
  bucket: z.string().min(1).max(255).describe('The bucket’s name.'),
  prefix: z
    .string()
    .regex(/^([^/]+(\/[^/]+)*)?$/, 'must have no slash at its ends')
    .default('')
    .describe('Put before every key, without slashes at its ends, e.g. `thumbnails`.'),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Any S3 endpoint; AWS in `region` when left out.'),
  region: z.string().min(1).default('us-east-1').describe('Its region, which signatures name too.'),
  addressing: z
    .enum(['path', 'host'])
    .optional()
    .describe('`endpoint/bucket/key` or `bucket.endpoint/key`; path with an `endpoint`, host without one.'),
  accessKeyId: z.string().optional().describe("AWS's usual places when left out (environment, role …)."),
  secretAccessKey: z.string().optional().describe('The secret that goes with it.'),
})

/** Where objects are kept: exactly one of `folder` and `s3`. */
export const objectStoreSchema = z.union([
  z.strictObject({ folder: z.string().min(1).describe('A folder; made when it is missing.') }),
  z.strictObject({ s3: s3ObjectStore.describe('A bucket behind the S3 protocol.') }),
])

export type ObjectStoreSettings = z.infer<typeof objectStoreSchema>
export type S3ObjectStoreSettings = z.infer<typeof s3ObjectStore>

/** The store could not be read or written. Never "no such object", which is `undefined`. */
export class ObjectStoreError extends SelvedgeError {
  readonly code = 'SELVEDGE_OBJECT_STORE'
  override readonly status = 503
  override readonly publicMessage = 'The store of this service can not be reached now.'
  readonly remedy: string

  /** @param what the operation and the store, e.g. `reading a/b.webp from bucket pictures at …` */
  constructor(what: string, remedy: string, options?: ErrorOptions) {
    const cause = options?.cause instanceof Error ? ` (${options.cause.message})` : ''
    super(`${what} failed${cause}`, options)
    this.remedy = remedy
  }
}

/** Names with no dot in front, so neither `..` nor a hidden file, and nothing that a file system minds. */
const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}(\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}){0,15}$/

/**
 * The key, when it is one: up to 16 names of letters, digits, `-`, `_` and `.` (not first), joined by
 * `/`, 1,000 characters in all. So a key can be a path in any folder and leads out of none.
 *
 * @throws TypeError for any other: keys are made by programs, so it is a mistake of ours
 */
export function checkedKey(key: string): string {
  if (key.length <= 1_000 && KEY.test(key)) return key
  throw new TypeError(`not an object key: ${JSON.stringify(key.slice(0, 100))}`)
}
