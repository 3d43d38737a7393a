import { type Fields, filterFields, firstValue, nameFilter } from '../fields.ts'
import type { Leaving } from '../leaving.ts'
import { discardBody, type Request } from '../message.ts'
import { cacheControlOf } from '../rules/cache-control.ts'
import { PARTIAL_FIELDS } from '../rules/conditional.ts'
import { mayStore } from '../rules/storing.ts'
import { landPart, landWhole } from '../slices/landing-in-slices.ts'
import { readWhole } from '../slices/sliced-body.ts'
import { isSliced } from '../slices/sliced-object.ts'
import { freshened, heldBack, type StoredResponse } from '../store/stored-response.ts'
import { type Asked, ask } from './ask.ts'
import type { Flight, Landing } from './flight.ts'
import {
  type Fetched,
  type Fetching,
  type FetchingSlices,
  fieldsForOne,
  keep,
  sharedMethod,
} from './landing.ts'
import { UpstreamError } from './upstream-error.ts'

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
  signal: Leaving,
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
    const heldSeconds = asked.rules.errorSeconds.get(response.status)
    if (heldSeconds !== undefined && !flight.outdated) {
      keep(fetching, asked.key, heldBack(stored, heldSeconds, fetching.now()))
    }
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
  const forOne = fieldsForOne(
    response.fields,
    cacheControlOf(response.fields),
    hasCookie ? [] : ['set-cookie'],
  )
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
  const body = isSliced(renewed) ? readWhole(fetching.slices, { ...asked, head: renewed }) : renewed.body
  const whole = { status: renewed.status, fields: [...renewed.fields, ...forOne], body }
  return { kind: 'unshareable', response: whole, because: decision.because, upstreamUs }
}

/** The request that others can share: for all or a whole slice, or whether the stored one still holds. */
function sharedRequest({ sliceBytes }: Fetching, { request, stored, slice }: Fetched): Request {
  const fields = withoutPartial(request.fields)
  if (slice !== undefined) {
    fields.push('Range', `bytes=${slice * sliceBytes}-${(slice + 1) * sliceBytes - 1}`)
  }
  if (stored !== undefined) fields.push(...validatorsOf(stored.fields))
  return { ...request, method: sharedMethod(request), fields, body: undefined }
}

const withoutPartial = nameFilter((name) => !PARTIAL_FIELDS.has(name))

/** The conditional fields that ask about a stored response (RFC 9111 §4.3.1). */
function validatorsOf(stored: Fields): string[] {
  const etag = firstValue(stored, 'etag')
  const modified = firstValue(stored, 'last-modified')
  return [
    ...(etag === undefined ? [] : ['If-None-Match', etag]),
    ...(modified === undefined ? [] : ['If-Modified-Since', modified]),
  ]
}
