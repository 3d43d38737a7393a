import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Duplex, Readable } from 'node:stream'
import { ViewerGone } from '../cache/fetch/flight.ts'
import { Departure } from '../cache/leaving.ts'
import { interimTo } from '../distribution/interim.ts'
import type { Transfer } from '../viewer.ts'
import { answerRequest, type Behind, type Outlet, pour } from './answering.ts'
import { endWith, rawHead } from './raw-head.ts'
import { receivedOverHttp1, unreadableRequest, viewerRequestOf } from './request.ts'
import { withLength } from './response-head.ts'

/** Takes HTTP/1.1 requests from node:http, and writes the answers. @param scheme `http` or `https` */
export function http1Listener(scheme: string, behind: Behind): RequestListener {
  return (incoming, response) => {
    const outlet = outletOf(incoming, response)
    beginAnswer(incoming, response)
    const gone = new Departure()
    response.once('close', () => {
      if (!response.writableFinished) gone.abort(new ViewerGone())
    })
    const viewer = viewerRequestOf(receivedOverHttp1(incoming, scheme, gone))
    viewer.request.informed = interimTo(incoming, response)
    void answerRequest(viewer, outlet, behind)
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

/** A response of node:http, and what goes over the wire for it. */
function outletOf(incoming: IncomingMessage, response: ServerResponse): Outlet {
  const startedMs = performance.now()
  // Once a request is destroyed it has none.
  const { socket } = incoming
  const sinceStartUs = (ms: number) => Math.round((ms - startedMs) * 1000)
  let firstByteMs: number | undefined
  let counted: ReturnType<typeof bytesSinceLast> | undefined
  // Before node:http's own listener, which writes what waits behind this response on a pipeline.
  response.prependOnceListener('finish', () => {
    counted = bytesSinceLast(socket)
  })
  const closed = new Promise((resolve) => response.once('close', resolve)).then((): Transfer => {
    const endedMs = performance.now()
    return {
      status: response.headersSent ? response.statusCode : 0,
      ...(counted ?? bytesSinceLast(socket)),
      timeToFirstByteUs: sinceStartUs(firstByteMs ?? endedMs),
      timeTakenUs: sinceStartUs(endedMs),
    }
  })
  return {
    closed,
    async write(answer) {
      const { status, body } = answer
      firstByteMs = performance.now()
      keepOpenSilently(incoming, response)
      response.writeHead(status, [...withLength(incoming.method ?? '', answer)])
      if (body instanceof Readable) await pour(body, response)
      else response.end(body)
    },
    fail({ status, fields, body }) {
      if (response.headersSent || response.destroyed) {
        response.destroy()
        return
      }
      keepOpenSilently(incoming, response)
      response.writeHead(status, [...fields])
      response.end(body)
    },
  }
}

/** A connection that stays open does so without a word, as in the express lane; HTTP/1.0 has to be told. */
function keepOpenSilently({ httpVersion }: IncomingMessage, response: ServerResponse): void {
  if (httpVersion === '1.1' && response.shouldKeepAlive && !response.hasHeader('connection'))
    response.removeHeader('connection')
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
