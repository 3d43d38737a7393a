import type { FastifyInstance } from 'fastify'
import type { AccessSettings } from './access.ts'

/** Longest that a browser remembers that it may ask, seconds; Chromium forgets after two hours anyway. */
const PREFLIGHT_SECONDS = 7_200

/** What scripts may see of an answer beside its body. */
const EXPOSED = 'ETag, Link, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset'

/**
 * Lets scripts of other web sites ask (the Fetch standard, §3.2). `*` allows no `Authorization`, so that what a
 * script may send is named; cookies are never allowed, for there are none.
 */
export function allowOrigins(app: FastifyInstance, { origins }: AccessSettings): void {
  app.addHook('onRequest', async (request, reply) => {
    const origin = request.headers.origin ?? ''
    if (origins !== '*') reply.header('Vary', 'Origin')
    if (origins === '*' || origins.includes(origin)) {
      reply.headers({
        'Access-Control-Allow-Origin': origins === '*' ? '*' : origin,
        'Access-Control-Expose-Headers': EXPOSED,
      })
    }
    if (request.method !== 'OPTIONS') return undefined
    reply.headers({
      'Access-Control-Allow-Methods': 'GET, HEAD',
      'Access-Control-Allow-Headers': 'Authorization, X-API-Key, If-None-Match, Last-Event-ID',
      'Access-Control-Max-Age': PREFLIGHT_SECONDS,
    })
    return reply.code(204).send()
  })
}
