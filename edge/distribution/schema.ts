import { z } from 'zod'
import { customErrorResponses } from './error-response-schema.ts'
import { headerName } from './policy/cache-policy.ts'
import {
  cachePolicyReference,
  originRequestPolicyReference,
  responseHeadersPolicyReference,
} from './policy/policy-reference.ts'
import { viewerCertificate } from './viewer-certificate.ts'

/**
 * CloudFront's path pattern: `*` is any run of characters, `?` is one; case counts, the query doesn't.
 */
const pathPattern = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9_\-.*$/~"'@:+&?]+$/, 'has a character that a path pattern may not have')
  .describe('Which paths this behaviour is for, e.g. `images/*.jpg`; the first that matches wins.')

/** An HTTP method. TRACE shows a viewer what the edge adds for the origin; CONNECT is for proxies. */
const method = z
  .string()
  .regex(/^(?!TRACE$|CONNECT$)[A-Z][A-Z-]*$/, 'must be a method in capitals, and not TRACE or CONNECT')

const cacheBehaviorFields = {
  targetOriginId: z.string().optional().describe('Which of `origins` answers; the first when left out.'),
  viewerProtocolPolicy: z
    .enum(['allow-all', 'https-only', 'redirect-to-https'])
    .default('allow-all')
    .describe('What to do with a viewer who comes without TLS.'),
  allowedMethods: z
    .array(method)
    .min(1)
    .default(['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'])
    .describe(
      'Methods passed on; any other gets 403, as from CloudFront. Beyond CloudFront’s seven any may be added.',
    ),
  cachedMethods: z
    .array(z.enum(['GET', 'HEAD', 'OPTIONS']))
    .default(['GET', 'HEAD'])
    .describe('Methods whose responses are kept: GET and HEAD, and OPTIONS where you add it.'),
  cachePolicy: cachePolicyReference,
  originRequestPolicy: originRequestPolicyReference,
  responseHeadersPolicy: responseHeadersPolicyReference,
  compress: z
    .boolean()
    .default(true)
    .describe('Whether we compress what the origin sent as it is, for viewers who take it compressed.'),
  requestDirectives: z
    .enum(['ignore', 'obey'])
    .default('ignore')
    .describe(
      'Whether a viewer’s own `Cache-Control` counts (RFC 9111 §5.2.1). CloudFront ignores it, so that no ' +
        'viewer can make us ask the origin. Not in CloudFront.',
    ),
}

const defaultCacheBehavior = z.strictObject(cacheBehaviorFields).check(fitsTogether)
const cacheBehavior = z.strictObject({ pathPattern, ...cacheBehaviorFields }).check(fitsTogether)

type MethodsAndPolicies = Pick<
  z.infer<z.ZodObject<typeof cacheBehaviorFields>>,
  'allowedMethods' | 'cachedMethods' | 'cachePolicy' | 'originRequestPolicy'
>

/** What one field alone can't say wrong. */
function fitsTogether({ value, issues }: z.core.ParsePayload<MethodsAndPolicies>): void {
  const { allowedMethods, cachedMethods, cachePolicy, originRequestPolicy } = value
  if (originRequestPolicy !== undefined && cachePolicy === undefined) {
    const message = 'needs a cachePolicy: without one all of the request goes to the origin anyway'
    issues.push({ code: 'custom', message, input: originRequestPolicy.name, path: ['originRequestPolicy'] })
  }
  const path = ['cachedMethods']
  const missing = (['GET', 'HEAD'] as const).find((one) => !cachedMethods.includes(one))
  if (missing !== undefined) {
    issues.push({ code: 'custom', message: `must hold ${missing}`, input: cachedMethods, path })
  }
  if (cachedMethods.includes('OPTIONS') && !allowedMethods.includes('OPTIONS')) {
    const message = 'holds OPTIONS, which allowedMethods does not'
    issues.push({ code: 'custom', message, input: cachedMethods, path })
  }
}

/** A name that viewers ask for: exact, `*.example.com`, or `*` for every name. */
const alias = z
  .string()
  .toLowerCase()
  .regex(
    /^(\*|(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)$/,
    'is no host name, no `*.name` and not `*`',
  )

/** What an edge knows of a distribution: all but its origins, which are the shield's business. */
export const distributionSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,63}$/, 'must be 1 to 63 letters, digits, `-` or `_`')
    .describe('Names the distribution in logs, metrics and between edge and shield.'),
  aliases: z.array(alias).min(1).describe('Host names it answers to.'),
  viewerCertificate: viewerCertificate
    .optional()
    .describe('Its certificate, for viewers who ask for one of its names; that of the edge when left out.'),
  site: z
    .string()
    .toLowerCase()
    .optional()
    .describe('Name it ranks under; else the registrable domain of the Host.'),
  category: z
    .string()
    .regex(/^[^\p{C}]{1,128}$/u, 'must be 1 to 128 printable characters')
    .optional()
    .describe('Sites of one category are ranked among themselves too, e.g. `News`.'),
  enabled: z.boolean().default(true).describe('Whether it is served; if not, its names are unknown (421).'),
  defaultRootObject: z
    .string()
    .regex(/^[^/?#%][^?#%]*$/, 'must be a path without a slash in front, a query or an escape')
    .optional()
    .describe('Object answered for `/`, e.g. `index.html`.'),
  folderIndex: z
    .string()
    .regex(/^[^/?#%]+$/, 'must be a file name')
    .optional()
    .describe(
      'Object asked for instead of a path that ends in a slash, e.g. `index.html` for `/docs/`; `/` itself ' +
        'goes by `defaultRootObject` where there is one. Not in CloudFront.',
    ),
  defaultCacheBehavior: defaultCacheBehavior
    .prefault({})
    .describe('The rule for all paths that no other rule is for.'),
  cacheBehaviors: z
    .array(cacheBehavior)
    .max(75)
    .default([])
    .describe('Rules for some paths; the first whose pattern matches counts.'),
  customErrorResponses,
  cacheTagHeader: headerName
    .optional()
    .describe(
      'Response header that holds the tags by which objects can be invalidated, separated by commas; ' +
        '`Cache-Tag` and `Surrogate-Key` when left out.',
    ),
})

/** One site, or several that share everything, as an edge sees it. */
export type Distribution = z.infer<typeof distributionSchema>

/** The rule for some paths of a distribution. The default behaviour has the pattern `*`. */
export type CacheBehavior = z.infer<typeof cacheBehavior>
