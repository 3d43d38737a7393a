import type { Served } from '../../answer-viewer.ts'
import { firstValue } from '../../cache/fields.ts'
import { ageSeconds, type Deadlines, ttlSeconds } from '../../cache/rules/freshness.ts'
import { areWritable, headBytes, responseFields, valueAt } from '../http2/response-fields.ts'
import type { Form } from '../wire-form.ts'

/**
 * A hit's answer as node:http2 takes it: a raw list of fields, made once. Before it is said, the values of this
 * moment are put in: age, time to live and request id.
 */
export interface FieldForm extends Form {
  /** Name, value, …, with `:status` first. */
  readonly fields: string[]
  readonly body: Buffer | undefined
  /** Where in `fields` the values of the moment are. */
  readonly at: { age: number; cacheStatus: number; requestId: number }
  /** `Cache-Status` up to its seconds. */
  readonly untilTtl: string
  /** What `fields` hold, seconds. */
  age: number
  ttl: number
}

/** As `Wording.formOf`. An HTTP/2 connection never ends with a response. */
export function fieldFormOf(
  served: Served,
  deadlines: Deadlines,
  _closes: boolean,
  nowMs: number,
): FieldForm | undefined {
  const { status, fields: worded, body } = served.answer
  if (body !== undefined && !Buffer.isBuffer(body)) return undefined
  // Without a Date node:http2 would add one.
  if (firstValue(worded, 'date') === undefined || !areWritable(worded)) return undefined
  const fields = responseFields(status, worded)
  const at = {
    age: valueAt(fields, 'age'),
    cacheStatus: valueAt(fields, 'cache-status'),
    requestId: valueAt(fields, 'x-selvedge-request-id'),
  }
  const untilTtl = /^.*; ttl=(?=\d+$)/.exec(fields[at.cacheStatus] ?? '')?.[0]
  if (at.age < 0 || at.requestId < 0 || untilTtl === undefined) return undefined
  return {
    status,
    bytes: headBytes(fields) + (body?.byteLength ?? 0),
    fields,
    body: body?.byteLength === 0 ? undefined : body,
    deadlines,
    madeMs: nowMs,
    fitsUntilMs: deadlines.freshUntilMs,
    served,
    at,
    untilTtl,
    age: ageSeconds(deadlines, nowMs),
    ttl: ttlSeconds(deadlines, nowMs),
  }
}

/** Puts in the values of this moment. node:http2 has read them all when `respond` returns. */
export function fillIn(form: FieldForm, requestId: string, nowMs: number): void {
  const { fields, at, deadlines } = form
  const age = ageSeconds(deadlines, nowMs)
  if (age !== form.age) {
    form.age = age
    fields[at.age] = String(age)
  }
  const ttl = ttlSeconds(deadlines, nowMs)
  if (ttl !== form.ttl) {
    form.ttl = ttl
    fields[at.cacheStatus] = form.untilTtl + ttl
  }
  fields[at.requestId] = requestId
}
