import { constants } from 'node:http2'
import { Readable } from 'node:stream'
import type { Answer } from '../../cache/answer.ts'
import { ViewerGone } from '../../cache/fetch/flight.ts'
import { type Fields, joinedValue } from '../../cache/fields.ts'
import { Departure, type Leaving } from '../../cache/leaving.ts'
import type { InterimOutlet } from '../../distribution/interim.ts'
import { ownAnswer } from '../../distribution/respond.ts'
import type { Transfer } from '../../viewer.ts'
import { type Outlet, pour } from '../answering.ts'
import { headBytes, responseFields } from '../http2/response-fields.ts'
import { type OpenStream, sendBody } from './open-stream.ts'

/** A stream as what an answer is written to. */
export interface StreamOutlet extends Outlet, InterimOutlet {
  /** Aborted when the viewer leaves before the response is whole. */
  gone: Leaving
  /** The request has not come in time: says so, if nothing else was said yet. */
  timeOut(): void
}

/**
 * Where the answer to a request goes that came over HTTP/2.
 *
 * @param method the request's
 * @param streams that share its connection
 */
export function streamOutlet(
  one: OpenStream,
  method: string,
  streams: ReadonlySet<OpenStream>,
): StreamOutlet {
  const { stream } = one
  const startedMs = performance.now()
  const sinceStartUs = (ms: number) => Math.round((ms - startedMs) * 1000)
  const gone = new Departure()
  const { promise: closed, resolve } = Promise.withResolvers<Transfer>()
  let status = 0
  let firstByteMs: number | undefined
  stream.once('close', () => {
    if (status === 0 || !stream.writableFinished) gone.abort(new ViewerGone())
    const endedMs = performance.now()
    resolve({
      status,
      bytesSent: one.givenBytes,
      bytesReceived: one.receivedBytes,
      timeToFirstByteUs: sinceStartUs(firstByteMs ?? endedMs),
      timeTakenUs: sinceStartUs(endedMs),
    })
  })

  const isOver = () => stream.destroyed || stream.closed

  /** Says an answer's head. @param body what is to follow */
  function begin(answer: Answer, body: Answer['body']): void {
    firstByteMs = performance.now()
    const fields = responseFields(answer.status, answer.fields)
    // As node:http does: who knows the length can tell a whole body from one that was cut off.
    if (Buffer.isBuffer(body) && !fields.includes('content-length')) {
      fields.push('content-length', String(body.byteLength))
    }
    stream.respond(fields, { endStream: body === undefined })
    status = answer.status
    one.givenBytes += headBytes(fields)
    if (stream.writableFinished) endOfRequest()
    else stream.once('finish', endOfRequest)
  }

  /** Who was answered before all of the request had come needn't send the rest (RFC 9113 §8.1). */
  function endOfRequest(): void {
    if (one.requestTimedOut !== undefined) stream.close(constants.NGHTTP2_NO_ERROR)
  }

  async function write(answer: Answer): Promise<void> {
    const body = hasContent(answer) && method !== 'HEAD' ? answer.body : undefined
    try {
      if (!isOver()) begin(answer, body)
    } finally {
      // Whoever feeds it must not wait for a reader who never comes.
      if (answer.body instanceof Readable && (body === undefined || !stream.headersSent))
        answer.body.destroy()
    }
    if (!stream.headersSent || body === undefined) return
    if (body instanceof Readable) {
      body.on('data', (chunk: Buffer) => {
        one.givenBytes += chunk.byteLength
      })
      await pour(body, stream)
    } else {
      sendBody(one, body, streams)
    }
  }

  function fail(page: Answer): void {
    if (isOver() || stream.headersSent) stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    else void write(page)
  }

  return {
    closed,
    gone,
    write,
    fail,
    timeOut() {
      if (stream.headersSent) {
        stream.close(constants.NGHTTP2_CANCEL)
        return
      }
      void write(ownAnswer(408, 'This request took too long to come.'))
      gone.abort(new ViewerGone())
    },
    get headersSent() {
      return stream.headersSent
    },
    get destroyed() {
      return isOver()
    },
    writeInformation(interim, fields) {
      stream.additionalHeaders({ ':status': interim, ...grouped(fields) })
    },
  }
}

/** Whether a response has content at all (RFC 9110 §6.4.1). */
function hasContent({ status, body }: Answer): boolean {
  return status !== 204 && status !== 304 && !(Buffer.isBuffer(body) && body.byteLength === 0)
}

/** Fields by name: there is no other way to say interim ones. */
function grouped(fields: Fields): Record<string, string> {
  const said: Record<string, string> = {}
  for (let at = 0; at < fields.length; at += 2) {
    const name = (fields[at] as string).toLowerCase()
    said[name] ??= joinedValue(fields, name) ?? ''
  }
  return said
}
