import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EvictionPolicy, Kept } from '../../edge/cache/eviction/eviction.ts'
import { POLICIES } from '../../edge/cache/eviction/policies.ts'
import { belady, upperBound } from '../bench/eviction/optimum.ts'
import { replay } from '../bench/eviction/replay.ts'
import { traceWriter } from '../bench/eviction/trace.ts'

const CASES = { numRuns: 1_000 }
const BYTES_MAX = 100

/** Something that is done to a cache, as a browser of the web or its owner would. */
type Step =
  | { kind: 'ask'; key: number; bytes: number }
  | { kind: 'resize'; key: number; bytes: number }
  | { kind: 'drop'; key: number }

const key = fc.nat({ max: 20 })
const bytes = fc.oneof(
  { arbitrary: fc.nat({ max: 30 }), weight: 9 },
  { arbitrary: fc.nat({ max: 120 }), weight: 1 },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('ask' as const), key, bytes }), weight: 8 },
  { arbitrary: fc.record({ kind: fc.constant('resize' as const), key, bytes }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant('drop' as const), key }), weight: 1 },
)
const steps = fc.array(step, { maxLength: 200 })

/** A cache as small as can be: its index, and a policy. */
function cacheOf(policy: EvictionPolicy) {
  const index = new Map<number, Kept<number>>()
  const eviction = policy<number>(BYTES_MAX, (gone) => {
    expect(index.get(gone.value)).toBe(gone)
    index.delete(gone.value)
  })
  const ask = (wanted: number, size: number) => {
    const kept = index.get(wanted)
    if (kept !== undefined) return eviction.access(kept)
    const missed = new Kept(wanted, size, Math.imul(wanted + 1, 0x9e3779b1))
    index.set(wanted, missed)
    eviction.insert(missed)
  }
  const resize = (wanted: number, size: number) => {
    const kept = index.get(wanted)
    if (kept !== undefined) eviction.resize(kept, size)
  }
  const drop = (wanted: number) => {
    const kept = index.get(wanted)
    if (kept === undefined) return
    index.delete(wanted)
    eviction.remove(kept)
  }
  return {
    index,
    eviction,
    ask,
    do(step: Step) {
      if (step.kind === 'ask') ask(step.key, step.bytes)
      else if (step.kind === 'resize') resize(step.key, step.bytes)
      else drop(step.key)
    },
  }
}

describe.each(Object.entries(POLICIES))('%s', (_, policy) => {
  test('is never over its bound, and counts exactly what the cache has', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const cache = cacheOf(policy)
        for (const one of all) {
          cache.do(one)
          const sizes = [...cache.index.values()].map((kept) => kept.bytes)
          expect(cache.eviction.count).toBe(sizes.length)
          expect(cache.eviction.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0))
          expect(cache.eviction.bytes).toBeLessThanOrEqual(BYTES_MAX)
        }
      }),
      CASES,
    )
  })

  test('keeps all while there is room, and nothing that is larger than all the room', () => {
    const cache = cacheOf(policy)
    for (let at = 0; at < 10; at += 1) cache.ask(at, 10)
    cache.ask(10, 101)

    expect([...cache.index.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
})

/** Policies in their plainest form: an array, the next to go first. All sizes 1, so many fit. */
const PLAIN: Record<string, (fit: number) => (key: number) => readonly number[]> = {
  FIFO(fit) {
    const kept: number[] = []
    return (wanted) => {
      if (kept.includes(wanted)) return kept
      if (kept.length === fit) kept.shift()
      kept.push(wanted)
      return kept
    }
  },
  LRU(fit) {
    let kept: number[] = []
    return (wanted) => {
      kept = [...kept.filter((one) => one !== wanted), wanted].slice(-fit)
      return kept
    }
  },
  SIEVE(fit) {
    const kept: number[] = []
    const visited = new Set<number>()
    let hand = 0
    return (wanted) => {
      if (kept.includes(wanted)) visited.add(wanted)
      else {
        if (kept.length === fit) {
          while (visited.delete(kept[hand] ?? -1)) hand = (hand + 1) % fit
          kept.splice(hand, 1)
        }
        kept.push(wanted)
      }
      return kept
    }
  },
}

describe.each(Object.entries(PLAIN))('%s of links', (name, plain) => {
  test('keeps what the plainest form of it keeps', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 15 }), { maxLength: 300 }), (keys) => {
        const reference = plain(10)
        const cache = cacheOf(POLICIES[name] as EvictionPolicy)
        for (const wanted of keys) {
          cache.ask(wanted, 10)
          expect([...cache.index.keys()].sort()).toEqual([...reference(wanted)].sort())
        }
      }),
      CASES,
    )
  })
})

