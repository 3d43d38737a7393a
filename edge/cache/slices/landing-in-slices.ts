import { isEncodable } from '../encoding/encoded-fields.ts'
import type { Asked } from '../fetch/ask.ts'
import type { Flight, Landing } from '../fetch/flight.ts'
import {
  type Fetched,
  type Fetching,
  type FetchingSlices,
  fieldsForOne,
  keep,
  landNew,
  sharedMethod,
} from '../fetch/landing.ts'
import { filterFields, firstValue } from '../fields.ts'
import { discardBody, type Response } from '../message.ts'
import { cacheControlOf } from '../rules/cache-control.ts'
import { bytesIn, contentRangeOf } from '../rules/range.ts'
import { mayStore, type NotStored } from '../rules/storing.ts'
import { announcedBytes, freshened, storedHeadOf } from '../store/stored-response.ts'
import {
  canBeHadInSlices,
  isSliceOf,
  NO_BYTES,
  type SlicedHead,
  sliceRange,
  strongETag,
} from './sliced-object.ts'

/** As `landNew`; a body that is too large for that is given up when it can be had in slices. */
export function landWhole(fetching: FetchingSlices, asked: Fetched, reply: Asked, flight: Flight): Landing {
  const { response, exchange } = reply
  const { request, key, rules } = asked
  const bytes = announcedBytes(response.fields) ?? 0
  const fits =
    Buffer.isBuffer(response.body) || bytes <= Math.min(fetching.objectBytesMax, fetching.arriving.left)
  if (fits || sharedMethod(request) !== 'GET' || !canBeHadInSlices(response)) {
    return landNew(fetching, asked, reply, flight)
  }
  const control = cacheControlOf(response.fields)
  const decision = mayStore({ ...request, method: 'GET' }, response, control, rules)
  if (!decision.store) return landNew(fetching, asked, reply, flight)
  discardBody(response)
  const head = { ...storedHeadOf(asked, response, exchange), sliced: { bytes } }
  return keepHead(fetching, key, head, reply, flight)
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
  return {
    kind: 'sliced',
    stored,
    forOne: fieldsForOne(response.fields, cacheControlOf(response.fields)),
    upstreamUs,
  }
}

/**
 * Upstream's answer when it was asked for one slice. A 206 tells enough of the whole to store its head
 * (RFC 9111 §3.3); when what is stored has the same strong validator, the slice is one more of that
 * version (§3.4).
 */
export function landPart(fetching: FetchingSlices, asked: Fetched, reply: Asked, flight: Flight): Landing {
  const { exchange } = reply
  const { request, key, rules, stored, slice: index = 0 } = asked
  const content = contentRangeOf(firstValue(reply.response.fields, 'content-range'))
  if (reply.response.status !== 206 || content === undefined)
    return noSlices(fetching, asked, reply, 'no-slices')
  const whole = wholeResponseOf(reply.response, content.bytes)
  if (bytesIn(content.range) === content.bytes) {
    // Its framing is the only word on how much of it there is: where that differs, it is cut short or too long.
    if (announcedBytes(reply.response.fields) !== content.bytes)
      return noSlices(fetching, asked, reply, 'no-slices')
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

/** Fields of a 206 that are of the part alone (RFC 9110 §14.4, RFC 9530 §2), or said anew for the whole. */
const PART_FIELDS: ReadonlySet<string> = new Set([
  'accept-ranges',
  'content-digest',
  'content-length',
  'content-md5',
  'content-range',
])

/** The response that a 206 is a part of; that its origin gives ranges needs no more saying. */
function wholeResponseOf(response: Response, bytes: number): Response {
  const fields = filterFields(response.fields, (name) => !PART_FIELDS.has(name))
  fields.push('Content-Length', String(bytes), 'Accept-Ranges', 'bytes')
  return { ...response, status: 200, fields }
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
