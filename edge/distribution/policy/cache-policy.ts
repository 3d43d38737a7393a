import { z } from 'zod'

/** Longest time that a cache policy may name, seconds: CloudFront's, a hundred years. */
const TTL_SECONDS_MAX = 3_153_600_000
/** Most names that one list of a policy may hold. */
const NAMES_MAX = 100

/** What names a policy: for its own list, and for whoever reads the file. */
export const policyName = z.string().min(1).max(128).describe('Name by which behaviours refer to it.')
export const policyComment = z.string().max(128).optional().describe('A note to yourself.')
export const policyId = z.string().max(128).optional().describe('CloudFront’s id of it, if it has one.')

/** A header's name (RFC 9110 §5.1), in lower case, for names are compared without it. */
export const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'is no name of a header')
  .toLowerCase()
const cookieName = z.string().regex(/^[^\s=;,]{1,128}$/, 'is no name of a cookie')
const queryName = z.string().min(1).max(128)

/** Names of headers that a policy lists; case does not count. */
export const headerNames = z.array(headerName).max(NAMES_MAX).default([]).describe('Names of headers.')
/** Names of cookies that a policy lists. */
export const cookieNames = z
  .array(cookieName)
  .max(NAMES_MAX)
  .default([])
  .describe('Names of cookies; case counts.')
/** Names of query parameters that a policy lists. */
export const queryNames = z
  .array(queryName)
  .max(NAMES_MAX)
  .default([])
  .describe('Names of query parameters, decoded; case counts.')

const seconds = z.int().min(0).max(TTL_SECONDS_MAX)

const parameters = z.strictObject({
  enableAcceptEncodingGzip: z
    .boolean()
    .default(false)
    .describe('Whether gzip responses are cached apart, and asked for where the viewer takes them.'),
  enableAcceptEncodingBrotli: z.boolean().default(false).describe('The same for Brotli.'),
  enableAcceptEncodingZstd: z.boolean().default(false).describe('The same for Zstandard; not in CloudFront.'),
  headersConfig: z
    .strictObject({
      headerBehavior: z
        .enum(['none', 'whitelist'])
        .default('none')
        .describe('Which request headers tell responses apart: none, or those listed in `headers`.'),
      headers: headerNames,
    })
    .prefault({})
    .describe('Request headers in the key.'),
  cookiesConfig: z
    .strictObject({
      cookieBehavior: z
        .enum(['none', 'whitelist', 'allExcept', 'all'])
        .default('none')
        .describe('Which cookies tell responses apart.'),
      cookies: cookieNames,
    })
    .prefault({})
    .describe('Cookies in the key.'),
  queryStringsConfig: z
    .strictObject({
      queryStringBehavior: z
        .enum(['none', 'whitelist', 'allExcept', 'all'])
        .default('none')
        .describe('Which query parameters tell responses apart.'),
      queryStrings: queryNames,
    })
    .prefault({})
    .describe('Query parameters in the key.'),
})

/** CloudFront's `CachePolicyConfig`: how long responses are kept, and what tells them apart. */
export const cachePolicySchema = z
  .strictObject({
    name: policyName.optional(),
    id: policyId,
    comment: policyComment,
    minTTL: seconds
      .default(0)
      .describe(
        'Least time that a response is kept, seconds. Over 0 it overrules `no-store`, `no-cache` and `private`.',
      ),
    defaultTTL: seconds
      .default(86_400)
      .describe('Time that a response is kept whose origin does not say how long, seconds.'),
    maxTTL: seconds.default(31_536_000).describe('Longest time that a response is kept, seconds.'),
    parametersInCacheKeyAndForwardedToOrigin: parameters
      .prefault({})
      .describe('What of a request is in the cache key; all of it goes to the origin too.'),
  })
  .check(({ value: { minTTL, maxTTL }, issues }) => {
    if (minTTL <= maxTTL) return
    issues.push({ code: 'too_big', origin: 'number', maximum: maxTTL, input: minTTL, path: ['minTTL'] })
  })

export type CachePolicy = z.infer<typeof cachePolicySchema>
