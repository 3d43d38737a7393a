import { type Answer, answerFromStored, answerFromStream, preconditionAnswer } from './answer.ts'
import { AS_STORED, type Encoding, type EncodingAsked } from './encoding/encoding.ts'
import { type Asked, ask, type Fetching, fetchForAll, landNew } from './fetching.ts'
import { type Fields, firstValue, NO_FIELDS } from './fields.ts'
import { type Flight, isFor, type Landing, landingOf, takeOff, ViewerGone } from './flight.ts'
import { type Reuse, reuseOf } from './freshness.ts'
import { createHitForMiss } from './hit-for-miss.ts'
import { invalidatedTargets } from './invalidation.ts'
import { discardBody, type Request, type Upstream } from './message.ts'
import type { Outcome } from './outcome.ts'
import { reuseAsWished, type Wishes, wishesOf } from './request-directives.ts'
import type { CacheRules } from './rules.ts'
import { type StoredResponse, softened } from './stored-response.ts'
import { isReusableForGet } from './storing.ts'
import { UpstreamError } from './upstream-error.ts'
import { selectionOf, selects } from './vary.ts'

/** One request to the cache, and how to go on from there. */
export interface Asking extends EncodingAsked {
  request: Request
  /** Asked when the cache can't answer. */
  upstream: Upstream
  /** The key under which the response to a GET of a target is stored. */
  keyOf(target: string): string
  /** Aborted when the viewer leaves. */
  viewer: AbortSignal
  rules: CacheRules
  /** The distribution: invalidations are for one. */
  group: string
}

/** A shared HTTP cache (RFC 9111). */
export interface Cache {
  /**
   * Answers a request from the store or through upstream. An upstream that fails gives a bodyless 502
   * or 504 whose outcome is `failed`, so that the caller can word it.
   *
   * @throws ViewerGone when nobody waits for the answer any more
   */
  answer(asking: Asking): Promise<Answer>
  /** Drops a key that another process found invalid (RFC 9111 §4.4), and what is on its way for it. */
  drop(key: string): void
}

/** The answer to `only-if-cached` when nothing may be served (RFC 9111 §5.2.1.7). */
const NOT_CACHED: Answer = {
  status: 504,
  fields: ['Content-Length', '0'],
  outcome: { kind: 'own', upstreamUs: 0 },
}

/**
 * Makes a cache on a store. Requests for one key share one fetch.
 *
 * @param encoding gives viewers the encoded form that they take; left out, they get what is stored
 */
