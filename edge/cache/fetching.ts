import { Readable } from 'node:stream'
import { type Asked, ask } from './ask.ts'
import { cacheControlOf } from './cache-control.ts'
import { PARTIAL_FIELDS } from './conditional.ts'
import { isEncodable } from './encoding/encoded-fields.ts'
import { type Fields, filterFields, firstValue, withField } from './fields.ts'
import type { Flight, Landing } from './flight.ts'
import type { Invalidations } from './invalidations.ts'
import { discardBody, type Request, type Response, type Upstream } from './message.ts'
import { bytesIn, contentRangeOf } from './range.ts'
import { type ByteBudget, SharedBody } from './shared-body.ts'
import { readWhole } from './sliced-body.ts'
import {
  canBeHadInSlices,
  isSliced,
  isSliceOf,
  NO_BYTES,
  putSliced,
  type SlicedHead,
  sliceRange,
  strongETag,
} from './sliced-object.ts'
import type { Slices } from './slices.ts'
import type { Store } from './store.ts'
import {
  type AskedFor,
  announcedBytes,
  freshened,
  type StoredHead,
  type StoredResponse,
  softened,
  storedHeadOf,
} from './stored-response.ts'
import { mayStore, type NotStored } from './storing.ts'
import { UpstreamError } from './upstream-error.ts'

/** What fetches need of the cache that makes them. */
export interface Fetching {
  store: Store
  invalidations: Invalidations
  /** Unix ms. */
  now(): number
  /** Largest body that is fetched whole, bytes. */
  objectBytesMax: number
  /** Largest body of one entry in the store; a larger one is kept in slices of this length. */
  sliceBytes: number
  /** Bounds what all bodies that are still arriving, or still being read, hold in memory. */
  arriving: ByteBudget
  /** Told of each key that an unsafe method made invalid: other processes may have it too. */
  dropped?: (key: string) => void
}

/** What is fetched for all: by which request, from where, and what for. */
export interface Fetched extends AskedFor {
  request: Request
  key: string
  /** What is stored, where it may still hold. */
  stored: StoredResponse | undefined
  upstream: Upstream
  /** The one slice that is asked for, when a part is wanted and nothing is known of the whole; else all is. */
  slice: number | undefined
}

/** As the cache has it that fetches. */
type FetchingSlices = Fetching & { slices: Slices }

/**
 * Fetches a response that may be stored, or asks whether the stored one still holds, for all who wait
 * for the flight. A response that may be stored is stored as soon as it has arrived whole.
 *
 * Never rejects but for a failure that nobody foresaw.
 */
export async function fetchForAll(
  fetching: FetchingSlices,
  asked: Fetched,
  flight: Flight,
  signal: AbortSignal,
): Promise<Landing> {
  const { stored, upstream } = asked
  const startedMs = performance.now()
  try {
    const reply = await ask(upstream, sharedRequest(fetching, asked), signal, fetching.now)
    if (asked.slice !== undefined && (reply.response.status === 206 || reply.response.status === 416)) {
      return landPart(fetching, asked, reply, flight)
    }
    return stored === undefined
      ? landWhole(fetching, asked, reply, flight)
      : landRevalidation(fetching, asked, stored, reply, flight)
  } catch (error) {
    const upstreamUs = Math.round((performance.now() - startedMs) * 1000)
    const failure =
      error instanceof UpstreamError ? error : new UpstreamError('OriginError', 'upstream', { cause: error })
    const standsIn = stored !== undefined && fetching.now() < stored.deadlines.staleIfDisconnectedUntilMs
    if (standsIn) return { kind: 'stale-allowed', stored, detail: failure.failure, upstreamUs }
    return { kind: 'failed', error: failure, upstreamUs }
  }
}

function landRevalidation(
  fetching: FetchingSlices,
  asked: Fetched,
  stored: StoredResponse,
  reply: Asked,
  flight: Flight,
): Landing {
  const { response, upstreamUs } = reply
  if (response.status === 304) return landConfirmation(fetching, asked, stored, reply, flight)
  if (response.status >= 500 && fetching.now() < stored.deadlines.staleIfErrorUntilMs) {
    discardBody(response)
    return { kind: 'stale-allowed', stored, detail: 'OriginError', upstreamUs }
  }
  return landWhole(fetching, asked, reply, flight)
}

/**
 * The stored response holds. What the 304 brings is weighed as a new response's fields are: with `private`
 * the outcome is for that viewer only, and nothing stays stored. A cookie that the stored response didn't
 * have is for that viewer too: a session is often renewed on whatever request comes by.
 */
