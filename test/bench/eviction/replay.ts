import { type EvictionPolicy, Kept } from '../../../edge/cache/eviction/eviction.ts'
import type { Trace } from './trace.ts'

/** Shares of the requests, and of the bytes asked for, that were had from the cache: 0 to 1. */
export interface HitRatios {
  objects: number
  bytes: number
}

/** Asks a cache of a policy for all of a trace, beginning with nothing kept. */
export function replay(trace: Trace, policy: EvictionPolicy, bytesMax: number): HitRatios {
  const { keys, sizes } = trace
  const index: (Kept<number> | undefined)[] = new Array(sizes.length).fill(undefined)
  const eviction = policy<number>(bytesMax, ({ value }) => {
    index[value] = undefined
  })
  return ratiosOf(trace, (request) => {
    const key = keys[request] ?? 0
    const kept = index[key]
    if (kept !== undefined) {
      eviction.access(kept)
      return true
    }
    const missed = new Kept(key, sizes[key] ?? 0, hashOf(key))
    index[key] = missed
    eviction.insert(missed)
    return false
  })
}

/** Counts the hits. @param isHit called once for each request, in order */
export function ratiosOf({ keys, sizes }: Trace, isHit: (request: number) => boolean): HitRatios {
  let hits = 0
  let hitBytes = 0
  let bytes = 0
  for (let request = 0; request < keys.length; request += 1) {
    const size = sizes[keys[request] ?? 0] ?? 0
    bytes += size
    if (!isHit(request)) continue
    hits += 1
    hitBytes += size
  }
  return { objects: hits / keys.length, bytes: hitBytes / bytes }
}

/** 32 bits that look like those of a key's text. */
function hashOf(key: number): number {
  const mixed = Math.imul(key ^ (key >>> 16), 0x45d9f3b)
  return mixed ^ (mixed >>> 15)
}
