import { type Asked, ask } from '../fetch/ask.ts'
import { type Awaited, landingOf } from '../fetch/flight.ts'
import { createHitForMiss } from '../fetch/hit-for-miss.ts'
import { UpstreamError } from '../fetch/upstream-error.ts'
import { type Fields, filterFields } from '../fields.ts'
import type { Leaving } from '../leaving.ts'
import { bodyStream, discardBody, type Request, type RequestHead } from '../message.ts'
import { PARTIAL_FIELDS } from '../rules/conditional.ts'
import { type ByteRange, bytesIn, firstByteAsked } from '../rules/range.ts'
import type { Store } from '../store/store.ts'
import { isSliceOf, putSlice, type SlicedObject, sliceKey, sliceRange } from './sliced-object.ts'

/** How often a slice is asked for when it breaks off on its way; nobody has been sent anything of it yet. */
const ATTEMPTS_MAX = 2

/** What a slice that wasn't there came to. */
export type SliceLanding =
  /** Its bytes, and the fields of the 206 that brought them. */
  | { kind: 'slice'; body: Buffer; fields: Fields; upstreamUs: number }
  /** The object is another one now: its head has been forgotten. */
  | { kind: 'changed' }
  | { kind: 'failed'; error: UpstreamError; upstreamUs: number }

/** The slices of large stored responses: where they are, and one fetch for each that isn't. */
export interface Slices {
  /** Length of all slices but the last of a body, bytes. */
  readonly sliceBytes: number
  /**
   * The slice to ask for first when a part is wanted of what isn't stored; `undefined` when the whole is
   * wanted, or slices of it can't be had.
   */
  toAsk(request: RequestHead, key: string): number | undefined
  /** Remembers for a while that slices of what a key names can't be had. */
  avoid(key: string): void
  /** A slice that memory has. No I/O. */
  held(object: SlicedObject, index: number): Buffer | undefined
  /** A slice that memory or disk has. Never rejects. */
  load(object: SlicedObject, index: number): Promise<Buffer | undefined>
  /**
   * A slice, wherever it is; those who want one at the same time share one fetch.
   *
   * @throws ViewerGone when `reader` is aborted before
   */
  pull(object: SlicedObject, index: number, reader: Leaving): Promise<Buffer | SliceLanding>
  /** Takes in a slice that is arriving already. */
  receive(object: SlicedObject, index: number, reply: Asked): void
}

/** What slices need of the cache that has them. */
export interface SlicesOf {
  store: Store
  sliceBytes: number
  /** Unix ms. */
  now(): number
}

/** Makes slices in a store. */
export function createSlices({ store, sliceBytes, now }: SlicesOf): Slices {
  const flights = new Map<string, Awaited<SliceLanding>>()
  const avoided = createHitForMiss()

  function launch(
    object: SlicedObject,
    index: number,
    fetch: (range: ByteRange, signal: Leaving) => Promise<SliceLanding>,
  ): Awaited<SliceLanding> {
    const key = sliceKey(object, sliceBytes, index)
    const controller = new AbortController()
    const landing = fetch(sliceRange(object, sliceBytes, index), controller.signal).then((landed) => {
      if (landed.kind === 'slice') putSlice(store, key, object.head, landed.body)
      if (landed.kind === 'changed') forgetVersion(store, object)
      leave()
      return landed
    })
    const flight = {
      landing,
      waiting: 0,
      abort() {
        leave()
        controller.abort()
      },
    }
    // Nobody may join a fetch that has been given up.
    const leave = () => {
      if (flights.get(key) === flight) flights.delete(key)
    }
    flights.set(key, flight)
    return flight
  }

  const held = (object: SlicedObject, index: number) =>
    store.variants(sliceKey(object, sliceBytes, index))[0]?.body

  return {
    sliceBytes,
    toAsk(request, key) {
      const first = firstByteAsked(request)
      return first === undefined || avoided.has(key) ? undefined : Math.floor(first / sliceBytes)
    },
    avoid: (key) => avoided.remember(key, 'no-slices', 206),
    held,
    async load(object, index) {
      return held(object, index) ?? (await store.load(sliceKey(object, sliceBytes, index)))[0]?.body
    },
    async pull(object, index, reader) {
      const found = held(object, index)
      if (found !== undefined) return found
      const key = sliceKey(object, sliceBytes, index)
      if (!flights.has(key)) {
        const [loaded] = await store.load(key)
        if (loaded !== undefined) return loaded.body
      }
      const flight =
        flights.get(key) ?? launch(object, index, (range, signal) => fetchSlice(object, range, signal, now))
      return landingOf(flight, reader)
    },
    receive(object, index, reply) {
      launch(object, index, async (range, signal) => {
        signal.addEventListener('abort', () => discardBody(reply.response), { once: true })
        return (await landingFrom(object, range, reply)) ?? fetchSlice(object, range, signal, now)
      })
    },
  }
}

