import { z } from 'zod'
import { objectStoreSchema } from '../../origin-shield/origin/object-store.ts'

const [inFolder, inBucket] = objectStoreSchema.options

const common = {
  prefix: z
    .string()
    .regex(/^([A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,9}\/?)?$/, {
      error: 'must be names of letters, digits, `-`, `_` and `.`, with slashes between',
    })
    .max(256)
    .default('')
    .describe('Put before the files’ names, e.g. `shop/`.'),
  includeCookies: z
    .literal(false)
    .default(false)
    .describe('Cookies are not logged, so there are none to include.'),
}

/** Where a distribution's log files go, in CloudFront's terms: exactly one of `folder` and `s3`. */
export const loggingSchema = z.union([
  z.strictObject({ ...inFolder.shape, ...common }),
  z.strictObject({ ...inBucket.shape, ...common }),
])

export type LoggingSettings = z.infer<typeof loggingSchema>
