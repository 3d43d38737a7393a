import { isIPv4 } from 'node:net'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/**
 * Requests a minute from one address (IPv6: one /64). A page of 50 sites asks for 52 things, so this
 * is a person who turns a page every three seconds, or a program that asks twenty times a second.
 * Loopback has no limit: that is our own edge, or the operator.
 */
const REQUESTS_PER_MINUTE_MAX = 1_200

/** Longest that a browser remembers that it may ask, seconds; Chromium forgets after two hours anyway. */
const PREFLIGHT_SECONDS = 7_200

/**
 * Sets up what stands before every route: who may embed what (CSP and its like), from where scripts may
 * ask (anywhere: it is read-only and knows no user), and how often.
 */
export async function guard(app: FastifyInstance): Promise<void> {
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
  app.addHook('onRequest', allowEveryOrigin)
  await app.register(rateLimit, {
    max: REQUESTS_PER_MINUTE_MAX,
    timeWindow: '1 minute',
    allowList: (request) => isLoopback(request.ip),
  })
}

async function allowEveryOrigin(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  reply.headers({
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': 'ETag, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining',
  })
  if (request.method !== 'OPTIONS') return undefined
  reply.headers({
    'Access-Control-Allow-Methods': 'GET, HEAD',
    'Access-Control-Allow-Headers': '*',
    'Access-Control-Max-Age': PREFLIGHT_SECONDS,
  })
  return reply.code(204).send()
}

/** A socket that takes IPv4 and IPv6 writes the former as `::ffff:127.0.0.1`. */
function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/, '')
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'))
}