describe('S3-FIFO', () => {
  test('a scan of what is asked for once leaves what is asked for again', () => {
    const cache = cacheOf(POLICIES['S3-FIFO'] as EvictionPolicy)
    for (let round = 0; round < 3; round += 1) for (let at = 0; at < 8; at += 1) cache.ask(at, 10)

    for (let at = 100; at < 200; at += 1) cache.ask(at, 10)

    for (let at = 0; at < 8; at += 1) expect(cache.index.has(at)).toBe(true)
  })

  test('what comes back soon after it went stays', () => {
    const cache = cacheOf(POLICIES['S3-FIFO'] as EvictionPolicy)
    for (let at = 0; at < 20; at += 1) cache.ask(at, 10)
    const gone = [...Array(20).keys()].filter((at) => !cache.index.has(at)).at(-1) as number

    cache.ask(gone, 10)
    for (let at = 100; at < 108; at += 1) cache.ask(at, 10)

    expect(cache.index.has(gone)).toBe(true)
  })
})

describe('SIEVE', () => {
  test('one that was asked for again outlives all that came before and after it and were not', () => {
    const cache = cacheOf(POLICIES.SIEVE as EvictionPolicy)
    for (let at = 0; at < 10; at += 1) cache.ask(at, 10)
    cache.ask(3, 10)

    for (let at = 100; at < 109; at += 1) cache.ask(at, 10)

    expect([...cache.index.keys()].filter((at) => at < 100)).toEqual([3])
  })
})

describe('W-TinyLFU', () => {
  test('one that is larger is not let in for many that are asked for as often', () => {
    const cache = cacheOf(POLICIES['W-TinyLFU'] as EvictionPolicy)
    for (let round = 0; round < 3; round += 1) for (let at = 0; at < 9; at += 1) cache.ask(at, 10)

    for (let time = 0; time < 3; time += 1) cache.ask(100, 60)

    expect([...cache.index.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })
})

describe('what knows the future', () => {
  const request = fc.nat({ max: 12 })

  /** @param sizeOf size of an object by its number, bytes */
  function traceOf(keys: readonly number[], sizeOf: (key: number) => number) {
    const writer = traceWriter()
    for (const one of keys) writer.add(one, sizeOf(one))
    return writer.trace('made up')
  }

  test('has as many hits as any policy where all sizes are one', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 200 }), (keys) => {
        const trace = traceOf(keys, () => 10)
        const optimum = belady(trace, 50).objects
        for (const policy of Object.values(POLICIES)) {
          expect(replay(trace, policy, 50).objects).toBeLessThanOrEqual(optimum)
        }
      }),
      CASES,
    )
  })

  test('has a bound that no policy exceeds, nor the optimum, whatever the sizes', () => {
    fc.assert(
      fc.property(
        fc.array(request, { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1 }),
        (keys, seed) => {
          const trace = traceOf(keys, (one) => 1 + ((seed + one * 7) % 40))
          const bound = upperBound(trace, 60)
          const all = [
            ...Object.values(POLICIES).map((policy) => replay(trace, policy, 60)),
            belady(trace, 60),
          ]
          for (const { objects, bytes: byteRatio } of all) {
            expect(objects).toBeLessThanOrEqual(bound.objects + 1e-9)
            expect(byteRatio).toBeLessThanOrEqual(bound.bytes + 1e-9)
          }
        },
      ),
      CASES,
    )
  })
})
