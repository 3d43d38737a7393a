import { z } from 'zod'
import { cachePolicySchema } from './cache-policy.ts'
import { MANAGED_CACHE_POLICIES } from './managed-cache-policies.ts'
import { MANAGED_ORIGIN_REQUEST_POLICIES } from './managed-origin-request-policies.ts'
import { MANAGED_RESPONSE_HEADERS_POLICIES } from './managed-response-headers-policies.ts'
import { originRequestPolicySchema } from './origin-request-policy.ts'
import { responseHeadersPolicySchema } from './response-headers-policy.ts'

const WHICH = 'One of CloudFront’s managed ones by name or id, one of your own by name, or the policy itself.'

/** How a behaviour names its cache policy. Read, it is always the policy itself. */
export const cachePolicyReference = z
  .union([managed(MANAGED_CACHE_POLICIES.map((one) => cachePolicySchema.parse(one))), cachePolicySchema])
  .optional()
  .describe(
    `How long responses are kept and what tells them apart. ${WHICH} Without one: as long as the origin ` +
      'says (RFC 9111), told apart by all of the query and by `Vary`; all request headers go on.',
  )

/** How a behaviour names its origin request policy. */
export const originRequestPolicyReference = z
  .union([
    managed(MANAGED_ORIGIN_REQUEST_POLICIES.map((one) => originRequestPolicySchema.parse(one))),
    originRequestPolicySchema,
  ])
  .optional()
  .describe(`What goes to the origin beyond what is in the cache key. ${WHICH} Needs a \`cachePolicy\`.`)

/** How a behaviour names its response headers policy. */
export const responseHeadersPolicyReference = z
  .union([
    managed(MANAGED_RESPONSE_HEADERS_POLICIES.map((one) => responseHeadersPolicySchema.parse(one))),
    responseHeadersPolicySchema,
  ])
  .optional()
  .describe(`Headers that viewers get beyond, or instead of, the origin’s. ${WHICH}`)

/** A managed policy by its name, as CloudFront's console or Terraform (`Managed-…`) has it, or by its id. */
function managed<Policy extends { name?: string | undefined; id?: string | undefined }>(
  policies: readonly Policy[],
) {
  const names = policies.flatMap(({ name }) => (name === undefined ? [] : [name]))
  const byName = new Map(
    policies.flatMap((policy) => [
      [policy.name, policy],
      [`Managed-${policy.name}`, policy],
      [policy.id, policy],
    ]),
  )
  return z
    .string()
    .meta({ examples: names })
    .transform((name, context): Policy => {
      const found = byName.get(name)
      if (found !== undefined) return found
      context.issues.push({
        code: 'invalid_value',
        values: names,
        input: name,
        message: 'names no policy, neither a managed one nor one of this file',
      })
      return z.NEVER
    })
}
