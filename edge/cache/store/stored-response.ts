import { randomBytes } from 'node:crypto'
import { type Fields, filterFields, firstValue, nameFilter } from '../fields.ts'
import type { Subject } from '../invalidation/invalidations.ts'
import { tagsOf } from '../invalidation/tags.ts'
import type { RequestHead, ResponseHead } from '../message.ts'
import { type CacheControl, cacheControlOf } from '../rules/cache-control.ts'
import { type Deadlines, deadlinesOf, type Exchange } from '../rules/freshness.ts'
import type { CacheRules } from '../rules/rules.ts'
import { type Selection, selectionOf, selects } from '../rules/vary.ts'

/** A response in the store, or about to be: everything about it but its body. */
export interface StoredHead extends ResponseHead, Subject {
  /** Which requests it answers, among those of its key (RFC 9111 §4.1). */
  selection: Selection
  deadlines: Deadlines
  /** Names this body among all that were ever stored: whatever is kept beside it is kept under this name. */
  version: string
  /** Set when the body is kept in slices, and then `body` is empty: its whole length, bytes. */
  sliced?: { bytes: number }
}

/** A whole response in the store. Never changed: a newer one takes its place. */
export interface StoredResponse extends StoredHead {
  body: Buffer
}

/** `Age` is worked out anew for every answer, and so isn't stored. */
const withoutAge = nameFilter((name) => name !== 'age')

/**
 * Fields that a 304 doesn't update, because the stored body depends on them (RFC 9111 §3.2): how it is
 * encoded, how long it is, and what identifies these very bytes.
 */
const BODY_FIELDS: ReadonlySet<string> = new Set([
  'content-digest',
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
  'etag',
  'repr-digest',
])

/** The head to store of a response whose end-to-end fields are given. */
export function storedHeadOf(
  asked: AskedFor,
  response: ResponseHead,
  exchange: Exchange,
  control = cacheControlOf(response.fields),
): StoredHead {
  const { request, rules, group, validAsOf } = asked
  return {
    status: response.status,
    fields: fieldsToStore(response.fields, control),
    selection: selectionOf(request.fields, response.fields),
    deadlines: deadlinesOf(response, control, exchange, rules),
    version: newVersion(),
    group,
    target: request.target,
    tags: tagsOf(response.fields, rules.tagHeader),
    validAsOf,
  }
}

/** All but what is worked out anew, and what the origin withholds from caches. */
function fieldsToStore(fields: Fields, { withheld }: CacheControl): string[] {
  const kept = withoutAge(fields)
  const toStore = withheld.length === 0 ? kept : filterFields(kept, (name) => !withheld.includes(name))
  // A copy has no room for more, as a list that was longer has.
  return toStore.slice()
}

/** What a response was asked for by. */
export interface AskedFor {
  request: RequestHead
  rules: CacheRules
  /** Distribution that the request belongs to. */
  group: string
  /** Number of the newest invalidation when the request went forward. */
  validAsOf: number
}

/** 96 random bits: workers and restarts never meet on one. */
const THIS_PROCESS = randomBytes(12).toString('base64url')
let versions = 0

function newVersion(): string {
  versions += 1
  return `${THIS_PROCESS}${versions.toString(36)}`
}

/**
 * The stored response after a 304 confirmed it (RFC 9111 §4.3.4): the fields of the 304 replace those of
 * the same name, its times count from now.
 *
 * A 304 with another entity tag than the one that we asked about contradicts itself. §4.3.4 would have us
 * not use it at all; servers that name an encoding in the tag do this (`"v1-gzip"` confirmed as `"v1"`), and
 * the precondition was about our tag, so we take the confirmation and keep the tag.
 */
export function freshened(
  stored: StoredResponse,
  fields: Fields,
  exchange: Exchange,
  asked: Pick<AskedFor, 'request' | 'rules' | 'validAsOf'>,
): StoredResponse {
  const merged = mergedFields(stored, fields)
  const control = cacheControlOf(merged)
  return {
    ...stored,
    fields: fieldsToStore(merged, control),
    // The 304 may vary by more than the response did.
    selection: selectionOf(asked.request.fields, merged),
    deadlines: deadlinesOf({ status: stored.status, fields: merged }, control, exchange, asked.rules),
    tags: tagsOf(merged, asked.rules.tagHeader),
    validAsOf: asked.validAsOf,
  }
}

/** A stored response's fields with what a 304 brings. */
function mergedFields(stored: StoredHead, fields: Fields): string[] {
  const updates = filterFields(fields, (name) => !BODY_FIELDS.has(name))
  const updated = new Set(updates.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()))
  return [...filterFields(stored.fields, (name) => !updated.has(name)), ...updates]
}

/**
 * The stored response after a soft invalidation: stale from now on, and used as a stale one may be. As old
 * as its lifetime, too: by its `Age` the cache that asked us knows that it is stale, and a viewer's does.
 *
 * @param nowMs Unix ms
 */
export function softened(stored: StoredResponse, nowMs: number, validAsOf: number): StoredResponse {
  const { deadlines } = stored
  const earlierMs = Math.max(0, deadlines.freshUntilMs - nowMs)
  return {
    ...stored,
    validAsOf,
    deadlines: {
      bornAtMs: deadlines.bornAtMs - earlierMs,
      freshUntilMs: deadlines.freshUntilMs - earlierMs,
      staleUntilMs: deadlines.staleUntilMs - earlierMs,
      staleIfErrorUntilMs: deadlines.staleIfErrorUntilMs - earlierMs,
      staleIfDisconnectedUntilMs: deadlines.staleIfDisconnectedUntilMs - earlierMs,
    },
  }
}

/**
 * The stored response that answers a request with these fields: of several the one that the origin made last
 * (RFC 9111 §4: "the most recent one (as determined by the Date header field)").
 *
 * @param variants newest to arrive first
 */
export function chosen(variants: readonly StoredResponse[], fields: Fields): StoredResponse | undefined {
  let newest: StoredResponse | undefined
  for (const variant of variants) {
    const isNewer = newest === undefined || variant.deadlines.bornAtMs > newest.deadlines.bornAtMs
    if (isNewer && selects(fields, variant.selection)) newest = variant
  }
  return newest
}

/**
 * The stored response after an origin failed to renew it: it goes on for a while as it is, so that not
 * everybody asks an origin that is down (CloudFront: `ErrorCachingMinTTL`).
 */
export function heldBack(stored: StoredResponse, seconds: number, nowMs: number): StoredResponse {
  const { deadlines } = stored
  const freshUntilMs = Math.min(nowMs + seconds * 1000, deadlines.staleIfErrorUntilMs)
  const staleUntilMs = Math.max(freshUntilMs, deadlines.staleUntilMs)
  return { ...stored, deadlines: { ...deadlines, freshUntilMs, staleUntilMs } }
}

/** Bytes that a stored response takes up in memory, near enough to keep the store in its bounds. */
export function storedBytes(stored: StoredResponse): number {
  return stored.body.byteLength + textBytes(stored.fields) + textBytes(stored.selection) + OBJECTS_BYTES
}

/** What a response takes up beside its body and its text: measured, with 30,000 of them in memory. */
const OBJECTS_BYTES = 896

function textBytes(parts: readonly string[]): number {
  let bytes = parts.length * 20
  for (const part of parts) bytes += part.length
  return bytes
}

/** Length of the body that a response announces, bytes, or `undefined` when it doesn't say. */
export function announcedBytes(fields: Fields): number | undefined {
  const value = firstValue(fields, 'content-length')
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
