import { type CacheControl, cacheControlOf } from './cache-control.ts'
import { type Fields, filterFields, firstValue } from './fields.ts'
import { type Deadlines, deadlinesOf, type Exchange } from './freshness.ts'
import type { ResponseHead } from './message.ts'
import { type Selection, selectionOf } from './vary.ts'

/** A response in the store, or about to be: everything about it but its body. */
export interface StoredHead extends ResponseHead {
  /** Which requests it answers, among those of its key (RFC 9111 §4.1). */
  selection: Selection
  deadlines: Deadlines
}

/** A whole response in the store. Never changed: a newer one takes its place. */
export interface StoredResponse extends StoredHead {
  body: Buffer
}

/** What is worked out anew for every answer, and so isn't stored. */
const NOT_STORED: ReadonlySet<string> = new Set(['age'])

/** Fields of the stored body that a 304 must not touch (RFC 9111 §3.2). */
const BODY_FIELDS: ReadonlySet<string> = new Set(['content-encoding', 'content-length', 'content-range'])

/** The head to store of a response whose end-to-end fields are given. */
export function storedHeadOf(
  requestFields: Fields,
  response: ResponseHead,
  control: CacheControl,
  exchange: Exchange,
): StoredHead {
  return {
    status: response.status,
    fields: filterFields(response.fields, (name) => !NOT_STORED.has(name)),
    selection: selectionOf(requestFields, response.fields),
    deadlines: deadlinesOf(response, control, exchange),
  }
}

/**
 * The stored response after a 304 confirmed it (RFC 9111 §4.3.4): the fields of the 304 replace
 * those of the same name, its times count from now.
 */
export function freshened(stored: StoredResponse, fields: Fields, exchange: Exchange): StoredResponse {
  const updates = filterFields(fields, (name) => !BODY_FIELDS.has(name))
  const updated = new Set(updates.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()))
  const merged = [...filterFields(stored.fields, (name) => !updated.has(name)), ...updates]
  const head = { status: stored.status, fields: merged }
  return {
    status: stored.status,
    fields: filterFields(merged, (name) => !NOT_STORED.has(name)),
    selection: stored.selection,
    body: stored.body,
    deadlines: deadlinesOf(head, cacheControlOf(merged), exchange),
  }
}

/** Bytes that a stored response takes up in memory, near enough to keep the store in its bounds. */
export function storedBytes(stored: StoredResponse): number {
  const textBytes = (parts: readonly string[]) => parts.reduce((sum, part) => sum + part.length + 16, 0)
  return stored.body.byteLength + textBytes(stored.fields) + textBytes(stored.selection) + 256
}

/** Length of the body that a response announces, bytes, or `undefined` when it doesn't say. */
export function announcedBytes(fields: Fields): number | undefined {
  const value = firstValue(fields, 'content-length')
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
