import { z } from 'zod'
import { headerName, policyComment, policyId, policyName } from './cache-policy.ts'

/** A header's value: nothing that could end the line (RFC 9110 §5.5). */
const fieldValue = z
  .string()
  .max(10_240)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'has a character that no header may have')

const override = z.boolean().default(false).describe('Whether it replaces what the origin sent.')
const seconds = z.int().min(0).max(2_147_483_647)
const names = z.array(fieldValue.min(1)).max(100)

const cors = z.strictObject({
  accessControlAllowOrigins: names
    .min(1)
    .describe('Origins that may read responses: `https://a.example`, with `*` for parts, or `*` alone.'),
  accessControlAllowHeaders: names.default([]).describe('Request headers allowed, or `*`.'),
  accessControlAllowMethods: z
    .array(z.enum(['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE', 'ALL']))
    .default([])
    .describe('Methods allowed.'),
  accessControlAllowCredentials: z
    .boolean()
    .default(false)
    .describe('Whether cookies may come with the request.'),
  accessControlExposeHeaders: names.default([]).describe('Response headers that scripts may read, or `*`.'),
  accessControlMaxAgeSec: seconds
    .optional()
    .describe('How long browsers keep a preflight’s answer, seconds.'),
  originOverride: z
    .boolean()
    .default(false)
    .describe('Whether these replace CORS headers of the origin’s; else its own stay, all of them.'),
})

const security = z.strictObject({
  contentSecurityPolicy: z
    .strictObject({ contentSecurityPolicy: fieldValue.describe('The policy.'), override })
    .optional()
    .describe('`Content-Security-Policy`.'),
  contentTypeOptions: z.strictObject({ override }).optional().describe('`X-Content-Type-Options: nosniff`.'),
  frameOptions: z
    .strictObject({
      frameOption: z.enum(['DENY', 'SAMEORIGIN']).describe('Who may show it in a frame.'),
      override,
    })
    .optional()
    .describe('`X-Frame-Options`.'),
  referrerPolicy: z
    .strictObject({
      referrerPolicy: z
        .enum([
          'no-referrer',
          'no-referrer-when-downgrade',
          'origin',
          'origin-when-cross-origin',
          'same-origin',
          'strict-origin',
          'strict-origin-when-cross-origin',
          'unsafe-url',
        ])
        .describe('The policy.'),
      override,
    })
    .optional()
    .describe('`Referrer-Policy`.'),
  strictTransportSecurity: z
    .strictObject({
      accessControlMaxAgeSec: seconds.describe('How long browsers remember it, seconds.'),
      includeSubdomains: z.boolean().default(false).describe('Adds `includeSubDomains`.'),
      preload: z.boolean().default(false).describe('Adds `preload`.'),
      override,
    })
    .optional()
    .describe('`Strict-Transport-Security`.'),
  xssProtection: z
    .strictObject({
      protection: z.boolean().describe('`1` or `0`.'),
      modeBlock: z.boolean().default(false).describe('Adds `mode=block`.'),
      reportUri: fieldValue.optional().describe('Adds `report=…`.'),
      override,
    })
    .optional()
    .describe('`X-XSS-Protection`.'),
})

/** Headers that are ours to word, or frame the message: no policy may set or remove them. */
const FIXED: ReadonlySet<string> = new Set([
  'age',
  'cache-status',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'date',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'vary',
  'via',
  'x-cache',
  'x-selvedge-request-id',
])

const changeable = headerName.refine((name) => !FIXED.has(name), 'is a header that no policy may change')

/** CloudFront's `ResponseHeadersPolicyConfig`: what viewers get beyond, or instead of, the origin's headers. */
export const responseHeadersPolicySchema = z.strictObject({
  name: policyName.optional(),
  id: policyId,
  comment: policyComment,
  corsConfig: cors.optional().describe('Cross-origin access; only added where the request has `Origin`.'),
  securityHeadersConfig: security.optional().describe('What browsers are told for safety’s sake.'),
  serverTimingHeadersConfig: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Whether `Server-Timing` tells how the answer came about.'),
      samplingRate: z
        .number()
        .min(0)
        .max(100)
        .default(100)
        .describe('Share of responses that get it, percent; `Pragma: server-timing` always does.'),
    })
    .optional()
    .describe('Timings for whoever measures.'),
  customHeadersConfig: z
    .array(
      z.strictObject({
        header: changeable.describe('Name.'),
        value: fieldValue.describe('Value.'),
        override,
      }),
    )
    .max(100)
    .default([])
    .describe('Headers of your own.'),
  removeHeadersConfig: z
    .array(changeable)
    .max(100)
    .default([])
    .describe('Headers of the origin’s that viewers don’t get.'),
})

export type ResponseHeadersPolicy = z.infer<typeof responseHeadersPolicySchema>