export function createCache(
  fetching: Fetching,
  encoding: Pick<Encoding, 'ofStored' | 'ofArriving'> = AS_STORED,
): Cache {
  const { store, invalidations, now } = fetching
  const flights = new Map<string, Flight>()
  const hitForMiss = createHitForMiss()

  async function answer(asking: Asking): Promise<Answer> {
    const { request } = asking
    if (!asking.rules.cachedMethods.includes(request.method)) return pass(asking, 'method')
    const wishes = asking.rules.requestDirectives === 'obey' ? wishesOf(request.fields) : undefined
    if (wishes?.noStore) return pass(asking, 'request')
    const key = asking.keyOf(request.target)
    const stored = usable(key, request) ?? (await fromBeneath(asking, key))
    if (wishes?.onlyIfCached && !isServed(stored, wishes)) return NOT_CACHED
    if (stored === undefined) return answerMiss(asking, key)
    switch (reuse(stored, wishes)) {
      case 'serve':
        return fromStored(asking, key, stored, { kind: 'hit', upstreamUs: 0 })
      case 'serve-then-revalidate':
        revalidateAside(asking, key, stored)
        return fromStored(asking, key, stored, { kind: 'stale', upstreamUs: 0 })
      case 'revalidate':
        return answerWithOthers(asking, key, stored)
    }
  }

  function reuse({ deadlines }: StoredResponse, wishes: Wishes | undefined): Reuse {
    return wishes === undefined ? reuseOf(deadlines, now()) : reuseAsWished(deadlines, wishes, now())
  }

  function isServed(stored: StoredResponse | undefined, wishes: Wishes): boolean {
    return stored !== undefined && reuse(stored, wishes) !== 'revalidate'
  }

  /** What memory has for the request, if it outlived all invalidations. */
  function usable(key: string, request: Request): StoredResponse | undefined {
    const stored = store.variants(key).find((variant) => selects(request.fields, variant.selection))
    if (stored === undefined) return undefined
    switch (invalidations.verdictOn(stored)) {
      case 'valid':
        return stored
      case 'stale': {
        const stale = softened(stored, now(), invalidations.newest)
        store.put(key, stale)
        return stale
      }
      case 'gone':
        store.forget(key)
        return undefined
    }
  }

  /** Disk is asked unless a fetch is under way already, which will be newer. */
  async function fromBeneath(asking: Asking, key: string): Promise<StoredResponse | undefined> {
    if (flights.has(flightKey(asking, key))) return undefined
    const found = await store.load(key)
    return found.length === 0 ? undefined : usable(key, asking.request)
  }

  function answerMiss(asking: Asking, key: string): Promise<Answer> {
    // A part of something large must not make us fetch the whole; a HEAD may, and so fills the cache.
    const wantsPart = firstValue(asking.request.fields, 'range') !== undefined
    const joinable = flights.has(flightKey(asking, key))
    if (hitForMiss.has(key) || (wantsPart && !joinable)) return pass(asking, missOf(key))
    return answerWithOthers(asking, key, undefined)
  }

  /** Joins the fetch in flight, or sets out on one that others can join. */
  async function answerWithOthers(
    asking: Asking,
    key: string,
    stored: StoredResponse | undefined,
  ): Promise<Answer> {
    const forward = stored === undefined ? missOf(key) : 'stale'
    const name = flightKey(asking, key)
    const joined = flights.get(name)
    const flight = joined ?? launch(asking, key, stored)
    const landing = await landingOf(flight, asking.viewer).catch((error: unknown) => {
      if (joined === undefined) void flight.landing.then(discard)
      throw error
    })
    const outcome = { forward, upstreamUs: landing.upstreamUs, ...(joined && { collapsed: true }) } as const
    if (joined !== undefined && !holds(landing)) {
      // It set out before that: whoever comes after shares the next one.
      land(joined, name)
      return answer(asking)
    }
    if (joined !== undefined && !isFor(landing, asking.request.fields)) return pass(asking, forward)
    switch (landing.kind) {
      case 'shared':
        return joined === undefined
          ? withFields(await fromShared(asking, key, landing, 'miss', outcome), landing.forOne)
          : fromShared(asking, key, landing, 'hit', outcome)
      case 'freshened': {
        const told = { kind: 'revalidated', ...outcome, forwardStatus: 304 } as const
        const answered = await fromStored(asking, key, landing.stored, told)
        return joined === undefined ? withFields(answered, landing.forOne) : answered
      }
      case 'stale-allowed':
        return fromStored(asking, key, landing.stored, { kind: 'stale', ...outcome, detail: landing.detail })
      case 'unshareable':
        return fromUnshareable(asking, key, landing, outcome)
      case 'failed':
        return failed(landing.error, { ...outcome, kind: 'failed' })
    }
  }

  /** Whether what landed has outlived what was invalidated while it was in flight. */
  function holds(landing: Landing): boolean {
    switch (landing.kind) {
      case 'shared':
        return invalidations.verdictOn(landing.head) === 'valid'
      case 'freshened':
      case 'stale-allowed':
        return invalidations.verdictOn(landing.stored) === 'valid'
      case 'unshareable':
      case 'failed':
        return true
    }
  }

  function launch(asking: Asking, key: string, stored: StoredResponse | undefined): Flight {
    const { request, upstream, rules, group } = asking
    const name = flightKey(asking, key)
    const fetched = { request, key, stored, upstream, rules, group, validAsOf: invalidations.newest }
    const flight = takeOff(key, (signal, self) => fetchForAll(fetching, fetched, self, signal))
    enlist(name, flight)
    return flight
  }

  /** Until the body is stored the flight is where it can be had. */
  function enlist(name: string, flight: Flight): void {
    flights.set(name, flight)
    void flight.landing
      .then((landing) => (landing.kind === 'shared' ? landing.body.whole : undefined))
      .then(() => land(flight, name))
  }

  function land(flight: Flight, name: string): void {
    if (flights.get(name) === flight) flights.delete(name)
  }

  /** RFC 5861 §3: the stale response was served; one fetch renews it, and nobody waits. */
  function revalidateAside(asking: Asking, key: string, stored: StoredResponse): void {
    if (flights.has(flightKey(asking, key))) return
    void launch(asking, key, stored).landing.then((landing) => {
      // Upstream's newest word is that it may not be stored: what we have is not its word any more.
      if (landing.kind === 'unshareable' && landing.response.status < 500) store.forget(key)
      discard(landing)
    })
  }

  /** Variants that are known to differ don't wait for one another. */
  function flightKey(asking: Asking, key: string): string {
    const [newest] = store.variants(key)
    if (newest === undefined) return key
    return JSON.stringify([key, selectionOf(asking.request.fields, newest.fields)])
  }

  function missOf(key: string): 'vary-miss' | 'uri-miss' {
    return store.variants(key).length > 0 ? 'vary-miss' : 'uri-miss'
  }

  async function fromStored(
    asking: Asking,
    key: string,
    stored: StoredResponse,
    told: Outcome,
  ): Promise<Answer> {
    const form = await encoding.ofStored(asking, key, stored)
    const nowMs = now()
    const outcome = { ...told, ttlSeconds: Math.round((stored.deadlines.freshUntilMs - nowMs) / 1000) }
    return 'stored' in form
      ? answerFromStored(asking.request, form.stored, outcome, nowMs)
      : answerFromStream(asking.request, form.head, form.read, outcome, nowMs)
  }

  async function fromShared(
    asking: Asking,
    key: string,
    { head, body }: Extract<Landing, { kind: 'shared' }>,
    kind: 'miss' | 'hit',
    told: Pick<Outcome, 'forward' | 'collapsed' | 'upstreamUs'>,
  ): Promise<Answer> {
    const outcome: Outcome = { ...told, kind, forwardStatus: head.status, stored: true }
    if (firstValue(asking.request.fields, 'range') === undefined) {
      const form = encoding.ofArriving(asking, key, head, body)
      return answerFromStream(asking.request, form.head, form.read, outcome, now())
    }
    const whole = await body.whole
    return whole === undefined
      ? pass(asking, missOf(key))
      : fromStored(asking, key, { ...head, body: whole }, outcome)
  }

  function fromUnshareable(
    asking: Asking,
    key: string,
    { response, because }: Extract<Landing, { kind: 'unshareable' }>,
    told: Pick<Outcome, 'forward' | 'upstreamUs'>,
  ): Answer {
    hitForMiss.remember(key, because, response.status)
    const outcome: Outcome = { ...told, kind: 'miss', forwardStatus: response.status, detail: because }
    const conditional =
      response.status === 200
        ? preconditionAnswer(asking.request, response.fields, 'received', outcome)
        : undefined
    const bodyless = conditional !== undefined || asking.request.method === 'HEAD'
    if (bodyless) discardBody(response)
    return conditional ?? { ...response, body: bodyless ? undefined : response.body, outcome }
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
        return keepPosted(asking, reply, validAsOf, outcome)
      }
      return { ...response, outcome }
    } catch (error) {
      if (viewer.aborted) throw new ViewerGone()
      if (!(error instanceof UpstreamError)) throw error
      return failed(error, { kind: 'failed', forward, upstreamUs: 0 })
    }
  }

  /** RFC 9110 §9.3.3: what a POST shows of its own target is stored for the next GET. */
  async function keepPosted(
    asking: Asking,
    reply: Asked,
    validAsOf: number,
    outcome: Outcome,
  ): Promise<Answer> {
    const key = asking.keyOf(asking.request.target)
    const fetched = { ...asking, key, stored: undefined, validAsOf }
    const flight = takeOff(key, async (_, self) => landNew(fetching, fetched, reply, self))
    enlist(flightKey(asking, key), flight)
    const landing = await flight.landing
    if (landing.kind !== 'shared') return { ...reply.response, outcome }
    return { ...reply.response, body: landing.body.read(), outcome }
  }

  /** What is on its way was asked for before the change: it isn't stored, and nobody joins it any more. */
  function invalidate(key: string): void {
    store.forget(key)
    for (const [name, flight] of flights) {
      if (flight.key !== key) continue
      flight.outdated = true
      flights.delete(name)
    }
  }

  return { answer, drop: invalidate }
}

function failed(error: UpstreamError, outcome: Outcome): Answer {
  return { status: error.status, fields: NO_FIELDS, outcome: { ...outcome, detail: error.failure } }
}

function withFields(answer: Answer, more: Fields): Answer {
  return more.length === 0 ? answer : { ...answer, fields: answer.fields.concat(more) }
}

/** Ends a response that nobody will read. */
function discard(landing: Landing): void {
  if (landing.kind === 'unshareable') discardBody(landing.response)
}
