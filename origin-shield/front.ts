import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Logger } from 'pino'
import type { Answer } from '../edge/cache/answer.ts'
import type { Cache } from '../edge/cache/cache.ts'
import { failureOf } from '../edge/cache/exchange.ts'
import { firstValue } from '../edge/cache/fields.ts'
import { ViewerGone } from '../edge/cache/flight.ts'
import type { Request, Upstream } from '../edge/cache/message.ts'
import { UpstreamError } from '../edge/cache/upstream-error.ts'
import { keyOfForwarded } from '../edge/distribution/cache-key.ts'
import { interimTo } from '../edge/distribution/interim.ts'
import { requestForOrigin, responseFromOrigin } from '../edge/distribution/origin-exchange.ts'
import { ownAnswer, type Responded, respond } from '../edge/distribution/respond.ts'
import { beyondTiers, type FromEdge, readShieldFields } from '../edge/distribution/shield-protocol.ts'
import type { FailureMemory } from './failure-memory.ts'
import type { Origins, Route } from './origins.ts'

/** What the shield answers edges with. */
export interface Shield {
  node: string
  key: string
  cache: Cache
  origins: Origins
  failures: FailureMemory
  log: Logger
  /** Told of every answer. */
  answered(said: Responded): void
}

/** Answers edges: the same cache as theirs, in front of the origins. */
export function shieldListener(shield: Shield): RequestListener {
  return (incoming, response) => {
    const gone = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) gone.abort(new ViewerGone())
    })
    answerEdge(shield, incoming, response, gone.signal)
      .then((answer) => write(response, answer))
      .catch((error: unknown) => {
        if (gone.signal.aborted) return
        shield.log.error({ error: error instanceof Error ? error.stack : error }, 'a response broke off')
        response.destroy()
      })
  }
}

async function answerEdge(
  shield: Shield,
  incoming: IncomingMessage,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<Answer> {
  const { request, from } = edgeRequestOf(shield.key, incoming)
  if (from === undefined) return ownAnswer(403, 'This shield answers its own edges only.')
  const route = shield.origins.ofRequest(from.distribution, request.target)
  if (route === undefined) return ownAnswer(404, `This shield has no distribution ${from.distribution}.`)
  const { rules, selection } = route.behavior
  const keyOf = keyOfForwarded(from.distribution, request, selection)
  const origin = fromOrigin(route, shield.log, from)
  const answer = await shield.cache.answer({
    request: { ...request, informed: interimTo(incoming, response) },
    upstream: rules.cachedMethods.includes(request.method)
      ? shield.failures.guard(keyOf(request.target), rules.errorSeconds, origin)
      : origin,
    keyOf,
    viewer: gone,
    rules,
    group: from.distribution,
  })
  const said = respond(answer, {
    node: `${shield.node}-shield`,
    requestId: from.requestId,
    behindShield: false,
  })
  shield.answered(said)
  return answer.outcome.kind === 'failed' ? withFailure(said.answer) : said.answer
}

/** A request as an edge sent it; `from` is missing when it was no edge of ours. */
export function edgeRequestOf(
  key: string,
  incoming: IncomingMessage,
): { request: Request; from: FromEdge | undefined } {
  const { method = 'GET', url: target = '/', rawHeaders } = incoming
  const host = (firstValue(rawHeaders, 'host') ?? '').toLowerCase()
  const asked = { method, host, target, fields: rawHeaders }
  const from = readShieldFields(key, { ...asked, scheme: '' }, Date.now())
  const fields = beyondTiers(rawHeaders)
  const hasBody =
    firstValue(rawHeaders, 'content-length') !== undefined ||
    firstValue(rawHeaders, 'transfer-encoding') !== undefined
  return {
    request: { ...asked, scheme: from?.scheme ?? 'http', fields, body: hasBody ? incoming : undefined },
    from,
  }
}

/** Asks the origin, and tells the operator when that failed: the viewer only learns that it did. */
function fromOrigin(
  { behavior, origin }: Route,
  log: Logger,
  { requestId, distribution }: FromEdge,
): Upstream {
  return async (request, signal) => {
    const report = ({ message, remedy, failure }: UpstreamError) =>
      log.warn({ requestId, distribution, target: request.target, failure, remedy }, message)
    try {
      const response = await origin.fetch(requestForOrigin(request, behavior), signal)
      if (response.body instanceof Readable) {
        response.body.once('error', (cause) => {
          const failure = failureOf(cause)
          // What has no word of its own is that we gave it up.
          if (failure !== 'OriginError') report(new UpstreamError(failure, origin.name, { cause }))
        })
      }
      // What tiers say to each other, no origin may say.
      return responseFromOrigin({ ...response, fields: beyondTiers(response.fields) }, behavior)
    } catch (error) {
      if (error instanceof UpstreamError) report(error)
      throw error
    }
  }
}

/** Tells the edge that this is no response of an origin's, so that it may serve a stale one instead. */
function withFailure(answer: Answer): Answer {
  return { ...answer, fields: [...answer.fields, 'Selvedge-Failure', answer.outcome.detail ?? 'OriginError'] }
}

async function write(response: ServerResponse, answer: Answer): Promise<void> {
  response.writeHead(answer.status, [...answer.fields])
  if (answer.body instanceof Readable) await pipeline(answer.body, response)
  else response.end(answer.body)
}
