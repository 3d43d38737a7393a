import { type Trace, traceWriter } from './trace.ts'

const REQUESTS = 1_000_000
/** Objects that are popular at a time, and how steeply: request rates of web objects fall with about rank^-0.9. */
const CATALOGUE = 60_000
const ZIPF = 0.9
/** So many requests apart, a popular object gives its rank to one that never was before. */
const CHURN_EVERY = 40
/** Share of requests for what is asked for once and never again: crawlers, mistyped paths, old links. */
const ONCE_SHARE = 0.15
/** So many requests apart, a robot goes through a part of an archive in order, while others go on asking. */
const SCAN_EVERY = 120_000
const SCAN_OBJECTS = 12_000
const ARCHIVE_OBJECTS = 40_000
const BYTES_MIN = 100
const BYTES_MAX = 100_000_000

/**
 * A trace such as a CDN's edge sees: Zipf with churn, one-hit wonders and scans, sizes from 100 B to 100 MB
 * (log-normal about 12 KB, so that few large ones hold most of the bytes). The same at each run.
 */
export function generatedTrace(): Trace {
  const random = mulberry32(20_260_101)
  const writer = traceWriter()
  const ranks = Uint32Array.from({ length: CATALOGUE }, (_, rank) => rank)
  const rankOf = zipf(CATALOGUE, ZIPF, random)
  let objects = CATALOGUE + ARCHIVE_OBJECTS
  let scanned = 0
  let scanLeft = 0

  for (let at = 0; at < REQUESTS; at += 1) {
    if (at % CHURN_EVERY === 0) ranks[Math.floor(random() * CATALOGUE)] = objects++
    if (at % SCAN_EVERY === SCAN_EVERY - 1) scanLeft = SCAN_OBJECTS
    let object = ranks[rankOf()] ?? 0
    if (scanLeft > 0 && random() < 0.5) {
      object = CATALOGUE + (scanned++ % ARCHIVE_OBJECTS)
      scanLeft -= 1
    } else if (random() < ONCE_SHARE) object = objects++
    writer.add(object, sizeOf(object))
  }
  return writer.trace('generated')
}

/** Size of an object, of its number alone. */
function sizeOf(object: number): number {
  const random = mulberry32(Math.imul(object + 1, 0x9e3779b1))
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const bytes = Math.round(Math.exp(Math.log(12_000) + 2.3 * normal))
  return Math.min(BYTES_MAX, Math.max(BYTES_MIN, bytes))
}

/** Draws ranks from 0 on, each with a weight of (rank + 1)^-exponent. */
export function zipf(ranks: number, exponent: number, random: () => number): () => number {
  const below = new Float64Array(ranks)
  let sum = 0
  for (let rank = 0; rank < ranks; rank += 1) {
    sum += (rank + 1) ** -exponent
    below[rank] = sum
  }
  return () => {
    const wanted = random() * sum
    let [low, high] = [0, ranks - 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((below[middle] ?? 0) < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Random numbers from 0 up to 1, the same for a seed (Tommy Ettinger's mulberry32, public domain). */
export function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
