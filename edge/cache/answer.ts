import type { Readable } from 'node:stream'
import { ifRangeHolds, type Origin, preconditionOf } from './conditional.ts'
import { type Fields, filterFields, firstValue, withField } from './fields.ts'
import { ageSeconds } from './freshness.ts'
import type { RequestHead } from './message.ts'
import type { Outcome } from './outcome.ts'
import { contentRange, rangeOf, unsatisfiedRange } from './range.ts'
import type { StoredHead, StoredResponse } from './stored-response.ts'

/** What the cache answers: a body that is here, one that still flows, or none. */
export interface Answer {
  status: number
  fields: Fields
  body?: Buffer | Readable | undefined
  outcome: Outcome
}

/**
 * Fields of the body that a 304 doesn't have. All others it brings: whoever asked may be a cache that
 * has to update what it stored (RFC 9111 §4.3.4). A viewer gets fewer: see `respond`.
 */
const BODY_FIELDS: ReadonlySet<string> = new Set([
  'content-digest',
  'content-encoding',
  'content-length',
  'content-range',
])

/** Fields that tell of all of the body, and so are not true of a part of it (RFC 9530 §2). */
const WHOLE_BODY_FIELDS: ReadonlySet<string> = new Set(['content-digest', 'content-length', 'content-md5'])

/**
 * The answer to a GET or HEAD out of a whole stored response: itself, a part of it (206), or that it
 * hasn't changed (304).
 */
export function answerFromStored(
  request: RequestHead,
  stored: StoredResponse,
  outcome: Outcome,
  nowMs: number,
): Answer {
  const fields = fieldsWithAge(stored, nowMs)
  if (stored.status !== 200) return whole(request, stored.status, fields, stored.body, outcome)
  return (
    preconditionAnswer(request, fields, 'stored', outcome) ??
    rangeAnswer(request, fields, stored.body, outcome) ??
    whole(request, 200, fields, stored.body, outcome)
  )
}

/** The answer to a GET out of a response that is still arriving. Ranges have to wait until it has arrived. */
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

/** A 304 or 412 where the request's preconditions ask for one, else `undefined`. */
export function preconditionAnswer(
  request: RequestHead,
  fields: Fields,
  origin: Origin,
  outcome: Outcome,
): Answer | undefined {
  switch (preconditionOf(request.fields, fields, origin)) {
    case 'not-modified':
      return { status: 304, fields: filterFields(fields, (name) => !BODY_FIELDS.has(name)), outcome }
    case 'failed':
      return { status: 412, fields: ['Content-Length', '0'], outcome }
    case 'answer':
      return undefined
  }
}

/** A response's fields with its current `Age` (RFC 9111 §4: required of a stored response). */
function fieldsWithAge(head: StoredHead, nowMs: number): Fields {
  return withField(head.fields, 'Age', String(ageSeconds(head.deadlines, nowMs)))
}

function rangeAnswer(
  request: RequestHead,
  fields: Fields,
  body: Buffer,
  outcome: Outcome,
): Answer | undefined {
  if (request.method !== 'GET' || !ifRangeHolds(request.fields, fields)) return undefined
  const range = rangeOf(firstValue(request.fields, 'range'), body.byteLength)
  if (range === undefined) return undefined
  const without = filterFields(fields, (name) => !WHOLE_BODY_FIELDS.has(name))
  if (range === 'unsatisfiable') {
    const bare = without.concat('Content-Range', unsatisfiedRange(body.byteLength), 'Content-Length', '0')
    return { status: 416, fields: bare, outcome }
  }
  const part = body.subarray(range.first, range.last + 1)
  const partial = without.concat(
    'Content-Range',
    contentRange(range, body.byteLength),
    'Content-Length',
    String(part.byteLength),
  )
  return { status: 206, fields: partial, body: part, outcome }
}

function whole(request: RequestHead, status: number, fields: Fields, body: Buffer, outcome: Outcome): Answer {
  if (status === 204) return { status, fields, outcome }
  const measured = withField(fields, 'Content-Length', String(body.byteLength))
  return { status, fields: measured, body: request.method === 'HEAD' ? undefined : body, outcome }
}
