import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Logger } from 'pino'
import type { Served } from '../answer-viewer.ts'
import type { Answer } from '../cache/answer.ts'
import { failureOf } from '../cache/fetch/exchange.ts'
import type { UpstreamFailure } from '../cache/fetch/upstream-error.ts'
import { ownAnswer } from '../distribution/respond.ts'
import { describeError } from '../program/errors.ts'
import type { Transfer, ViewerRequest } from '../viewer.ts'

/** What a front needs from the edge behind it. */
export interface Behind {
  answer(viewer: ViewerRequest): Promise<Served>
  /** Told once for each request, when its response has ended; `served` is missing when the viewer left before. */
  ended(viewer: ViewerRequest, served: Served | undefined, transfer: Transfer): void
  /** What is answered to bytes that are no request. */
  unreadable(viewer: ViewerRequest, status: number): Served
  log: Logger
}

/** Where the answer to one request goes: a response of HTTP/1.1, or a stream of HTTP/2. */
export interface Outlet {
  /**
   * Writes an answer; resolves when the last of it is on its way.
   *
   * @throws BodyBroke when the body did, and not the viewer; what was begun is broken off then
   */
  write(answer: Answer): Promise<void>
  /** Says what can still be said once something unforeseen has happened: this page, or nothing more. */
  fail(page: Answer): void
  /** Resolves once all has ended, whole or not. */
  closed: Promise<Transfer>
}

/** Answers a request, whichever version of HTTP it came by, and tells the log. Never rejects. */
export async function answerRequest(viewer: ViewerRequest, outlet: Outlet, behind: Behind): Promise<void> {
  const { requestId } = viewer
  let served: Served | undefined
  try {
    served = await behind.answer(viewer)
    await outlet.write(served.answer)
  } catch (error) {
    if (error instanceof BodyBroke) {
      served = served && brokenOff(served, error.failure)
      behind.log.warn({ requestId, failure: error.failure }, error.message)
    } else if (!viewer.gone.aborted) {
      behind.log.error({ requestId, error: describeError(error) }, 'a response broke off')
      outlet.fail(ownAnswer(500, `The server could not answer this request. Request id: ${requestId}`))
    }
  }
  behind.ended(viewer, served, await outlet.closed)
}

/**
 * Lets a body flow out, and breaks what it flows into when it breaks off.
 *
 * @throws BodyBroke when the body did, and not the viewer
 */
export async function pour(body: Readable, into: Writable): Promise<void> {
  let broke: BodyBroke | undefined
  body.once('error', (cause) => {
    // A viewer who leaves ends the body too, and is gone by then.
    if (!into.destroyed) broke = new BodyBroke(cause)
  })
  await pipeline(body, into).catch((error: unknown) => {
    throw broke ?? error
  })
}

/** A body was cut off where it comes from. */
class BodyBroke extends Error {
  readonly failure: UpstreamFailure

  constructor(cause: Error) {
    super(`a body broke off: ${cause.message}`, { cause })
    this.failure = failureOf(cause)
  }
}

/** The status is out already; what broke the body off is for the log. */
function brokenOff(served: Served, failure: UpstreamFailure): Served {
  return { ...served, resultType: 'Error', detailedResultType: failure }
}
