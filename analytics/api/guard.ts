import { isIPv4 } from 'node:net'
import helmet from '@fastify/helmet'
import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AccessSettings } from './access.ts'
import { identifyCallers, requireScopes } from './admit.ts'
import { allowOrigins } from './cors.ts'

/**
 * Sets up what stands before every route: who may embed what (CSP and its like), from where scripts may
 * ask, who asks, how often, and whether they may.
 *
 * A route says what it is about, `config: { scope: 'rankings:read' }`, and needs nothing else.
 */
export async function guard(app: FastifyInstance, access: AccessSettings): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        scriptSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // Thumbnails are for showing elsewhere.
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    // Whether there is TLS is for whatever stands in front to know.
    hsts: false,
  })
  allowOrigins(app, access)
  identifyCallers(app, access)
  await app.register(rateLimit, {
    enableDraftSpec: true,
    timeWindow: '1 minute',
    max: ({ caller }: FastifyRequest) =>
      caller.kind === 'key' ? caller.key.requestsPerMinute : access.requestsPerMinute,
    keyGenerator: ({ caller, ip }) => (caller.kind === 'key' ? `key ${caller.key.name}` : normalizeIP(ip)),
    // Loopback is our own edge, or the operator.
    allowList: ({ caller, ip }) => caller.kind !== 'key' && isLoopback(ip),
  })
  requireScopes(app, access)
}

/** A socket that takes IPv4 and IPv6 writes the former as `::ffff:127.0.0.1`. */
function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/, '')
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'))
}
