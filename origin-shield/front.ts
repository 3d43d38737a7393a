import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Logger } from 'pino'
import type { Answer } from '../edge/cache/answer.ts'
import type { Cache } from '../edge/cache/cache.ts'
import { failureOf } from '../edge/cache/fetch/exchange.ts'
import { ViewerGone } from '../edge/cache/fetch/flight.ts'
import { UpstreamError } from '../edge/cache/fetch/upstream-error.ts'
import { type Fields, firstValue } from '../edge/cache/fields.ts'
import { Departure, type Leaving } from '../edge/cache/leaving.ts'
import type { Request, Upstream } from '../edge/cache/message.ts'
import { keyOfForwarded } from '../edge/distribution/cache-key.ts'
import { type InterimOutlet, interimTo } from '../edge/distribution/interim.ts'
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

/** A request as it was read, by node:http or by the lane. */
export interface ReadRequest {
  method: string
  target: string
  fields: Fields
  body: Readable | undefined
  httpVersion: string
}

/** Where an answer goes. */
export interface EdgeOutlet {
  outlet: InterimOutlet & { write(answer: Answer): Promise<void> }
  /** Breaks off what was begun: nothing more can be said. */
  destroy(): void
}

/** Answers one request from an edge, on its outlet. Never rejects. */
export type AnswersEdges = (read: ReadRequest, to: EdgeOutlet, gone: Leaving) => Promise<void>

/** Answers edges: the same cache as theirs, in front of the origins. */
export function answersEdges(shield: Shield): AnswersEdges {
  return async (read, { outlet, destroy }, gone) => {
    try {
      await outlet.write(await answerEdge(shield, read, outlet, gone))
    } catch (error) {
      if (gone.aborted) return
      shield.log.error({ error: error instanceof Error ? error.stack : error }, 'a response broke off')
      destroy()
    }
  }
}

/** Takes what node:http reads. */
export function shieldListener(answers: AnswersEdges): RequestListener {
  return (incoming, response) => {
    const gone = new Departure()
    response.once('close', () => {
      if (!response.writableFinished) gone.abort(new ViewerGone())
    })
    void answers(readRequestOf(incoming), outletOf(response), gone)
  }
}

async function answerEdge(
  shield: Shield,
  read: ReadRequest,
  outlet: InterimOutlet,
  gone: Leaving,
): Promise<Answer> {
  const { request, from } = edgeRequestOf(shield.key, read)
  if (from === undefined) return ownAnswer(403, 'This shield answers its own edges only.')
  const route = shield.origins.ofRequest(from.distribution, request.target)
  if (route === undefined) return ownAnswer(404, `This shield has no distribution ${from.distribution}.`)
  const { rules, selection } = route.behavior
  const keyOf = keyOfForwarded(from.distribution, request, selection)
  const origin = fromOrigin(route, shield.log, from)
  request.informed = interimTo(read, outlet)
  const answer = await shield.cache.answer({
    request,
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

/** What node:http read. */
export function readRequestOf(incoming: IncomingMessage): ReadRequest {
  const { method = 'GET', url: target = '/', rawHeaders: fields, httpVersion } = incoming
  const hasBody =
    firstValue(fields, 'content-length') !== undefined ||
    firstValue(fields, 'transfer-encoding') !== undefined
  return { method, target, fields, body: hasBody ? incoming : undefined, httpVersion }
}

/** A request as an edge sent it; `from` is missing when it was no edge of ours. */
export function edgeRequestOf(
  key: string,
  { method, target, fields: all, body }: ReadRequest,
): { request: Request; from: FromEdge | undefined } {
  const host = (firstValue(all, 'host') ?? '').toLowerCase()
  const from = readShieldFields(key, { method, host, target, scheme: '', fields: all }, Date.now())
  const fields = beyondTiers(all)
  return { request: { method, host, target, scheme: from?.scheme ?? 'http', fields, body }, from }
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

/** A response of node:http. */
function outletOf(response: ServerResponse): EdgeOutlet {
  const outlet = {
    get headersSent() {
      return response.headersSent
    },
    get destroyed() {
      return response.destroyed
    },
    writeInformation: (status: number, fields: string[]) => response.writeInformation(status, fields),
    async write({ status, fields, body }: Answer) {
      response.writeHead(status, [...fields])
      if (body instanceof Readable) await pipeline(body, response)
      else response.end(body)
    },
  }
  return { outlet, destroy: () => void response.destroy() }
}
