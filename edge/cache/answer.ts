import type { Readable } from 'node:stream'
import type { UpstreamError } from './fetch/upstream-error.ts'
import { type Fields, NO_FIELDS } from './fields.ts'
import { discardBody, type RequestHead, type Response } from './message.ts'
import type { Outcome } from './outcome.ts'
import { ifRangeHolds, type Origin } from './rules/conditional.ts'
import { ageSeconds } from './rules/freshness.ts'
import { type ByteRange, bytesIn, firstByteAsked } from './rules/range.ts'
import { failedPrecondition, type Segment, selectedOf } from './selected.ts'
import { readGenerated } from './slices/generated-body.ts'
import { announcedBytes, type StoredHead, type StoredResponse } from './store/stored-response.ts'

/** What the cache answers: a body that is here, one that still flows, or none. */
export interface Answer {
  status: number
  fields: Fields
  body?: Buffer | Readable | undefined
  outcome: Outcome
}

/**
 * The answer to a GET or HEAD out of a whole response: itself, a part of it (206), or that it hasn't
 * changed (304).
 */
export function answerFromStored(
  request: RequestHead,
  stored: StoredResponse,
  outcome: Outcome,
  nowMs: number,
  origin: Origin = 'stored',
): Answer {
  const head = { status: stored.status, fields: fieldsWithAge(stored, nowMs) }
  const { status, fields, segments } = selectedOf(request, head, stored.body.byteLength, origin)
  return { status, fields, body: bytesOf(segments, stored.body), outcome }
}

/** The answer to a GET or HEAD out of a response that is still arriving: all of it. */
export function answerFromStream(
  request: RequestHead,
  head: StoredHead,
  read: () => Readable,
  outcome: Outcome,
  nowMs: number,
): Answer {
  const fields = fieldsWithAge(head, nowMs)
  const conditional =
    head.status === 200 ? preconditionAnswer(request, fields, 'received', outcome) : undefined
  if (conditional !== undefined) return conditional
  const bodyless = request.method === 'HEAD' || head.status === 204
  return { status: head.status, fields, body: bodyless ? undefined : read(), outcome }
}

/**
 * As `answerFromStream`, or the one part that is asked for, as soon as it arrives.
 *
 * @returns `undefined` for parts that can't be told before all has arrived
 */
export function partFromStream(
  request: RequestHead,
  head: StoredHead,
  read: () => Readable,
  outcome: Outcome,
  nowMs: number,
): Answer | undefined {
  if (head.status !== 200 || !wantsPart(request, head)) {
    return answerFromStream(request, head, read, outcome, nowMs)
  }
  const bytes = announcedBytes(head.fields)
  if (bytes === undefined) return undefined
  const response = { status: 200, fields: fieldsWithAge(head, nowMs) }
  const { status, fields, segments } = selectedOf(request, response, bytes, 'received')
  const [range] = segments
  if (range === undefined) return { status, fields, outcome }
  if (segments.length > 1 || Buffer.isBuffer(range)) return undefined
  const body = bytesIn(range) === bytes ? read() : partOf(read(), range)
  return { status, fields, body, outcome }
}

/** Whether a request is for parts of a response, as far as can be told before its length is known. */
function wantsPart(request: RequestHead, { fields }: StoredHead): boolean {
  return firstByteAsked(request) !== undefined && ifRangeHolds(request.fields, fields)
}

/** A 304 or 412 where the request's preconditions ask for one, else `undefined`. */
export function preconditionAnswer(
  request: RequestHead,
  fields: Fields,
  origin: Origin,
  outcome: Outcome,
): Answer | undefined {
  const failed = failedPrecondition(request, fields, origin)
  return failed && { status: failed.status, fields: failed.fields, outcome }
}

/** The answer that is for one request alone, because its response may not be stored. */
export function answerFromUnshareable(request: RequestHead, response: Response, outcome: Outcome): Answer {
  const conditional =
    response.status === 200 ? preconditionAnswer(request, response.fields, 'received', outcome) : undefined
  const bodyless = conditional !== undefined || request.method === 'HEAD'
  if (bodyless) discardBody(response)
  return conditional ?? { ...response, body: bodyless ? undefined : response.body, outcome }
}

/** The answer to `only-if-cached` when nothing may be served (RFC 9111 §5.2.1.7). */
export const NOT_CACHED: Answer = {
  status: 504,
  fields: ['Content-Length', '0'],
  outcome: { kind: 'own', upstreamUs: 0 },
}

/** Upstream's failure as an answer, for the caller to word. */
export function failedAnswer(error: UpstreamError, outcome: Omit<Outcome, 'kind' | 'detail'>): Answer {
  return {
    status: error.status,
    fields: NO_FIELDS,
    outcome: { ...outcome, kind: 'failed', detail: error.failure },
  }
}

/** An answer with more fields: those that are for one request alone. */
export function withFields(answer: Answer, more: Fields): Answer {
  return more.length === 0 ? answer : { ...answer, fields: answer.fields.concat(more) }
}

/** A stored response's fields, which have no `Age`, with its current one (RFC 9111 §4: required). */
export function fieldsWithAge(head: StoredHead, nowMs: number): Fields {
  return head.fields.concat('Age', String(ageSeconds(head.deadlines, nowMs)))
}

function bytesOf(segments: readonly Segment[], body: Buffer): Buffer | undefined {
  const [first] = segments
  const isAll = first !== undefined && !Buffer.isBuffer(first) && bytesIn(first) === body.byteLength
  if (isAll && segments.length === 1) return body
  const pieces = segments.map((segment) =>
    Buffer.isBuffer(segment) ? segment : body.subarray(segment.first, segment.last + 1),
  )
  return pieces.length > 1 ? Buffer.concat(pieces) : pieces[0]
}

function partOf(body: Readable, range: ByteRange): Readable {
  return readGenerated(piecesOf(body, range), () => body.destroy())
}

async function* piecesOf(body: Readable, { first, last }: ByteRange): AsyncGenerator<Buffer> {
  let at = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const part = chunk.subarray(Math.max(0, first - at), Math.max(0, last + 1 - at))
    if (part.byteLength > 0) yield part
    at += chunk.byteLength
    if (at > last) return
  }
  throw new Error('the body is shorter than was announced')
}
