import { z } from 'zod'

/**
 * CloudFront's path pattern: `*` is any run of characters, `?` is one; case counts, the query doesn't.
 */
const pathPattern = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9_\-.*$/~"'@:+&?]+$/, 'has a character that a path pattern may not have')
  .describe('Which paths this behaviour is for, e.g. `images/*.jpg`; the first that matches wins.')

/** An HTTP method that CloudFront passes on. */
const method = z.enum(['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'])

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
    .describe('Methods passed on; any other gets 403, as from CloudFront.'),
}

const defaultCacheBehavior = z.strictObject(cacheBehaviorFields)
const cacheBehavior = z.strictObject({ pathPattern, ...cacheBehaviorFields })

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
  site: z
    .string()
    .toLowerCase()
    .optional()
    .describe('Name it ranks under; else the registrable domain of the Host.'),
  enabled: z.boolean().default(true),
  defaultRootObject: z
    .string()
    .regex(/^[^/].*$/, 'must not begin with a slash')
    .optional()
    .describe('Object answered for `/`, e.g. `index.html`.'),
  defaultCacheBehavior: defaultCacheBehavior.prefault({}),
  cacheBehaviors: z.array(cacheBehavior).max(75).default([]),
})

/** One site, or several that share everything, as an edge sees it. */
export type Distribution = z.infer<typeof distributionSchema>

/** The rule for some paths of a distribution. The default behaviour has the pattern `*`. */
export type CacheBehavior = z.infer<typeof cacheBehavior>
