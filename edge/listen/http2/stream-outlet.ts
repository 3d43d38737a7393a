import { Readable } from 'node:stream'
import type { Answer } from '../../cache/answer.ts'
import { ViewerGone } from '../../cache/fetch/flight.ts'
import { type Fields, firstValue } from '../../cache/fields.ts'
import { Departure, type Leaving } from '../../cache/leaving.ts'
import { discardBody } from '../../cache/message.ts'
import type { InterimOutlet } from '../../distribution/interim.ts'
import { ownAnswer } from '../../distribution/respond.ts'
import type { Transfer } from '../../viewer.ts'
import { type Outlet, pour } from '../answering.ts'
import { CODE } from './frames.ts'
import { encodedBlock } from './hpack/encode.ts'
import { ResponseBody } from './response-body.ts'
import { headBytes, responseFields } from './response-fields.ts'
import type { Stream } from './stream.ts'

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
 * @param startedMs when it came, monotonic
 */
export function streamOutlet(stream: Stream, method: string, startedMs: number): StreamOutlet {
  const sinceStartUs = (ms: number) => Math.round((ms - startedMs) * 1000)
  const gone = new Departure()
  const { promise: closed, resolve } = Promise.withResolvers<Transfer>()
  let status = 0
  let firstByteMs: number | undefined
  let outgoing: ResponseBody | undefined
  stream.onEnd = (ending) => {
    if (ending !== 'whole') {
      gone.abort(new ViewerGone())
      outgoing?.destroy(new ViewerGone())
    }
    const endedMs = performance.now()
    resolve({
      status,
      bytesSent: stream.givenBytes,
      bytesReceived: stream.receivedBytes,
      timeToFirstByteUs: sinceStartUs(firstByteMs ?? endedMs),
      timeTakenUs: sinceStartUs(endedMs),
    })
  }

  /** Says an answer's head. @param body what is to follow @returns its length, where that is known */
  function begin(answer: Answer, body: Answer['body']): number | undefined {
    firstByteMs = performance.now()
    const fields = responseFields(answer.status, answer.fields)
    // As node:http does: who knows the length can tell a whole body from one that was cut off.
    if (Buffer.isBuffer(body) && !fields.includes('content-length')) {
      fields.push('content-length', String(body.byteLength))
    }
    // As over HTTP/1.1 (RFC 9110 §6.6.1).
    if (firstValue(fields, 'date') === undefined) fields.push('date', new Date().toUTCString())
    const priority = firstValue(fields, 'priority')
    if (priority !== undefined) stream.saysPriority(priority)
    stream.sendHead(encodedBlock(fields), { isFinal: true, ends: body === undefined })
    status = answer.status
    stream.givenBytes += headBytes(fields)
    const length = firstValue(fields, 'content-length')
    return length === undefined ? undefined : Number(length)
  }

  async function write(answer: Answer): Promise<void> {
    const body = hasContent(answer) && method !== 'HEAD' ? answer.body : undefined
    if (stream.isClosed || stream.headSent) {
      // Whoever feeds it must not wait for a reader who never comes.
      discardBody(answer)
      return
    }
    let length: number | undefined
    try {
      length = begin(answer, body)
    } catch (error) {
      discardBody(answer)
      throw error
    }
    if (body === undefined) discardBody(answer)
    else if (body instanceof Readable) {
      outgoing = new ResponseBody(stream, length)
      await pour(body, outgoing)
    } else {
      stream.givenBytes += body.byteLength
      stream.send(body)
      stream.end()
    }
  }

  function fail(page: Answer): void {
    if (stream.headSent) stream.reset(CODE.internalError)
    else void write(page)
  }

  return {
    closed,
    gone,
    write,
    fail,
    timeOut() {
      if (stream.headSent) {
        stream.reset(CODE.cancel)
        return
      }
      void write(ownAnswer(408, 'This request took too long to come.'))
      gone.abort(new ViewerGone())
    },
    get headersSent() {
      return stream.headSent
    },
    get destroyed() {
      return stream.isClosed
    },
    writeInformation(interim, fields) {
      const said = responseFields(interim, fields as Fields)
      stream.givenBytes += headBytes(said)
      stream.sendHead(encodedBlock(said), { isFinal: false, ends: false })
    },
  }
}

/** Whether a response has content at all (RFC 9110 §6.4.1). */
function hasContent({ status, body }: Answer): boolean {
  return status !== 204 && status !== 304 && !(Buffer.isBuffer(body) && body.byteLength === 0)
}
