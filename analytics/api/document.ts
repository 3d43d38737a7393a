import swagger, { type SwaggerTransform, type SwaggerTransformObject } from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'

const DESCRIPTION = `What Selvedge knows of the sites that it serves, from its own access log.

**Ranks are within this CDN's traffic**, not the world's. A *page view* is a successful GET of a document
by a person: bots, prefetches and parts of pages don't count. A site's daily *reach* is the number of
distinct visitors with a page view that day (UTC); for ranking, a visitor's repeated view of one URL on one
day counts once, and the visitors of one network only up to a share of all others'. A day's *score* is the
square root of reach × page views; a window's score is the mean over those of its days that the CDN has any
records of, without the best and the worst seventh. Sites with equal scores share a rank (1, 1, 3). Where
chance could have moved a rank, \`bucket\` says that the site is only known to be among the first so many.

Every answer is read-only. Public figures need no key unless the operator wants one; each operation names the
scope that a key has to have otherwise. Requests are limited a minute, for one network or one key:
\`RateLimit-Limit\`, \`RateLimit-Remaining\` and \`RateLimit-Reset\` (seconds) say how much is left. Problems are told as \`application/problem+json\` (RFC 9457).`

/** Keeps zod's machinery out of what people read: the bounds of JavaScript's numbers, dates as patterns. */
function plain({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern
}

const zodToJsonConfig = { override: plain }
const transformSchemas = createJsonSchemaTransform({ zodToJsonConfig })

/** What a route needs, by OpenAPI's words (§4.8.30): a key with its scope, where a caller without one may not. */
const transformRoute: SwaggerTransform = (route) => {
  const scope = route.route.config?.scope
  const { schema, ...rest } = transformSchemas(route)
  if (scope === undefined) return { schema, ...rest }
  const security = [{}, { bearer: [scope] }, { apiKey: [scope] }]
  return { schema: { ...schema, security }, ...rest }
}

const transformDocument = createJsonSchemaTransformObject({ zodToJsonConfig })

/** Our named schemas describe answers; the library lists each a second time, as something to be sent. */
const withoutInputs: SwaggerTransformObject = (document) => {
  const whole = transformDocument(document)
  const schemas: Record<string, unknown> = ('components' in whole && whole.components?.schemas) || {}
  for (const name of Object.keys(schemas)) if (name.endsWith('Input')) delete schemas[name]
  return whole
}

/** Collects the routes that follow into an OpenAPI document. To be called before any of them is added. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Selvedge info API',
        version: '1.0.0',
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      // Relative to the document, so that it holds under whatever name it is served.
      servers: [{ url: '/', description: 'Where this document comes from.' }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'A key that the operator made.' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The same, otherwise.' },
        },
      },
      tags: [
        { name: 'rankings', description: 'Which sites have the most traffic.' },
        { name: 'sites', description: 'One site.' },
        {
          name: 'distributions',
          description: 'What a distribution answered: CloudFront’s reports and metrics.',
        },
        { name: 'usage', description: 'What is billed, and what that costs.' },
        { name: 'service', description: 'The API itself.' },
      ],
    },
    transform: transformRoute,
    transformObject: withoutInputs,
  })
}

/** `GET /openapi.json` */
export function addDocument(app: FastifyInstance): void {
  app.route({
    method: 'GET',
    url: '/openapi.json',
    schema: {
      operationId: 'getOpenApiDocument',
      summary: 'This document',
      tags: ['service'],
      response: { 200: z.record(z.string(), z.unknown()).describe('An OpenAPI 3.1 document.') },
    },
    handler: async (_request, reply) => {
      const body = JSON.stringify(app.swagger())
      return reply.type('application/json; charset=utf-8').send(body)
    },
  })
}
