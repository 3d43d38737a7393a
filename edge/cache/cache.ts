import {
  type Answer,
  answerFromStored,
  answerFromStream,
  answerFromUnshareable,
  failedAnswer,
  NOT_CACHED,
  partFromStream,
  withFields,
} from './answer.ts'
import type { Asking } from './asking.ts'
import { AS_STORED, type Encoding } from './encoding/encoding.ts'
import { ask } from './fetch/ask.ts'
import { fetchForAll } from './fetch/fetching.ts'
import { discardLanding, type Flight, isFor, type Landing, landingOf, ViewerGone } from './fetch/flight.ts'
import { createFlights } from './fetch/flights.ts'
import { createHitForMiss } from './fetch/hit-for-miss.ts'
import type { Fetching } from './fetch/landing.ts'
import { keepPosted } from './fetch/posted.ts'
import { BrokeOff, begun, startingAgainOnce } from './fetch/starting-again.ts'
import { UpstreamError } from './fetch/upstream-error.ts'
import { type InMemory, inMemory, type MemoryAsked } from './in-memory.ts'
import type { Outcome } from './outcome.ts'
import { asksForLess } from './rules/conditional.ts'
import { reuseOf, ttlSeconds } from './rules/freshness.ts'
import { invalidatedTargets } from './rules/invalidation.ts'
import { firstByteAsked } from './rules/range.ts'
import { reuseFor, wishesOf } from './rules/request-directives.ts'
import { isReusableForGet } from './rules/storing.ts'
import { usableOf } from './rules/usable.ts'
import { answerFromSlices } from './slices/sliced-answer.ts'
import { isSliced } from './slices/sliced-object.ts'
import { createSlices } from './slices/slices.ts'
import type { StoredResponse } from './store/stored-response.ts'

/** A shared HTTP cache (RFC 9111). */
export interface Cache {
  /**
   * Answers a request from the store or through upstream. An upstream that fails gives a bodyless 502
   * or 504 whose outcome is `failed`, so that the caller can word it.
   *
   * @throws ViewerGone when nobody waits for the answer any more
   */
  answer(asking: Asking): Promise<Answer>
  /**
   * What memory has that answers a GET or HEAD right now and needs nothing else: the very response that
   * `answer` would give as a hit. No I/O; `undefined` whenever there is more to it.
   */
  inMemory(asked: MemoryAsked): InMemory | undefined
  /** Drops a key that another process found invalid (RFC 9111 §4.4), and what is on its way for it. */
  drop(key: string): void
}

/**
 * Makes a cache on a store. Requests for one key share one fetch.
 *
 * @param encoding gives viewers the encoded form that they take; left out, they get what is stored
 */
