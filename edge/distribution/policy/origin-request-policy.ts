import { z } from 'zod'
import { cookieNames, headerNames, policyComment, policyId, policyName, queryNames } from './cache-policy.ts'

/** CloudFront's `OriginRequestPolicyConfig`: what goes to the origin beyond what is in the cache key. */
export const originRequestPolicySchema = z.strictObject({
  name: policyName.optional(),
  id: policyId,
  comment: policyComment,
  headersConfig: z
    .strictObject({
      headerBehavior: z
        .enum(['none', 'whitelist', 'allViewer', 'allViewerAndWhitelistCloudFront', 'allExcept'])
        .default('none')
        .describe(
          'Which request headers go on. `allViewer` is all that the viewer sent, Host included, but none of ' +
            'those that poison caches: these must be listed by name.',
        ),
      headers: headerNames,
    })
    .prefault({})
    .describe('Request headers beyond those in the key.'),
  cookiesConfig: z
    .strictObject({
      cookieBehavior: z
        .enum(['none', 'whitelist', 'all', 'allExcept'])
        .default('none')
        .describe('Which cookies go on.'),
      cookies: cookieNames,
    })
    .prefault({})
    .describe('Cookies beyond those in the key.'),
  queryStringsConfig: z
    .strictObject({
      queryStringBehavior: z
        .enum(['none', 'whitelist', 'all', 'allExcept'])
        .default('none')
        .describe('Which query parameters go on.'),
      queryStrings: queryNames,
    })
    .prefault({})
    .describe('Query parameters beyond those in the key.'),
})

export type OriginRequestPolicy = z.infer<typeof originRequestPolicySchema>
