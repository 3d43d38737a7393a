import { z } from 'zod'

const cacheControl = z
  .string()
  .default('public, max-age=60')
  .describe('`Cache-Control` of objects that bring none of their own.')

const indexDocument = z
  .union([z.string().regex(/^[^/]+$/, 'must be a file name'), z.literal(false)])
  .default('index.html')
  .describe('Document answered for a path that ends in `/`; `false` for none.')

/** An address to connect to; what is no part of that would be dropped in silence. */
const address = z
  .url({ protocol: /^https?$/ })
  .refine((url) => !/[?#]|\/\/[^/]*@/.test(url), 'must not hold a user, a query or a fragment')

const seconds = (maximum: number) => z.number().positive().max(maximum)

/** A folder on the shield's own disk. */
export const folderOrigin = z.strictObject({
  path: z.string().min(1).describe('The folder; relative to the configuration file.'),
  indexDocument,
  cacheControl,
})

/** A bucket behind the S3 protocol, of AWS or anybody else. */
export const s3Origin = z
  .strictObject({
    bucket: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/, 'must be the name of a bucket')
      .describe('The bucket’s name.'),
    prefix: z
      .string()
      .max(900)
      .regex(/^(?!(.*\/)?\.\.?(\/|$))/, 'must not hold the names `.` and `..`')
      .default('')
      .describe('Put before every key, without slashes at its ends, e.g. `site`.'),
    endpoint: address.optional().describe('Any S3 endpoint; AWS in `region` when left out.'),
    region: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/, 'must be the name of a region')
      .default('us-east-1')
      .describe('Its region, which signatures name too.'),
    addressing: z
      .enum(['path', 'host'])
      .optional()
      .describe('`endpoint/bucket/key` or `bucket.endpoint/key`; path with an `endpoint`, host without one.'),
    accessKeyId: z
      .string()
      .min(1)
      .optional()
      .describe('AWS_ACCESS_KEY_ID and its kin when left out; unsigned requests without either.'),
    secretAccessKey: z.string().min(1).optional().describe('The secret that goes with it.'),
    sessionToken: z.string().min(1).optional().describe('For keys that end by themselves.'),
    forbiddenIsMissing: z
      .boolean()
      .default(true)
      .describe('A bucket without the right to list answers 403 for a missing object: say 404 instead.'),
    indexDocument,
    cacheControl,
  })
  .check(({ value, issues }) => {
    const { accessKeyId, secretAccessKey } = value
    if ((accessKeyId === undefined) === (secretAccessKey === undefined)) return
    const path = [accessKeyId === undefined ? 'accessKeyId' : 'secretAccessKey']
    // No input: the message shows it, and what is around is secret.
    issues.push({ code: 'custom', message: 'is missing: give both keys, or neither', path, input: undefined })
  })

/** Any HTTP or HTTPS server. Timeouts carry CloudFront's names and defaults. */
export const httpOrigin = z.strictObject({
  url: address.describe('Scheme, host and port; a path is put before every path asked for.'),
  hostHeader: z
    .enum(['origin', 'viewer'])
    .default('origin')
    .describe(
      'Which name the origin is asked under: its own or the one that the viewer used. Under a cache policy ' +
        'the policies decide: the viewer’s where they list or take `Host`.',
    ),
  connectionAttempts: z
    .int()
    .min(1)
    .max(3)
    .default(3)
    .describe('How often a request is tried that may be repeated.'),
  connectionTimeout: seconds(10).default(10).describe('Seconds to connect.'),
  originReadTimeout: seconds(120)
    .default(30)
    .describe('Seconds to the head, and between two pieces of the body.'),
  originKeepaliveTimeout: seconds(120).default(5).describe('Seconds that an idle connection is kept.'),
})

const id = z.string().min(1).max(128).describe('Name by which `targetOriginId` refers to it.')

/** Headers that frame the message or say whom it is for: the connection's business. */
const UNCHANGEABLE = /^(connection|content-length|host|keep-alive|te|trailer|transfer-encoding|upgrade)$/i

const customHeaders = z
  .array(
    z.strictObject({
      headerName: z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/, 'is no name of a header')
        .refine((name) => !UNCHANGEABLE.test(name), 'is a header that cannot be set')
        .describe('Name.'),
      headerValue: z
        .string()
        .max(1_783)
        .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'has a character that no header may have')
        .describe('Value.'),
    }),
  )
  .max(30)
  .default([])
  .describe('Headers that go to the origin with every request, instead of the viewer’s of the same name.')

/** One origin: exactly one of `folder`, `s3` and `http`. */
export const originSchema = z.union([
  z.strictObject({ id, folder: folderOrigin.describe('A folder on the shield’s own disk.') }),
  z.strictObject({ id, s3: s3Origin.describe('A bucket behind the S3 protocol.') }),
  z.strictObject({ id, http: httpOrigin.describe('Any HTTP or HTTPS server.'), customHeaders }),
])

export type OriginSettings = z.infer<typeof originSchema>
export type FolderOriginSettings = z.infer<typeof folderOrigin>
export type S3OriginSettings = z.infer<typeof s3Origin>
export type HttpOriginSettings = z.infer<typeof httpOrigin>
