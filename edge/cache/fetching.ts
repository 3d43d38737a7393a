import { Readable } from 'node:stream'
import { cacheControlOf } from './cache-control.ts'
import { PARTIAL_FIELDS } from './conditional.ts'
import { type Fields, filterFields, firstValue } from './fields.ts'
import type { Flight, Landing } from './flight.ts'
import type { Exchange } from './freshness.ts'
import { endToEndFields } from './hop-by-hop.ts'
import type { Invalidations } from './invalidations.ts'
import { discardBody, type Request, type Response, type Upstream } from './message.ts'
import { type ByteBudget, SharedBody } from './shared-body.ts'
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
import { mayStore } from './storing.ts'
import { UpstreamError } from './upstream-error.ts'

/** What fetches need of the cache that makes them. */
export interface Fetching {
  store: Store
  invalidations: Invalidations
  /** Unix ms. */
  now(): number
  /** Largest body that is stored, bytes. */
  objectBytesMax: number
  /** Bounds what all bodies that are still arriving, or still being read, hold in memory. */
  arriving: ByteBudget
  /** Told of each key that an unsafe method made invalid: other processes may have it too. */
  dropped?: (key: string) => void
}

/** A response as it came, and what it took. */
export interface Asked {
  response: Response
  exchange: Exchange
  upstreamUs: number
}

/**
 * Asks upstream. The response's fields are those that may go on, and always have a `Date`
 * (RFC 9110 §6.6.1).
 *
 * @throws UpstreamError; whatever the signal was aborted with
 */
export async function ask(
  upstream: Upstream,
  request: Request,
  signal: AbortSignal,
  now: () => number,
): Promise<Asked> {
  const requestedAtMs = now()
  const startedMs = performance.now()
  const response = await upstream(request, signal)
  const fields = endToEndFields(response.fields)
  const receivedAtMs = now()
  if (firstValue(fields, 'date') === undefined) fields.push('Date', new Date(receivedAtMs).toUTCString())
  return {
    response: { ...response, fields },
    exchange: { requestedAtMs, receivedAtMs },
    upstreamUs: Math.round((performance.now() - startedMs) * 1000),
  }
}

/** What is fetched for all: by which request, from where, and what for. */
export interface Fetched extends AskedFor {
  request: Request
  key: string
  /** What is stored, where it may still hold. */
  stored: StoredResponse | undefined
  upstream: Upstream
}

/**
 * Fetches a response that may be stored, or asks whether the stored one still holds, for all who wait
 * for the flight. A response that may be stored is stored as soon as it has arrived whole.
 *
 * Never rejects but for a failure that nobody foresaw.
 */
export async function fetchForAll(
  fetching: Fetching,
  asked: Fetched,
  flight: Flight,
  signal: AbortSignal,
): Promise<Landing> {
  const { request, stored, upstream } = asked
  const startedMs = performance.now()
  try {
    const reply = await ask(upstream, wholeRequest(request, stored), signal, fetching.now)
    return stored === undefined
      ? landNew(fetching, asked, reply, flight)
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
  fetching: Fetching,
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
  return landNew(fetching, asked, reply, flight)
}

/**
 * The stored response holds. What the 304 brings is weighed as a new response's fields are: with `private`
 * the outcome is for that viewer only, and nothing stays stored. A cookie that the stored response didn't
 * have is for that viewer too: a session is often renewed on whatever request comes by.
 */
function landConfirmation(
  fetching: Fetching,
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
  const whole = {
    status: renewed.status,
    fields: [...renewed.fields, ...forOne],
    body: Readable.from([renewed.body]),
  }
  return { kind: 'unshareable', response: whole, because: decision.because, upstreamUs }
}

/** Weighs a response that isn't stored yet: for everybody, and then it is being stored, or for one. */
export function landNew(fetching: Fetching, asked: Fetched, reply: Asked, flight: Flight): Landing {
  const { response, exchange, upstreamUs } = reply
  const { request, key, rules } = asked
  const control = cacheControlOf(response.fields)
  const decision = mayStore({ ...request, method: sharedMethod(request) }, response, control, rules)
  if (!decision.store) return { kind: 'unshareable', response, because: decision.because, upstreamUs }
  if ((announcedBytes(response.fields) ?? 0) > fetching.objectBytesMax) {
    return { kind: 'unshareable', response, because: 'too-large', upstreamUs }
  }
  const head = storedHeadOf(asked, response, exchange)
  const body = new SharedBody(response.body ?? Readable.from([]), {
    keptBytesMax: fetching.objectBytesMax,
    budget: fetching.arriving,
  })
  void keepWhenWhole(fetching, key, head, body, flight)
  return { kind: 'shared', head, forOne: fieldsForOne(response.fields), body, upstreamUs }
}

/** The fields that may not be kept, and so are for the request alone that made upstream send them. */
function fieldsForOne(fields: Fields, also: readonly string[] = []): string[] {
  const { withheld } = cacheControlOf(fields)
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
  const body = await shared.whole
  if (body !== undefined && !flight.outdated) keep(fetching, key, { ...head, body })
}

/** Keeps a response, unless it was invalidated while it arrived. */
function keep({ store, invalidations, now }: Fetching, key: string, stored: StoredResponse): void {
  const verdict = invalidations.verdictOn(stored)
  if (verdict === 'gone') return
  store.put(key, verdict === 'valid' ? stored : softened(stored, now(), invalidations.newest))
}

/** The request that others can share: for the whole response, or whether the stored one still holds. */
function wholeRequest(request: Request, stored: StoredResponse | undefined): Request {
  const fields = filterFields(request.fields, (name) => !PARTIAL_FIELDS.has(name))
  return {
    ...request,
    method: sharedMethod(request),
    fields: fields.concat(validatorsOf(stored?.fields ?? [])),
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
