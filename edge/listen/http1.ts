import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Logger } from 'pino'
import type { Served } from '../answer-viewer.ts'
import type { Answer } from '../cache/answer.ts'
import { failureOf } from '../cache/exchange.ts'
import { ViewerGone } from '../cache/flight.ts'
import type { UpstreamFailure } from '../cache/upstream-error.ts'
import { interimTo } from '../distribution/interim.ts'
import { ownAnswer } from '../distribution/respond.ts'
import type { Transfer, ViewerRequest } from '../viewer.ts'
import { endWith, rawHead } from './raw-head.ts'
import { unreadableRequest, viewerRequestOf } from './request.ts'

/** What the front needs from the edge behind it. */
export interface Behind {
  answer(viewer: ViewerRequest): Promise<Served>
  /** Told once for each request, when its response has ended; `served` is missing when the viewer left before. */
  ended(viewer: ViewerRequest, served: Served | undefined, transfer: Transfer): void
  /** What is answered to bytes that are no request. */
  unreadable(viewer: ViewerRequest, status: number): Served
  log: Logger
}

/** Takes HTTP/1.1 requests from node:http, and writes the answers. @param scheme `http` or `https` */
export function http1Listener(scheme: string, behind: Behind): RequestListener {
  return (incoming, response) => {
    const meter = startMeter(incoming, response)
    beginAnswer(incoming, response)
    const gone = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) gone.abort(new ViewerGone())
    })
    const viewer = viewerRequestOf(incoming, scheme, gone.signal)
    viewer.request.informed = interimTo(incoming, response)
    void handle(viewer, response, behind, meter)
  }
}

/**
 * Answers what node:http could not even parse, which is a response too and so is logged; then the
 * connection ends, for nobody can tell where the next request would begin.
 */
export function unreadable(scheme: string, behind: Pick<Behind, 'ended' | 'unreadable'>) {
  return (error: NodeJS.ErrnoException, socket: Duplex): void => {
    const connection = socket as Socket
    const underWay = answering.get(connection)
    const isAnswering = underWay !== undefined && underWay.responses > 0
    // What comes behind a request that closes the connection is ignored (RFC 9112 §9.6).
    if (error.code === 'HPE_CLOSED_CONNECTION' && isAnswering) return
    // More of the same behind our last words, which may be on their way still.
    if (refused.has(connection)) return
    // A request that broke off is never answered.
    const isBroken = isAnswering && !underWay.newest.complete
    if (error.code === 'ECONNRESET' || !socket.writable || isBroken) {
      socket.destroy()
      return
    }
    const status = UNREADABLE[error.code ?? ''] ?? 400
    // In the middle of an earlier response these bytes would be taken for a part of it.
    if (isAnswering) {
      socket.pause()
      lastWords.set(connection, () => refuse(connection, status))
    } else refuse(connection, status)
  }

  function refuse(connection: Socket, status: number): void {
    if (!connection.writable) return
    refused.add(connection)
    const viewer = unreadableRequest(connection, scheme)
    const served = behind.unreadable(viewer, status)
    endWith(connection, rawHead(served.answer))
    behind.ended(viewer, served, {
      status,
      ...bytesSinceLast(connection),
      timeToFirstByteUs: 0,
      timeTakenUs: 0,
    })
  }
}

/** What is under way on a connection; pipelined requests make it several responses. */
interface UnderWay {
  responses: number
  newest: IncomingMessage
}
const answering = new WeakMap<object, UnderWay>()

/** Connections that were given their last words. */
const refused = new WeakSet<object>()

/** What is to be said once they have ended. */
const lastWords = new WeakMap<object, () => void>()

function beginAnswer(incoming: IncomingMessage, response: ServerResponse): void {
  const { socket } = incoming
  const underWay = answering.get(socket) ?? { responses: 0, newest: incoming }
  underWay.responses += 1
  underWay.newest = incoming
  answering.set(socket, underWay)
  response.once('close', () => {
    underWay.responses -= 1
    if (underWay.responses === 0) lastWords.get(socket)?.()
  })
}

/** Statuses for what node:http gives up on; anything else is a 400. A head too large is a 413, as from CloudFront. */
const UNREADABLE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

async function handle(
  viewer: ViewerRequest,
  response: ServerResponse,
  behind: Behind,
  meter: Meter,
): Promise<void> {
  let served: Served | undefined
  try {
    served = await behind.answer(viewer)
    meter.firstByte()
    await write(response, served.answer)
  } catch (error) {
    if (error instanceof BodyBroke) {
      served = served && brokenOff(served, error.failure)
      behind.log.warn({ requestId: viewer.requestId, failure: error.failure }, error.message)
    } else if (!viewer.gone.aborted) {
      behind.log.error({ requestId: viewer.requestId, error: describe(error) }, 'a response broke off')
      failLate(response, viewer.requestId)
    }
  }
  meter.whenClosed((transfer) => behind.ended(viewer, served, transfer))
}

/**
 * Writes an answer; rejects when its body breaks off, and then the connection is broken too.
 *
 * @throws BodyBroke when the body did, and not the viewer
 */
async function write(response: ServerResponse, answer: Answer): Promise<void> {
  response.writeHead(answer.status, [...answer.fields])
  if (!(answer.body instanceof Readable)) {
    response.end(answer.body)
    return
  }
  let broke: BodyBroke | undefined
  answer.body.once('error', (cause) => {
    // A viewer who leaves ends the body too, and is gone by then.
    if (!response.destroyed) broke = new BodyBroke(cause)
  })
  await pipeline(answer.body, response).catch((error: unknown) => {
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

/** What can still be said once something unforeseen has happened: an error page, or a broken connection. */
function failLate(response: ServerResponse, requestId: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const answer = ownAnswer(500, `The server could not answer this request. Request id: ${requestId}`)
  response.writeHead(answer.status, [...answer.fields])
  response.end(answer.body)
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** Measures one exchange on its connection. */
interface Meter {
  firstByte(): void
  /** Calls back once the response has ended, whole or not. */
  whenClosed(done: (transfer: Transfer) => void): void
}

/** Bytes that earlier requests of a connection account for. */
const countedBytes = new WeakMap<object, { read: number; written: number }>()

/** Begins to count a connection's bytes anew, from what it had read and written until then. */
export function countFrom(socket: Socket, until: { read: number; written: number }): void {
  countedBytes.set(socket, until)
}

function bytesSinceLast(socket: Socket): Pick<Transfer, 'bytesSent' | 'bytesReceived'> {
  const before = countedBytes.get(socket) ?? { read: 0, written: 0 }
  const now = { read: socket.bytesRead, written: socket.bytesWritten }
  countedBytes.set(socket, now)
  return { bytesSent: now.written - before.written, bytesReceived: now.read - before.read }
}

function startMeter(incoming: IncomingMessage, response: ServerResponse): Meter {
  const startedMs = performance.now()
  const { socket } = incoming
  let firstByteMs: number | undefined
  const closed = new Promise<void>((resolve) => response.once('close', resolve))
  const sinceStartUs = (ms: number) => Math.round((ms - startedMs) * 1000)
  return {
    firstByte() {
      firstByteMs = performance.now()
    },
    whenClosed(done) {
      void closed.then(() => {
        const endedMs = performance.now()
        done({
          status: response.headersSent ? response.statusCode : 0,
          ...bytesSinceLast(socket),
          timeToFirstByteUs: sinceStartUs(firstByteMs ?? endedMs),
          timeTakenUs: sinceStartUs(endedMs),
        })
      })
    },
  }
}
