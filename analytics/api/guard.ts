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
        // Live traffic.
        connectSrc: ["'self'"],
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
    keyGenerator: (request) => callerName(request) ?? 'loopback',
    allowList: (request) => callerName(request) === undefined,
  })
  requireScopes(app, access)
}

/** Whose requests are counted together: a key's, or a network's; `undefined` for loopback, which has no limit. */
export function callerName({ caller, ip }: FastifyRequest): string | undefined {
  if (caller.kind === 'key') return `key ${caller.key.name}`
  // Our own edge, or the operator.
  return isLoopback(ip) ? undefined : normalizeIP(ip)
}

/** A socket that takes IPv4 and IPv6 writes the former as `::ffff:127.0.0.1`. */
function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/, '')
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'))
}
