import { mulberry32 } from './generated.ts'
import { type HitRatios, ratiosOf } from './replay.ts'
import type { Trace } from './trace.ts'

/** How many of those kept are looked at to find the one that should go. */
const LOOKED_AT = 64

/**
 * Belady's optimum (MIN): who is asked for again last goes, and may be the newcomer. Optimal where all sizes
 * are one (Mattson et al., 1970). Where they differ finding the optimum is NP-hard, and this is what is
 * commonly taken for it: of 64 picked by chance, the one goes whose size times the requests until it is asked
 * for again is the largest. It beats the others, but is neither the optimum nor a bound.
 */
export function belady(trace: Trace, bytesMax: number): HitRatios {
  const { keys, sizes } = trace
  const next = nextRequests(trace)
  const kept = new KeptByChance(sizes.length)
  const nextOf = new Float64Array(sizes.length)
  let bytes = 0
  const random = mulberry32(7)

  const costOf = (key: number, request: number) =>
    trace.uniform ? (nextOf[key] ?? 0) : ((nextOf[key] ?? 0) - request) * (sizes[key] ?? 0)
  const worstOf = (request: number) => {
    let worst = kept.at(random)
    for (let look = 1; look < LOOKED_AT; look += 1) {
      const other = kept.at(random)
      if (costOf(other, request) > costOf(worst, request)) worst = other
    }
    return worst
  }
  const farthest = trace.uniform ? new FarthestFirst() : undefined

  return ratiosOf(trace, (request) => {
    const key = keys[request] ?? 0
    const size = sizes[key] ?? 0
    nextOf[key] = next[request] ?? Infinity
    const isHit = kept.has(key)
    if (isHit) {
      farthest?.push(key, nextOf[key])
      return true
    }
    if (size > bytesMax || nextOf[key] === Infinity) return false
    kept.add(key)
    bytes += size
    farthest?.push(key, nextOf[key])
    while (bytes > bytesMax) {
      const gone = farthest?.take((one, at) => kept.has(one) && nextOf[one] === at) ?? worstOf(request)
      kept.remove(gone)
      bytes -= sizes[gone] ?? 0
      if (gone === key) break
    }
    return false
  })
}

/**
 * What no policy can exceed, whatever the sizes (PFOO-L of Berger, Beckmann and Harchol-Balter, "Practical
 * Bounds on Optimal Caching with Variable Object Sizes", 2018): each hit takes its object's bytes for as long
 * as it has to be kept; the cheapest are counted until all the cache's bytes, at all times, are spent.
 */
export function upperBound(trace: Trace, bytesMax: number): HitRatios {
  const objects = cheapestFirst(trace, bytesMax, (size, distance) => size * distance)
  const bytes = cheapestFirst(trace, bytesMax, (_, distance) => distance)
  return { objects: objects.objects, bytes: bytes.bytes }
}

function cheapestFirst(
  trace: Trace,
  bytesMax: number,
  priceOf: (size: number, distance: number) => number,
): HitRatios {
  const { keys, sizes } = trace
  const distances = distancesOf(trace)
  const prices = new Float64Array(keys.length)
  for (let request = 0; request < keys.length; request += 1) {
    const size = sizes[keys[request] ?? 0] ?? 0
    prices[request] = size > bytesMax ? Infinity : priceOf(size, distances[request] ?? Infinity)
  }
  const inOrder = Uint32Array.from(prices.keys()).sort((a, b) => (prices[a] ?? 0) - (prices[b] ?? 0))
  const isHit = new Uint8Array(keys.length)
  let left = bytesMax * keys.length
  for (const request of inOrder) {
    if (prices[request] === Infinity) break
    left -= (sizes[keys[request] ?? 0] ?? 0) * (distances[request] ?? 0)
    if (left < 0) break
    isHit[request] = 1
  }
  return ratiosOf(trace, (request) => isHit[request] === 1)
}

/** For each request the number of the next one for the same key, or infinity. */
function nextRequests({ keys, sizes }: Trace): Float64Array {
  const next = new Float64Array(keys.length)
  const seen = new Float64Array(sizes.length).fill(Infinity)
  for (let request = keys.length - 1; request >= 0; request -= 1) {
    const key = keys[request] ?? 0
    next[request] = seen[key] ?? Infinity
    seen[key] = request
  }
  return next
}

/** For each request how many requests ago its key was asked for, or infinity. */
function distancesOf({ keys, sizes }: Trace): Float64Array {
  const distances = new Float64Array(keys.length)
  const seen = new Float64Array(sizes.length).fill(-Infinity)
  for (let request = 0; request < keys.length; request += 1) {
    const key = keys[request] ?? 0
    distances[request] = request - (seen[key] ?? -Infinity)
    seen[key] = request
  }
  return distances
}

/** A set of keys that one can be picked from by chance. */
class KeptByChance {
  readonly #keys: number[] = []
  readonly #places: Int32Array

  constructor(keys: number) {
    this.#places = new Int32Array(keys).fill(-1)
  }

  has(key: number): boolean {
    return (this.#places[key] ?? -1) >= 0
  }

  add(key: number): void {
    this.#places[key] = this.#keys.length
    this.#keys.push(key)
  }

  remove(key: number): void {
    const place = this.#places[key] ?? -1
    const last = this.#keys.pop() ?? key
    this.#places[key] = -1
    if (last === key) return
    this.#keys[place] = last
    this.#places[last] = place
  }

  at(random: () => number): number {
    return this.#keys[Math.floor(random() * this.#keys.length)] ?? 0
  }
}

/** A heap of keys by when they are asked for next; what became outdated in it is passed over. */
class FarthestFirst {
  readonly #keys: number[] = []
  readonly #ats: number[] = []

  push(key: number, at: number): void {
    let place = this.#keys.length
    while (place > 0) {
      const above = (place - 1) >> 1
      if ((this.#ats[above] ?? 0) >= at) break
      this.#set(place, this.#keys[above] ?? 0, this.#ats[above] ?? 0)
      place = above
    }
    this.#set(place, key, at)
  }

  /** Takes the farthest that is still what it was when it was pushed. */
  take(holds: (key: number, at: number) => boolean): number {
    for (;;) {
      const [key = 0] = this.#keys
      const [at = 0] = this.#ats
      this.#removeFirst()
      if (holds(key, at)) return key
    }
  }

  #removeFirst(): void {
    const key = this.#keys.pop() ?? 0
    const at = this.#ats.pop() ?? 0
    const count = this.#keys.length
    if (count === 0) return
    let place = 0
    for (;;) {
      let below = 2 * place + 1
      if (below >= count) break
      if (below + 1 < count && (this.#ats[below + 1] ?? 0) > (this.#ats[below] ?? 0)) below += 1
      if ((this.#ats[below] ?? 0) <= at) break
      this.#set(place, this.#keys[below] ?? 0, this.#ats[below] ?? 0)
      place = below
    }
    this.#set(place, key, at)
  }

  #set(place: number, key: number, at: number): void {
    this.#keys[place] = key
    this.#ats[place] = at
  }
}