/** Drops a stored response if it is still of the version that is known to be outdated. */
export function forgetVersion(store: Store, { key, head }: Pick<SlicedObject, 'key' | 'head'>): void {
  const kept = store.peek(key)
  // Memory may have let it go, and disk not.
  if (kept.length === 0 || kept.some(({ version }) => version === head.version)) store.forget(key)
}

async function fetchSlice(
  object: SlicedObject,
  range: ByteRange,
  signal: Leaving,
  now: () => number,
): Promise<SliceLanding> {
  const startedMs = performance.now()
  try {
    for (let made = 1; made <= ATTEMPTS_MAX; made += 1) {
      const reply = await ask(object.upstream, sliceRequest(object.request, range), signal, now)
      const landing = await landingFrom(object, range, reply)
      if (landing !== undefined) return landing
      signal.throwIfAborted()
    }
    return failedSince(startedMs, new UpstreamError('OriginReadError', 'upstream'))
  } catch (cause) {
    const failure =
      cause instanceof UpstreamError ? cause : new UpstreamError('OriginError', 'upstream', { cause })
    return failedSince(startedMs, failure)
  }
}

function failedSince(startedMs: number, error: UpstreamError): SliceLanding {
  return { kind: 'failed', error, upstreamUs: Math.round((performance.now() - startedMs) * 1000) }
}

/** What a reply came to; `undefined` when it was the right one and broke off. Never rejects. */
async function landingFrom(
  object: SlicedObject,
  range: ByteRange,
  { response, upstreamUs }: Asked,
): Promise<SliceLanding | undefined> {
  if (isSliceOf(object, range, response)) {
    const body = await bodyOf(bodyStream(response), bytesIn(range))
    return body && { kind: 'slice', body, fields: response.fields, upstreamUs }
  }
  discardBody(response)
  // An upstream in trouble says nothing of the object.
  if (response.status < 500 && response.status !== 429) return { kind: 'changed' }
  return { kind: 'failed', error: new UpstreamError('OriginError', 'upstream'), upstreamUs }
}

/** A body of just so many bytes, in memory of its own, or `undefined`. */
async function bodyOf(source: AsyncIterable<Buffer>, bytes: number): Promise<Buffer | undefined> {
  const body = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  try {
    for await (const chunk of source) {
      if (at + chunk.byteLength > bytes) return undefined
      at += chunk.copy(body, at)
    }
  } catch {
    return undefined // cut off; whoever wants it asks again
  }
  return at === bytes ? body : undefined
}

/**
 * Asks for a slice by nothing but its range: the preconditions of whoever wants it are ours to weigh, and
 * interim responses would reach a viewer in the midst of the final one.
 */
function sliceRequest({ informed: _, ...request }: Request, { first, last }: ByteRange): Request {
  const fields = filterFields(request.fields, (name) => !PARTIAL_FIELDS.has(name))
  fields.push('Range', `bytes=${first}-${last}`)
  return { ...request, method: 'GET', fields, body: undefined }
}
