import { LRUCache } from 'lru-cache'
import { type EvictionPolicy, Kept } from '../../../edge/cache/eviction/eviction.ts'
import { POLICIES } from '../../../edge/cache/eviction/policies.ts'
import { type Spread, spreadOf } from '../statistics.ts'
import { mulberry32 } from './generated.ts'

/** As many keys as a worker's memory of some GB has, spelled as long as cache keys are. */
const KEYS = 100_000
const HITS = 1_000_000
const ROUNDS = 7

/** How long one hit took. */
export interface HitSpeed {
  name: string
  /** Nanoseconds of this thread's CPU time a hit, look-up included. */
  ns: Spread
  /** The same, as a multiple of what lru-cache took in the same round. */
  ratio: Spread
}

/**
 * Measures what a hit costs: the look-up by a key's text and what the policy does about it, of each policy in
 * an index as the memory store's, and of lru-cache. All take turns, so that what else the machine does meets
 * all alike; keys are asked for from the popular to the rare, out of order.
 *
 * @param tick called after each turn
 */
export function hitSpeeds(tick: (done: number, all: number) => void): HitSpeed[] {
  const keys = Array.from(
    { length: KEYS },
    (_, at) => `site.example\u0000GET\u0000/articles/${at}/index.html`,
  )
  const random = mulberry32(11)
  // Squared, so that a few are asked for often.
  const asked = Uint32Array.from({ length: HITS }, () => Math.floor(KEYS * random() ** 2))
  const contenders = [
    { name: 'lru-cache', get: lruCacheOf(keys), times: [] as number[] },
    ...Object.entries(POLICIES).map(([name, policy]) => ({
      name,
      get: indexOf(policy, keys),
      times: [] as number[],
    })),
  ]
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [turn, { get, times }] of contenders.entries()) {
      times.push(nsOfHit(get, keys, asked))
      tick(round * contenders.length + turn + 1, ROUNDS * contenders.length)
    }
  }
  const [peer] = contenders
  return contenders.map(({ name, times }) => {
    const ratios = times.map((ns, round) => ns / (peer?.times[round] ?? ns))
    // The first round is where the code gets compiled.
    return { name, ns: spreadOf(times.slice(1)), ratio: spreadOf(ratios.slice(1)) }
  })
}

function nsOfHit(get: (key: string) => number, keys: readonly string[], asked: Uint32Array): number {
  const before = process.threadCpuUsage().user
  let sum = 0
  for (const at of asked) sum += get(keys[at] ?? '')
  const ns = ((process.threadCpuUsage().user - before) * 1e3) / asked.length
  if (sum !== asked.length) throw new Error('what was measured were not all hits')
  return ns
}

function lruCacheOf(keys: readonly string[]): (key: string) => number {
  const cache = new LRUCache<string, { one: number }>({ maxSize: KEYS * 2, sizeCalculation: () => 1 })
  for (const key of keys) cache.set(key, { one: 1 })
  return (key) => cache.get(key)?.one ?? 0
}

function indexOf(policy: EvictionPolicy, keys: readonly string[]): (key: string) => number {
  const index = new Map<string, Kept<{ one: number }>>()
  const eviction = policy<{ one: number }>(KEYS * 2, () => undefined)
  for (const [at, key] of keys.entries()) {
    const kept = new Kept({ one: 1 }, 1, Math.imul(at + 1, 0x9e3779b1))
    index.set(key, kept)
    eviction.insert(kept)
  }
  return (key) => {
    const kept = index.get(key)
    if (kept === undefined) return 0
    eviction.access(kept)
    return kept.value.one
  }
}
