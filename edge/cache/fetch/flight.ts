import type { Fields } from '../fields.ts'
import { Departure, type Leaving } from '../leaving.ts'
import { discardBody, type Response } from '../message.ts'
import type { NotStored } from '../rules/storing.ts'
import { selects } from '../rules/vary.ts'
import type { StoredHead, StoredResponse } from '../store/stored-response.ts'
import type { SharedBody } from './shared-body.ts'
import type { UpstreamError } from './upstream-error.ts'

/** What a fetch that several requests wait for came to, once upstream's head was there. */
export type Landing =
  /**
   * A response that may be stored: whoever it selects may have it, from the start. `forOne` are those of its
   * fields that may not, and are for the request that set out alone.
   */
  | { kind: 'shared'; head: StoredHead; forOne: Fields; body: SharedBody; upstreamUs: number }
  /** The same, when its body came whole together with its head, and it is stored already. */
  | { kind: 'arrived'; stored: StoredResponse; forOne: Fields; upstreamUs: number }
  /** What was stored still holds (304). */
  | { kind: 'freshened'; stored: StoredResponse; forOne: Fields; upstreamUs: number }
  /** Upstream failed, and what was stored may stand in (RFC 5861 §4, RFC 9111 §4.2.4). */
  | { kind: 'stale-allowed'; stored: StoredResponse; detail: string; upstreamUs: number }
  /** A response whose body is kept in slices, and had slice by slice. */
  | { kind: 'sliced'; stored: StoredResponse; forOne: Fields; upstreamUs: number }
  /** Upstream's answer to a range of ours is of no use for slices: whoever wants a part asks for it alone. */
  | { kind: 'no-slices'; because: NotStored | 'no-slices'; status: number; upstreamUs: number }
  /** A response that may not be stored: only the request that set out may have it. */
  | { kind: 'unshareable'; response: Response; because: string; upstreamUs: number }
  | { kind: 'failed'; error: UpstreamError; upstreamUs: number }

/** Something that is fetched once for all who wait for it. */
export interface Awaited<What> {
  /** Never rejects. */
  readonly landing: Promise<What>
  /** How many wait for the landing; the fetch is given up when the last one leaves. */
  waiting: number
  abort(): void
}

/** One fetch in flight for a key, and those who wait for it. */
export interface Flight extends Awaited<Landing> {
  readonly key: string
  /** Set when the key was invalidated meanwhile: what lands must not be stored. */
  outdated: boolean
}

/**
 * Thrown to a request whose viewer has gone before there was an answer. It has no stack: where it was made says
 * nothing, and thousands may leave at once.
 */
export class ViewerGone extends Error {
  constructor() {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super('the viewer left before there was an answer')
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'ViewerGone'
  }
}

/** Starts a fetch. @param fetch makes a landing out of it; is given the signal that ends it */
export function takeOff(key: string, fetch: (signal: Leaving, flight: Flight) => Promise<Landing>): Flight {
  const leaving = new Departure()
  const flight: Flight & { landing: Promise<Landing> } = {
    key,
    landing: NOT_BEGUN,
    outdated: false,
    waiting: 0,
    abort: () => leaving.abort(new ViewerGone()),
  }
  flight.landing = fetch(leaving, flight)
  return flight
}

const NOT_BEGUN = new Promise<never>(() => undefined)

/**
 * Waits for a flight to land, as long as the viewer does.
 *
 * @throws ViewerGone; the flight goes on while anybody else waits
 */
export function landingOf<What>(flight: Awaited<What>, viewer: Leaving): Promise<What> {
  const { promise, resolve, reject } = Promise.withResolvers<What>()
  const leave = () => {
    flight.waiting -= 1
    if (flight.waiting === 0) flight.abort()
    reject(new ViewerGone())
  }
  flight.waiting += 1
  viewer.addEventListener('abort', leave, { once: true })
  if (viewer.aborted) leave()
  flight.landing.then((landing) => {
    // Then it has left.
    if (viewer.aborted) return
    flight.waiting -= 1
    viewer.removeEventListener('abort', leave)
    resolve(landing)
  }, reject)
  return promise
}

/** Whether a request that joined a flight may have what landed: it selects it, and it can still be had whole. */
export function isFor(landing: Landing, fields: Fields): boolean {
  switch (landing.kind) {
    case 'shared':
      return landing.body.joinable && selects(fields, landing.head.selection)
    case 'arrived':
    case 'freshened':
    case 'stale-allowed':
    case 'sliced':
      return selects(fields, landing.stored.selection)
    case 'unshareable':
    case 'no-slices':
      return false
    case 'failed':
      return true
  }
}

/** Ends a response that nobody will read. */
export function discardLanding(landing: Landing): void {
  if (landing.kind === 'unshareable') discardBody(landing.response)
}
