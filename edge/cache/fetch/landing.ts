import { isEncodable } from '../encoding/encoded-fields.ts'
import { type Fields, filterFields, NO_FIELDS } from '../fields.ts'
import type { Invalidations } from '../invalidation/invalidations.ts'
import { bodyStream, type Request, type Upstream } from '../message.ts'
import { type CacheControl, cacheControlOf } from '../rules/cache-control.ts'
import { mayStore } from '../rules/storing.ts'
import { NO_BYTES, putSliced } from '../slices/sliced-object.ts'
import type { Slices } from '../slices/slices.ts'
import { joined } from '../store/body-memory.ts'
import type { Store } from '../store/store.ts'
import {
  type AskedFor,
  announcedBytes,
  type StoredHead,
  type StoredResponse,
  softened,
  storedHeadOf,
} from '../store/stored-response.ts'
import type { Asked } from './ask.ts'
import type { Flight, Landing } from './flight.ts'
import { type ByteBudget, SharedBody } from './shared-body.ts'

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
export type FetchingSlices = Fetching & { slices: Slices }

/** Weighs a response that isn't stored yet: for everybody, and then it is being stored, or for one. */
export function landNew(fetching: Fetching, asked: Fetched, reply: Asked, flight: Flight): Landing {
  const { response, exchange, upstreamUs } = reply
  const { request, key, rules } = asked
  const control = cacheControlOf(response.fields)
  const shared = { method: sharedMethod(request), fields: request.fields }
  const decision = mayStore(shared, response, control, rules)
  if (!decision.store) return { kind: 'unshareable', response, because: decision.because, upstreamUs }
  const { body = NO_BYTES } = response
  const bytes = Buffer.isBuffer(body) ? body.byteLength : (announcedBytes(response.fields) ?? 0)
  if (bytes > fetching.objectBytesMax) {
    return { kind: 'unshareable', response, because: 'too-large', upstreamUs }
  }
  const head = storedHeadOf(asked, response, exchange, control)
  const forOne = fieldsForOne(response.fields, control)
  if (Buffer.isBuffer(body) && bytes <= fetching.sliceBytes) {
    const stored = { ...head, body }
    if (!flight.outdated) keep(fetching, key, stored)
    return { kind: 'arrived', stored, forOne, upstreamUs }
  }
  const arriving = new SharedBody(bodyStream(response), {
    keptBytesMax: fetching.objectBytesMax,
    budget: fetching.arriving,
    pieceBytes: fetching.sliceBytes,
  })
  void keepWhenWhole(fetching, key, head, arriving, flight)
  return { kind: 'shared', head, forOne, body: arriving, upstreamUs }
}

/** The fields that may not be kept, and so are for the request alone that made upstream send them. */
export function fieldsForOne(
  fields: Fields,
  { withheld }: CacheControl,
  also: readonly string[] = [],
): Fields {
  if (withheld.length + also.length === 0) return NO_FIELDS
  return filterFields(fields, (name) => withheld.includes(name) || also.includes(name))
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
  const [piece = NO_BYTES] = pieces
  if (pieces.length <= 1) return keep(fetching, key, { ...head, body: piece })
  const bytes = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
  // An encoding is made of the whole, and by CloudFront's rules of no more than 10 MB.
  const isInOne = isEncodable(head, bytes)
  keep(fetching, key, isInOne ? { ...head, body: joined(pieces) } : putSliced(fetching, key, head, pieces))
}

/** Keeps a response, unless it was invalidated while it arrived. */
export function keep({ store, invalidations, now }: Fetching, key: string, stored: StoredResponse): void {
  const verdict = invalidations.verdictOn(stored)
  if (verdict === 'gone') return
  store.put(key, verdict === 'valid' ? stored : softened(stored, now(), invalidations.newest))
}

/** A HEAD is answered from what a GET brings; OPTIONS is a question of its own. */
export function sharedMethod({ method }: Request): string {
  return method === 'OPTIONS' ? 'OPTIONS' : 'GET'
}