function landConfirmation(
  fetching: FetchingSlices,
  asked: Fetched,
  stored: StoredResponse,
  { response, exchange, upstreamUs }: Asked,
  flight: Flight,
): Landing {
  const { request, key, rules } = asked
  const hasCookie = firstValue(stored.fields, 'set-cookie') !== undefined
  const updates = hasCookie ? response.fields : filterFields(response.fields, (name) => name !== 'set-cookie')
  const renewed = freshened(stored, updates, exchange, asked)
  const forOne = fieldsForOne(response.fields, hasCookie ? [] : ['set-cookie'])
  const decision = mayStore(
    { ...request, method: sharedMethod(request) },
    renewed,
    cacheControlOf(renewed.fields),
    rules,
  )
  if (decision.store) {
    if (!flight.outdated) keep(fetching, key, renewed)
    return { kind: 'freshened', stored: renewed, forOne, upstreamUs }
  }
  fetching.store.forget(key)
  const body = isSliced(renewed)
    ? readWhole(fetching.slices, { ...asked, head: renewed })
    : Readable.from([renewed.body])
  const whole = { status: renewed.status, fields: [...renewed.fields, ...forOne], body }
  return { kind: 'unshareable', response: whole, because: decision.because, upstreamUs }
}

/** As `landNew`; a body that is too large for that is given up when it can be had in slices. */
function landWhole(fetching: FetchingSlices, asked: Fetched, reply: Asked, flight: Flight): Landing {
  const { response, exchange } = reply
  const { request, key, rules } = asked
  const bytes = announcedBytes(response.fields) ?? 0
  const fits = bytes <= Math.min(fetching.objectBytesMax, fetching.arriving.left)
  const isForSlices = sharedMethod(request) === 'GET' && canBeHadInSlices(response)
  if (fits || !isForSlices) return landNew(fetching, asked, reply, flight)
  const control = cacheControlOf(response.fields)
  const decision = mayStore({ ...request, method: 'GET' }, response, control, rules)
  if (!decision.store) return landNew(fetching, asked, reply, flight)
  discardBody(response)
  const head = { ...storedHeadOf(asked, response, exchange), sliced: { bytes } }
  return keepHead(fetching, key, head, reply, flight)
}

/** Weighs a response that isn't stored yet: for everybody, and then it is being stored, or for one. */
export function landNew(fetching: Fetching, asked: Fetched, reply: Asked, flight: Flight): Landing {
  const { response, exchange, upstreamUs } = reply
  const { request, key, rules } = asked
  const control = cacheControlOf(response.fields)
  const decision = mayStore({ ...request, method: sharedMethod(request) }, response, control, rules)
  if (!decision.store) return { kind: 'unshareable', response, because: decision.because, upstreamUs }
  const head = storedHeadOf(asked, response, exchange)
  if ((announcedBytes(response.fields) ?? 0) > fetching.objectBytesMax) {
    return { kind: 'unshareable', response, because: 'too-large', upstreamUs }
  }
  const body = new SharedBody(response.body ?? Readable.from([]), {
    keptBytesMax: fetching.objectBytesMax,
    budget: fetching.arriving,
    pieceBytes: fetching.sliceBytes,
  })
  void keepWhenWhole(fetching, key, head, body, flight)
  return { kind: 'shared', head, forOne: fieldsForOne(response.fields), body, upstreamUs }
}

/** The fields that may not be kept, and so are for the request alone that made upstream send them. */
function fieldsForOne(fields: Fields, also: readonly string[] = []): string[] {
  const { withheld } = cacheControlOf(fields)
  return filterFields(fields, (name) => withheld.includes(name) || also.includes(name))
}

/** Keeps a head whose body nobody has yet: whoever wants it gets it slice by slice. */
function keepHead(
  fetching: FetchingSlices,
  key: string,
  head: SlicedHead,
  { response, upstreamUs }: Asked,
  flight: Flight,
): Landing {
  const stored = { ...head, body: NO_BYTES }
  if (!flight.outdated) keep(fetching, key, stored)
  return { kind: 'sliced', stored, forOne: fieldsForOne(response.fields), upstreamUs }
}

/**
 * Upstream's answer when it was asked for one slice. A 206 tells enough of the whole to store its head
 * (RFC 9111 §3.3); when what is stored has the same strong validator, the slice is one more of that
 * version (§3.4).
 */
