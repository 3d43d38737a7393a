import type { Served } from '../../answer-viewer.ts'
import { type Fields, firstValue } from '../../cache/fields.ts'
import { ageSeconds, type Deadlines, ttlSeconds } from '../../cache/rules/freshness.ts'
import { REQUEST_ID_BYTES } from '../request-id.ts'
import { type Form, fitsUntil, writeSeconds } from '../wire-form.ts'
import { encodedBlock, writeField } from './hpack/encode.ts'
import { areWritable, headBytes, responseFields } from './response-fields.ts'

/**
 * A hit's answer over HTTP/2: its header block as it goes over the wire, on any connection, for nothing in it leans on
 * a table; and its body, where the cache has it. Three values differ from one time to the next, each in a slot of its
 * own that is as wide as the value was: age, time to live and request id (as in `wire-form.ts`).
 */
export interface BlockForm extends Form {
  /** TLS copies what it is given, so these bytes are nobody's but ours between one write and the next. */
  readonly block: Buffer
  readonly body: Buffer | undefined
  readonly slots: Slots
  /** What it says of its priority (RFC 9218 §8). */
  readonly priority: string | undefined
  /** What the slots hold, seconds. */
  age: number
  ttl: number
}

/** Where in the block the slots begin. */
interface Slots {
  age: number
  ttl: number
  requestId: number
}

/** As `Wording.formOf`. An HTTP/2 connection never ends with a response. */
export function blockFormOf(
  served: Served,
  deadlines: Deadlines,
  _closes: boolean,
  nowMs: number,
): BlockForm | undefined {
  const { status, fields: worded, body } = served.answer
  if (body !== undefined && !Buffer.isBuffer(body)) return undefined
  // Without a Date HTTP/1.1 would add one.
  if (firstValue(worded, 'date') === undefined || !areWritable(worded)) return undefined
  const fields = responseFields(status, worded)
  const coded = codedWithSlots(fields)
  if (coded === undefined) return undefined
  return {
    status,
    bytes: headBytes(fields) + (body?.byteLength ?? 0),
    block: coded.block,
    body: body?.byteLength === 0 ? undefined : body,
    slots: coded.slots,
    priority: firstValue(fields, 'priority'),
    deadlines,
    madeMs: nowMs,
    fitsUntilMs: fitsUntil(deadlines, nowMs),
    served,
    age: ageSeconds(deadlines, nowMs),
    ttl: ttlSeconds(deadlines, nowMs),
  }
}

/** Puts in the values of this moment. */
export function fillIn(form: BlockForm, requestId: Buffer, nowMs: number): void {
  const { block, slots } = form
  const age = ageSeconds(form.deadlines, nowMs)
  if (age !== form.age) {
    form.age = age
    writeSeconds(block, slots.age, age)
  }
  const ttl = ttlSeconds(form.deadlines, nowMs)
  if (ttl !== form.ttl) {
    form.ttl = ttl
    writeSeconds(block, slots.ttl, ttl)
  }
  block.set(requestId, slots.requestId)
}

/** What a field may take beside its name and value. */
const BESIDE_BYTES_MAX = 16

/** The block; `undefined` where a slot is missing or not as expected. */
function codedWithSlots(fields: Fields): { block: Buffer; slots: Slots } | undefined {
  const slots: Slots = { age: -1, ttl: -1, requestId: -1 }
  const parts: Buffer[] = []
  let bytes = 0
  let coded = 0
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    const value = fields[at + 1] as string
    const slotAt = slotIn(name, value)
    if (slotAt < 0) continue
    // Fields keep their order: what is between two slots is coded as it comes.
    const before = encodedBlock(fields.slice(coded, at))
    const field = Buffer.allocUnsafe(name.length + value.length + BESIDE_BYTES_MAX)
    const { end, valueAt } = writeField(field, 0, name, value, true)
    note(slots, name, bytes + before.byteLength + valueAt + slotAt)
    parts.push(before, field.subarray(0, end))
    bytes += before.byteLength + end
    coded = at + 2
  }
  parts.push(encodedBlock(fields.slice(coded)))
  const isWhole = slots.age >= 0 && slots.ttl >= 0 && slots.requestId >= 0
  return isWhole ? { block: Buffer.concat(parts), slots } : undefined
}

/** Where in a field's value its slot begins, or -1. */
function slotIn(name: string, value: string): number {
  switch (name) {
    case 'age':
      return 0
    case 'x-selvedge-request-id':
      return value.length === REQUEST_ID_BYTES ? 0 : -1
    case 'cache-status':
      return /^.*; ttl=(?=\d+$)/.exec(value)?.[0].length ?? -1
    default:
      return -1
  }
}

function note(slots: Slots, name: string, at: number): void {
  if (name === 'age') slots.age = at
  else if (name === 'cache-status') slots.ttl = at
  else slots.requestId = at
}
