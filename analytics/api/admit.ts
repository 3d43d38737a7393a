import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AccessSettings, Scope } from './access.ts'
import { type Caller, keyringOf } from './keyring.ts'
import { problemOf, Refusal } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a caller has to be allowed for this route; nobody needs a key where there is none. */
    scope?: Scope
  }
  interface FastifyRequest {
    /** Who asks. */
    caller: Caller
    /** Whether the answer is for this caller alone, and so for nobody's cache but theirs. */
    isPrivate: boolean
  }
}

const HOW = 'Send `Authorization: Bearer KEY` or `X-API-Key: KEY`; the operator makes keys.'

/** Tells who asks; to be called before whatever counts requests. */
export function identifyCallers(app: FastifyInstance, { keys }: AccessSettings): void {
  const callerOf = keyringOf(keys)
  app.decorateRequest('isPrivate', false)
  app.decorateRequest('caller')
  app.addHook('onRequest', async (request) => {
    request.caller = callerOf(request.headers)
  })
}

/** Lets only those in whom a route's scope allows; after requests are counted, so that guesses are. */
export function requireScopes(app: FastifyInstance, access: AccessSettings): void {
  app.addHook('preParsing', async (request, reply) => {
    const { scope } = request.routeOptions.config
    if (scope !== undefined) admit(request, reply, scope, access.anonymous)
  })
}

/**
 * Lets nobody to the routes of this part of the app that may not read all these without a key: for what has no
 * scope of its own, and is read by people.
 */
export function requireAnonymous(
  app: FastifyInstance,
  { anonymous }: AccessSettings,
  scopes: readonly Scope[],
): void {
  app.addHook('preParsing', async (request, reply) => {
    for (const scope of scopes) admit(request, reply, scope, anonymous)
  })
}

/** @throws Refusal: 401 without a key of ours, 403 with one that isn't for this (RFC 6750 §3.1) */
function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  scope: Scope,
  anonymous: readonly Scope[],
): void {
  const { caller } = request
  if (caller.kind === 'unknown-key') {
    reply.header('WWW-Authenticate', 'Bearer realm="selvedge", error="invalid_token"')
    throw new Refusal(problemOf('unknown-key', 'Nobody has this key.', { remedy: HOW }))
  }
  if (anonymous.includes(scope)) return
  request.isPrivate = true
  if (caller.kind === 'anonymous') {
    reply.header('WWW-Authenticate', 'Bearer realm="selvedge"')
    throw new Refusal(problemOf('key-needed', `This takes a key for ${scope}.`, { remedy: HOW }))
  }
  if (caller.key.scopes.includes(scope)) return
  reply.header('WWW-Authenticate', `Bearer realm="selvedge", error="insufficient_scope", scope="${scope}"`)
  const remedy = `Use a key that has ${scope}, or have the operator add it under \`analytics.access.keys\`.`
  throw new Refusal(problemOf('not-for-this-key', `This key is not for ${scope}.`, { remedy }))
}
