import type { Served } from '../answer-viewer.ts'
import { firstValue } from '../cache/fields.ts'
import { ageSeconds, type Deadlines, ttlSeconds } from '../cache/rules/freshness.ts'
import { HEAD_ROOM_BYTES, withHeadRoom } from '../cache/store/body-memory.ts'
import { isClear, type Outgoing } from './outgoing.ts'
import { REQUEST_ID_BYTES } from './request-id.ts'
import { CLOSES, statusLine } from './response-head.ts'

/** A hit's answer, worded once and said again and again; how it is kept depends on the version of HTTP. */
export interface Form {
  readonly status: number
  /** All that goes over the wire, bytes. */
  readonly bytes: number
  readonly deadlines: Deadlines
  /** From when until when it can be said with other numbers, Unix ms. */
  readonly madeMs: number
  fitsUntilMs: number
  /** What the log and the metrics say of it. `cacheStatus` is without the seconds. */
  readonly served: Served
}

/**
 * A response as it goes over the wire, made once and written for every hit. Three values differ from one
 * time to the next, each in a slot of its own:
 *
 *     Age: 17
 *     Cache-Status: …; ttl=43
 *     X-Selvedge-Request-Id: q83vEjRWeJq80000002s
 *
 * A slot is as wide as its value was when the form was made. Padding would be legal (RFC 9110 §5.5), but
 * undici for one leaves it in the value; so a form fits until one of its numbers has a digit more or less.
 */
export interface WireForm extends Form {
  readonly closes: boolean
  readonly head: Buffer
  /** Head and body in one, where they stand side by side; it starts with `head`, on the same memory. */
  readonly whole: Buffer | undefined
  readonly body: Buffer | undefined
  readonly slots: Slots
  /** What the age and time-to-live slots of `head` hold, seconds. */
  age: number
  ttl: number
  /** Whom the kernel still has to send `whole` to: until it has, nobody may change these bytes. */
  lentTo: Outgoing | undefined
}

/** Where in the head the slots begin. */
interface Slots {
  age: number
  ttl: number
  requestId: number
}

/** Up to this length a body that has no room in front of it is copied behind its head. Bytes. */
const COPIED_BYTES_MAX = 65_536

/** Up to this length a response is taken for sent when it is written; how long a larger one takes is looked at. Bytes. */
export const QUICK_BYTES_MAX = 65_536

/** How long a form does that found the room in front of its body taken, ms: the next one may find it free. */
const WITHOUT_ROOM_MS = 100

/** What stands in for a request's id while a form is made. */
export const NO_REQUEST_ID = '0'.repeat(REQUEST_ID_BYTES)

/** What no header may hold; node:http would throw. */
export const UNWRITABLE = /[^\t\x20-\x7e\x80-\xff]/

/**
 * Makes the form of an answer out of memory.
 *
 * @param served worded with `NO_REQUEST_ID`
 * @param nowMs when it was worded, Unix ms
 * @param closes whether the connection ends with this response
 * @returns `undefined` for an answer whose fields aren't as expected: it has to go the long way
 */
export function wireFormOf(
  served: Served,
  deadlines: Deadlines,
  closes: boolean,
  nowMs: number,
): WireForm | undefined {
  const { status, body } = served.answer
  const headed = headText(served, closes)
  if (headed === undefined || (body !== undefined && !Buffer.isBuffer(body))) return undefined
  const { text, slots } = headed
  const bodyBytes = body?.byteLength ?? 0
  const room = body !== undefined && !closes && bodyBytes > COPIED_BYTES_MAX ? withHeadRoom(body) : undefined
  const memory = vacant(room, text.length) ?? memoryOfItsOwn(text.length, body)
  memory.write(text, 'latin1')
  const isWhole = memory.byteLength === text.length + bodyBytes
  const form: WireForm = {
    status,
    closes,
    bytes: text.length + bodyBytes,
    head: memory.subarray(0, text.length),
    whole: isWhole ? memory : undefined,
    body: bodyBytes === 0 ? undefined : body,
    deadlines,
    slots,
    madeMs: nowMs,
    fitsUntilMs: room === undefined || isWhole ? fitsUntil(deadlines, nowMs) : nowMs + WITHOUT_ROOM_MS,
    served,
    age: ageSeconds(deadlines, nowMs),
    ttl: ttlSeconds(deadlines, nowMs),
    lentTo: undefined,
  }
  if (room !== undefined && isWhole) tenants.set(room, form)
  return form
}

/** Whose head stands in the room before a body. */
const tenants = new WeakMap<Buffer, WireForm>()