export function createCache(
  fetching: Fetching,
  encoding: Pick<Encoding, 'ofStored' | 'ofArriving' | 'ofArrived'> = AS_STORED,
): Cache {
  const { store, invalidations, now } = fetching
  const flights = createFlights(store)
  const hitForMiss = createHitForMiss()
  const slices = createSlices(fetching)
  const means = { ...fetching, slices }

  async function answer(asking: Asking): Promise<Answer> {
    const { request } = asking
    if (!asking.rules.cachedMethods.includes(request.method)) return pass(asking, 'method')
    const wishes = asking.rules.requestDirectives === 'obey' ? wishesOf(request.fields) : undefined
    if (wishes?.noStore) return pass(asking, 'request')
    const key = asking.keyOf(request.target)
    const stored =
      usableOf(fetching, key, request) ?? (store.hasBeneath ? await fromBeneath(asking, key) : undefined)
    const use = stored === undefined ? 'revalidate' : reuseFor(stored.deadlines, wishes, now())
    if (wishes?.onlyIfCached && use === 'revalidate') return NOT_CACHED
    if (stored === undefined) return await answerMiss(asking, key)
    switch (use) {
      case 'serve':
        return fromStored(asking, key, stored, { kind: 'hit', upstreamUs: 0 })
      case 'serve-then-revalidate':
        revalidateAside(asking, key, stored)
        return fromStored(asking, key, stored, { kind: 'stale', upstreamUs: 0 })
      case 'revalidate':
        return answerWithOthers(asking, key, stored)
    }
  }

  /** Disk is asked unless a fetch is under way already, which will be newer. */
  async function fromBeneath(asking: Asking, key: string): Promise<StoredResponse | undefined> {
    if (flights.find(asking.request, key) !== undefined) return undefined
    const found = await store.load(key)
    return found.length === 0 ? undefined : usableOf(fetching, key, asking.request, store.peek(key))
  }

  function answerMiss(asking: Asking, key: string): Promise<Answer> {
    // A part of something large must not make us fetch the whole.
    const wantsPart = firstByteAsked(asking.request) !== undefined
    const isPartAlone = wantsPart && slices.toAsk(asking.request, key) === undefined
    const hasNobody = isPartAlone && flights.find(asking.request, key) === undefined
    const isInVain = goesAlone(key) && asksForLess(asking.request)
    if (hasNobody || isInVain) return pass(asking, missOf(key))
    return answerWithOthers(asking, key, undefined)
  }

  /** Where the last answers were each for one viewer, nobody waits for another's. */
  function goesAlone(key: string, stored?: StoredResponse): boolean {
    return stored === undefined && hitForMiss.has(key)
  }

  /** Joins the fetch in flight, or sets out on one that others can join. */
  async function answerWithOthers(
    asking: Asking,
    key: string,
    stored: StoredResponse | undefined,
  ): Promise<Answer> {
    const forward = forwardReason(key, stored)
    const joined = goesAlone(key, stored) ? undefined : flights.find(asking.request, key)
    const flight = joined ?? launch(asking, key, stored)
    const landing = await landingOf(flight, asking.viewer).catch((error: unknown) => {
      if (joined === undefined) void flight.landing.then(discardLanding)
      throw error
    })
    const { upstreamUs } = landing
    const outcome = joined === undefined ? { forward, upstreamUs } : { forward, upstreamUs, collapsed: true }
    if (landing.kind === 'no-slices') return answerWithoutSlices(asking, key, flight, landing)
    if (joined !== undefined && !holds(landing)) {
      // It set out before that: whoever comes after shares the next one.
      flights.leave(asking.request, key, joined)
      return answer(asking)
    }
    if (joined !== undefined && !isFor(landing, asking.request.fields)) return pass(asking, forward)
    if (joined !== undefined) return fromLanding(asking, key, landing, 'hit', outcome)
    const answered = await fromLanding(asking, key, landing, 'miss', outcome)
    return 'forOne' in landing ? withFields(answered, landing.forOne) : answered
  }

  function fromLanding(
    asking: Asking,
    key: string,
    landing: Exclude<Landing, { kind: 'no-slices' }>,
    kind: 'miss' | 'hit',
    told: Pick<Outcome, 'forward' | 'collapsed' | 'upstreamUs'>,
  ): Promise<Answer> | Answer {
    switch (landing.kind) {
      case 'shared':
        hitForMiss.forget(key)
        return fromShared(asking, key, landing, kind, told)
      case 'arrived':
        hitForMiss.forget(key)
        return fromArrived(asking, key, landing, kind, told)
      case 'freshened':
        return fromStored(asking, key, landing.stored, { kind: 'revalidated', ...told, forwardStatus: 304 })
      case 'stale-allowed':
        return fromStored(asking, key, landing.stored, { kind: 'stale', ...told, detail: landing.detail })
      case 'sliced':
        hitForMiss.forget(key)
        return fromStored(asking, key, landing.stored, { kind, ...told, stored: true })
      case 'unshareable':
        return fromUnshareable(asking, key, landing, told)
      case 'failed':
        return failedAnswer(landing.error, told)
    }
  }

  /** What was asked of upstream was a slice, and can't be used as one: each part is asked for alone. */
  function answerWithoutSlices(
    asking: Asking,
    key: string,
    flight: Flight,
    { because, status }: Extract<Landing, { kind: 'no-slices' }>,
  ): Promise<Answer> {
    if (status === 206 && because === 'no-slices') slices.avoid(key)
    else if (status === 206) hitForMiss.remember(key, because, status)
    if (firstByteAsked(asking.request) !== undefined) return pass(asking, missOf(key))
    flights.leave(asking.request, key, flight)
    return answerMiss(asking, key)
  }

  /** Whether what landed has outlived what was invalidated while it was in flight. */
  function holds(landing: Landing): boolean {
    if ('head' in landing) return invalidations.verdictOn(landing.head) === 'valid'
    return !('stored' in landing) || invalidations.verdictOn(landing.stored) === 'valid'
  }

  function launch(asking: Asking, key: string, stored: StoredResponse | undefined): Flight {
    const { request, upstream, rules, group } = asking
    const slice = stored === undefined || isSliced(stored) ? slices.toAsk(asking.request, key) : undefined
    const fetched = { request, key, stored, upstream, rules, group, slice, validAsOf: invalidations.newest }
    const start = goesAlone(key, stored) ? flights.launchAlone : flights.launch
    return start(request, key, (signal, self) => fetchForAll(means, fetched, self, signal))
  }

  /** RFC 5861 §3: the stale response was served; one fetch renews it, and nobody waits. */
  function revalidateAside(asking: Asking, key: string, stored: StoredResponse): void {
    if (flights.find(asking.request, key) !== undefined) return
    void launch(asking, key, stored).landing.then((landing) => {
      // Upstream's newest word is that it may not be stored: what we have is not its word any more.
      if (landing.kind === 'unshareable' && landing.response.status < 500) store.forget(key)
      discardLanding(landing)
    })
  }

  /** A fresh response that goes forward does so because the request wishes it (RFC 9211 §2.2). */
  function forwardReason(key: string, stored: StoredResponse | undefined): NonNullable<Outcome['forward']> {
    if (stored === undefined) return missOf(key)
    return reuseOf(stored.deadlines, now()) === 'serve' ? 'request' : 'stale'
  }

  function missOf(key: string): 'vary-miss' | 'uri-miss' {
    return store.peek(key).length > 0 ? 'vary-miss' : 'uri-miss'
  }

  async function fromStored(
    asking: Asking,
    key: string,
    stored: StoredResponse,
    told: Outcome,
  ): Promise<Answer> {
    const nowMs = now()
    const outcome = { ...told, ttlSeconds: ttlSeconds(stored.deadlines, nowMs) }
    if (isSliced(stored)) {
      const object = { key, head: stored, request: asking.request, upstream: asking.upstream }
      return answerFromSlices({ slices, store }, object, { ...asking, outcome, nowMs })
    }
    const form = await encoding.ofStored(asking, key, stored)
    if ('stored' in form) return answerFromStored(asking.request, form.stored, outcome, nowMs)
    return answerFromStream(asking.request, form.head, form.read, outcome, nowMs)
  }

  async function fromShared(
    asking: Asking,
    key: string,
    { head, body }: Extract<Landing, { kind: 'shared' }>,
    kind: 'miss' | 'hit',
    told: Pick<Outcome, 'forward' | 'collapsed' | 'upstreamUs'>,
  ): Promise<Answer> {
    const outcome: Outcome = { ...told, kind, forwardStatus: head.status, stored: true }
    const form = encoding.ofArriving(asking, key, head, body)
    const answered = partFromStream(asking.request, form.head, form.read, outcome, now())
    if (answered !== undefined) return begun(answered, asking.viewer)
    const whole = await body.waitForWhole()
    if (whole !== undefined) return fromStored(asking, key, { ...head, body: whole }, outcome)
    if (body.failure !== undefined) throw new BrokeOff(body.failure)
    return pass(asking, missOf(key))
  }

  function fromArrived(
    asking: Asking,
    key: string,
    { stored }: Extract<Landing, { kind: 'arrived' }>,
    kind: 'miss' | 'hit',
    told: Pick<Outcome, 'forward' | 'collapsed' | 'upstreamUs'>,
  ): Promise<Answer> | Answer {
    const outcome: Outcome = { ...told, kind, forwardStatus: stored.status, stored: true }
    const form = encoding.ofArrived(asking, key, stored)
    if ('stored' in form) return answerFromStored(asking.request, form.stored, outcome, now(), 'received')
    const answered = answerFromStream(asking.request, form.head, form.read, outcome, now())
    return begun(answered, asking.viewer)
  }

  function fromUnshareable(
    asking: Asking,
    key: string,
    { response, because }: Extract<Landing, { kind: 'unshareable' }>,
    told: Pick<Outcome, 'forward' | 'upstreamUs'>,
  ): Answer {
    hitForMiss.remember(key, because, response.status)
    const outcome: Outcome = { ...told, kind: 'miss', forwardStatus: response.status, detail: because }
    return answerFromUnshareable(asking.request, response, outcome)
  }

  /** Passes the request on as it is, for this viewer alone, and drops what it made invalid. */
  async function pass(asking: Asking, forward: NonNullable<Outcome['forward']>): Promise<Answer> {
    const { request, upstream, viewer } = asking
    const validAsOf = invalidations.newest
    try {
      const reply = await ask(upstream, request, viewer, now)
      const { response, upstreamUs } = reply
      for (const key of invalidatedTargets(request, response).map(asking.keyOf)) {
        invalidate(key)
        fetching.dropped?.(key)
      }
      const outcome: Outcome = { kind: 'miss', forward, forwardStatus: response.status, upstreamUs }
      if (isReusableForGet(request, response) && asking.rules.ttl === undefined) {
        return keepPosted(fetching, flights, asking, { ...reply, validAsOf, outcome })
      }
      return { ...response, outcome }
    } catch (error) {
      if (viewer.aborted) throw new ViewerGone()
      if (!(error instanceof UpstreamError)) throw error
      return failedAnswer(error, { forward, upstreamUs: 0 })
    }
  }

  /** RFC 9111 §4.2.4: what is stale stands in where no response could be had. */
  function standIn(asking: Asking, { failure: detail }: UpstreamError): Promise<Answer> | undefined {
    const key = asking.keyOf(asking.request.target)
    const stored = usableOf(fetching, key, asking.request)
    if (stored === undefined || now() >= stored.deadlines.staleIfDisconnectedUntilMs) return undefined
    return fromStored(asking, key, stored, { kind: 'stale', forward: 'stale', detail, upstreamUs: 0 })
  }

  function invalidate(key: string): void {
    store.forget(key)
    flights.outdate(key)
  }

  return {
    answer: (asking) => startingAgainOnce(asking, answer, standIn),
    inMemory: (asked) => inMemory(fetching, encoding, asked),
    drop: invalidate,
  }
}