function landPart(fetching: FetchingSlices, asked: Fetched, reply: Asked, flight: Flight): Landing {
  const { exchange } = reply
  const { request, key, rules, stored, slice: index = 0 } = asked
  const content = contentRangeOf(firstValue(reply.response.fields, 'content-range'))
  if (reply.response.status !== 206 || content === undefined)
    return noSlices(fetching, asked, reply, 'no-slices')
  const whole = wholeResponseOf(reply.response, content.bytes)
  if (bytesIn(content.range) === content.bytes) {
    return landNew(fetching, asked, { ...reply, response: whole }, flight)
  }
  const decision = mayStore({ ...request, method: 'GET' }, whole, cacheControlOf(whole.fields), rules)
  if (!decision.store) return noSlices(fetching, asked, reply, decision.because)
  if (isEncodable(whole, content.bytes)) return noSlices(fetching, asked, reply, 'no-slices')
  const isSame = stored?.sliced?.bytes === content.bytes && strongETag(stored) === strongETag(whole)
  const head = {
    ...(isSame ? freshened(stored, whole.fields, exchange, asked) : storedHeadOf(asked, whole, exchange)),
    sliced: { bytes: content.bytes },
  }
  const range = sliceRange({ head }, fetching.sliceBytes, index)
  if (!canBeHadInSlices(whole) || !isSliceOf({ head }, range, reply.response))
    return noSlices(fetching, asked, reply, 'no-slices')
  const landing = keepHead(fetching, key, head, reply, flight)
  fetching.slices.receive({ ...asked, head }, index, reply)
  return landing
}

/** The response that a 206 is a part of; that its origin gives ranges needs no more saying. */
function wholeResponseOf(response: Response, bytes: number): Response {
  const fields = filterFields(response.fields, (name) => name !== 'content-range' && name !== 'accept-ranges')
  const measured = withField(fields, 'Content-Length', String(bytes)).concat('Accept-Ranges', 'bytes')
  return { ...response, status: 200, fields: measured }
}

/** What is stored is not of the body that upstream has now, and goes. */
function noSlices(
  { store }: Fetching,
  { key, stored }: Fetched,
  { response, upstreamUs }: Asked,
  because: NotStored | 'no-slices',
): Landing {
  discardBody(response)
  if (stored !== undefined) store.forget(key)
  return { kind: 'no-slices', because, status: response.status, upstreamUs }
}

/** An upstream that breaks off leaves nothing in the store: only a whole body is one. */
async function keepWhenWhole(
  fetching: Fetching,
  key: string,
  head: StoredHead,
  shared: SharedBody,
  flight: Flight,
): Promise<void> {
  const pieces = await shared.pieces
  if (pieces === undefined || flight.outdated) return
  const bytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0)
  // An encoding is made of the whole, and by CloudFront's rules of no more than 10 MB.
  if (isEncodable(head, bytes)) keep(fetching, key, { ...head, body: Buffer.concat(pieces) })
  else if (pieces.length > 1) keep(fetching, key, putSliced(fetching, key, head, pieces))
  else keep(fetching, key, { ...head, body: pieces[0] ?? NO_BYTES })
}

/** Keeps a response, unless it was invalidated while it arrived. */
function keep({ store, invalidations, now }: Fetching, key: string, stored: StoredResponse): void {
  const verdict = invalidations.verdictOn(stored)
  if (verdict === 'gone') return
  store.put(key, verdict === 'valid' ? stored : softened(stored, now(), invalidations.newest))
}

/** The request that others can share: for all or a whole slice, or whether the stored one still holds. */
function sharedRequest({ sliceBytes }: Fetching, { request, stored, slice }: Fetched): Request {
  const fields = filterFields(request.fields, (name) => !PARTIAL_FIELDS.has(name))
  const range =
    slice === undefined ? [] : ['Range', `bytes=${slice * sliceBytes}-${(slice + 1) * sliceBytes - 1}`]
  return {
    ...request,
    method: sharedMethod(request),
    fields: fields.concat(range, validatorsOf(stored?.fields ?? [])),
    body: undefined,
  }
}

/** A HEAD is answered from what a GET brings; OPTIONS is a question of its own. */
function sharedMethod({ method }: Request): string {
  return method === 'OPTIONS' ? 'OPTIONS' : 'GET'
}

/** The conditional fields that ask about a stored response (RFC 9111 §4.3.1). */
function validatorsOf(stored: Fields): string[] {
  const etag = firstValue(stored, 'etag')
  const modified = firstValue(stored, 'last-modified')
  return [
    ...(etag === undefined ? [] : ['If-None-Match', etag]),
    ...(modified === undefined ? [] : ['If-Modified-Since', modified]),
  ]
}