/** The end of the room before a body, and the body; the form whose head was there is said no more. */
function vacant(room: Buffer | undefined, headBytes: number): Buffer | undefined {
  if (room === undefined || headBytes > HEAD_ROOM_BYTES) return undefined
  const tenant = tenants.get(room)
  if (tenant !== undefined) {
    if (!isFree(tenant)) return undefined
    tenant.fitsUntilMs = 0
  }
  return room.subarray(HEAD_ROOM_BYTES - headBytes)
}

/** Memory for a head, with a copy of a small body behind it. */
function memoryOfItsOwn(headBytes: number, body: Buffer | undefined): Buffer {
  if (body === undefined || body.byteLength > COPIED_BYTES_MAX) return Buffer.allocUnsafeSlow(headBytes)
  const memory = Buffer.allocUnsafeSlow(headBytes + body.byteLength)
  body.copy(memory, headBytes)
  return memory
}

/** The head, and where in it the slots are; `undefined` when one of them is missing, or something can't be said. */
function headText(
  { answer: { status, fields } }: Served,
  closes: boolean,
): { text: string; slots: Slots } | undefined {
  const slots: Slots = { age: 0, ttl: 0, requestId: 0 }
  let text = statusLine(status)
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    const value = fields[at + 1] as string
    if (UNWRITABLE.test(value)) return undefined
    noteSlot(slots, name.toLowerCase(), value, text.length + name.length + 2)
    text += `${name}: ${value}\r\n`
  }
  text += closes ? `${CLOSES}\r\n` : '\r\n'
  // Without a Date node:http would add one.
  const isWhole =
    slots.age > 0 && slots.ttl > 0 && slots.requestId > 0 && firstValue(fields, 'date') !== undefined
  return isWhole ? { text, slots } : undefined
}

/** @param at where the value begins */
function noteSlot(slots: Slots, name: string, value: string, at: number): void {
  switch (name) {
    case 'age':
      slots.age = at
      return
    case 'x-selvedge-request-id':
      slots.requestId = at
      return
    case 'cache-status':
      slots.ttl = at + (/^.*; ttl=(?=\d+$)/.exec(value)?.[0].length ?? -at)
  }
}

/** Whether the numbers of this moment have room in the form. */
export function fits(form: Form, nowMs: number): boolean {
  return nowMs < form.fitsUntilMs && nowMs >= form.madeMs
}

/** When the age will have a digit more, or the time to live a digit less. */
export function fitsUntil(deadlines: Deadlines, nowMs: number): number {
  const { bornAtMs, freshUntilMs } = deadlines
  const ageDigits = String(ageSeconds(deadlines, nowMs)).length
  const ttlDigits = String(ttlSeconds(deadlines, nowMs)).length
  // Half a second because the time to live is rounded.
  const shorterMs = ttlDigits === 1 ? 0 : 10 ** (ttlDigits - 1) * 1000 - 500
  return Math.min(bornAtMs + 10 ** ageDigits * 1000, freshUntilMs - shorterMs)
}

/** Whether the bytes of `whole` may be changed: nobody is still being sent them. */
export function isFree(form: WireForm): boolean {
  const { lentTo } = form
  if (lentTo === undefined) return true
  if (!isClear(lentTo) && !lentTo.socket.destroyed) return false
  form.lentTo = undefined
  return true
}

/** Writes the values of this moment into the form's own head. Only while it is free. */
export function fillIn(form: WireForm, requestId: Buffer, nowMs: number): void {
  const { head, slots } = form
  const age = ageSeconds(form.deadlines, nowMs)
  if (age !== form.age) {
    form.age = age
    writeSeconds(head, slots.age, age)
  }
  const ttl = ttlSeconds(form.deadlines, nowMs)
  if (ttl !== form.ttl) {
    form.ttl = ttl
    writeSeconds(head, slots.ttl, ttl)
  }
  head.set(requestId, slots.requestId)
}

/** A response up to this length is copied whole: cheaper than a second buffer. Bytes. */
const COPIED_AGAIN_BYTES_MAX = 8_192

/** A copy with the values of this moment: of all of a small response, else of the head alone. */
export function filledCopy(
  form: WireForm,
  requestId: Buffer,
  nowMs: number,
): { bytes: Buffer; isWhole: boolean } {
  const { whole, head, slots, deadlines } = form
  const isWhole = whole !== undefined && whole.byteLength <= COPIED_AGAIN_BYTES_MAX
  const source = isWhole ? whole : head
  const bytes = Buffer.allocUnsafe(source.byteLength)
  bytes.set(source)
  writeSeconds(bytes, slots.age, ageSeconds(deadlines, nowMs))
  writeSeconds(bytes, slots.ttl, ttlSeconds(deadlines, nowMs))
  bytes.set(requestId, slots.requestId)
  return { bytes, isWhole }
}

export function writeSeconds(into: Buffer, at: number, seconds: number): void {
  into.write(String(seconds), at, 'latin1')
}
