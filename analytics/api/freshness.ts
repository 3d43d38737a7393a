import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** How long caches may keep an answer, seconds: figures change by the second, nobody needs them to. */
const FRESH_SECONDS = 10

/**
 * Gives every answer that brings none of its own a `Cache-Control` and a strong `ETag`, and answers 304
 * to who has the same already (RFC 9110 §13.1.2).
 */
export function addFreshness(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const own = reply.getHeader('cache-control')
    const caching = String(own ?? `public, max-age=${FRESH_SECONDS}`)
    // What a key opened is in nobody's cache but its owner's, whatever the route says: placeholders (202) and 304 too.
    if (own !== undefined || reply.statusCode === 200)
      reply.header('Cache-Control', request.isPrivate ? caching.replace(/^public\b/, 'private') : caching)
    if (reply.statusCode !== 200) return payload
    if (typeof payload !== 'string' || reply.hasHeader('etag')) return payload
    reply.header('ETag', tagOf(payload))
    return isKnown(request, String(reply.getHeader('etag'))) ? unchanged(reply) : payload
  })
}

function tagOf(body: string): string {
  return `"${createHash('sha1').update(body).digest('base64url')}"`
}

/** Whether `If-None-Match` has the answer's tag. `W/` makes no difference to a GET. */
export function isKnown(request: FastifyRequest, tag: string): boolean {
  const given = request.headers['if-none-match']
  if (given === undefined) return false
  return given.trim() === '*' || given.split(',').some((one) => strong(one.trim()) === strong(tag))
}

function strong(tag: string): string {
  return tag.replace(/^W\//, '')
}

function unchanged(reply: FastifyReply): string {
  reply.code(304).removeHeader('Content-Length').removeHeader('Content-Type')
  return ''
}
