import { z } from 'zod'
import { normalisedTarget } from './normalise.ts'

/** Statuses that may have a page of their own, as with CloudFront. */
const errorCode = z.literal([400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504])

/** What is answered, and how long it is kept, when the answer would be an error. */
export const customErrorResponses = z
  .array(
    z.strictObject({
      errorCode: errorCode.describe('The status this is for.'),
      responsePagePath: z
        .string()
        .max(4_096)
        .regex(/^\/[\x21\x22\x24-\x7e]*$/, 'must be a path that begins with a slash')
        .refine((path) => normalisedTarget(path) !== undefined, 'can be read in more than one way')
        .optional()
        .describe('Page answered instead; fetched through the first behaviour that matches its path.'),
      responseCode: z
        .literal([200, 400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504])
        .optional()
        .describe('Status that the page is answered with; `errorCode` when left out.'),
      errorCachingMinTTL: z
        .int()
        .min(0)
        .max(31_536_000)
        .optional()
        .describe(
          'Least time that the error is kept, seconds. When left out: 10 under a cache policy, else as the ' +
            'origin says.',
        ),
    }),
  )
  .default([])
  .check(({ value, issues }) => {
    for (const [at, one] of value.entries()) {
      const { errorCode: code, responsePagePath, responseCode } = one
      if (value.findIndex((other) => other.errorCode === code) !== at) {
        issues.push({ code: 'custom', message: 'stands twice', input: code, path: [at, 'errorCode'] })
      }
      if (responseCode !== undefined && responsePagePath === undefined) {
        const message = 'needs a responsePagePath: only a page can have another status'
        issues.push({ code: 'custom', message, input: responseCode, path: [at, 'responseCode'] })
      }
    }
  })
  .describe('Pages of your own for errors, and how long errors are kept.')

export type CustomErrorResponse = z.infer<typeof customErrorResponses>[number]
