import { bounded, type EvictionPolicy, type Kept, type Order } from './eviction.ts'
import { Queue } from './queue.ts'
import { Sketch } from './sketch.ts'

/** Share of the window for newcomers, and of the rest the part for those asked for again. */
const WINDOW_SHARE = 0.01
const PROTECTED_SHARE = 0.8

const WINDOW = 0
const PROBATION = 1
const PROTECTED = 2

/**
 * W-TinyLFU (Einziger, Friedman and Manes, ACM TOS 2017): newcomers have a small window, least recently
 * used; who leaves it gets into the main part only if it was seen more often than those that would have to
 * go. For sizes that differ: more often than all together whose room it needs (Einziger et al., "Lightweight
 * Robust Size Aware Cache Management", 2022: aggregated victims). The window's share is fixed.
 */
export const wTinyLfu: EvictionPolicy = (bytesMax, evict) => bounded(new WTinyLfu(bytesMax), bytesMax, evict)

class WTinyLfu<Value> implements Order<Value> {
  readonly #window = new Queue<Value>()
  readonly #probation = new Queue<Value>()
  readonly #protected = new Queue<Value>()
  readonly #sketch = new Sketch()
  readonly #mainBytesMax: number
  readonly #protectedBytesMax: number

  constructor(bytesMax: number) {
    this.#mainBytesMax = bytesMax * (1 - WINDOW_SHARE)
    this.#protectedBytesMax = this.#mainBytesMax * PROTECTED_SHARE
  }

  get bytes(): number {
    return this.#window.bytes + this.#mainBytes
  }

  get count(): number {
    return this.#window.count + this.#probation.count + this.#protected.count
  }

  get #mainBytes(): number {
    return this.#probation.bytes + this.#protected.bytes
  }

  note(kept: Kept<Value>): void {
    this.#sketch.ensure(this.count)
    this.#sketch.add(kept.hash)
  }

  add(kept: Kept<Value>): void {
    this.#join(kept, WINDOW)
  }

  touch(kept: Kept<Value>): void {
    this.#sketch.add(kept.hash)
    this.remove(kept)
    this.#join(kept, kept.queue === WINDOW ? WINDOW : PROTECTED)
    while (this.#protected.bytes > this.#protectedBytesMax) this.#join(this.#protected.take(), PROBATION)
  }

  resize(kept: Kept<Value>, bytes: number): void {
    this.#queueOf(kept).resize(kept, bytes)
  }

  remove(kept: Kept<Value>): void {
    this.#queueOf(kept).remove(kept)
  }

  victim(incoming?: Kept<Value>): Kept<Value> {
    for (;;) {
      if (this.#mainBytes > this.#mainBytesMax) return this.#leastOfMain()
      const candidate = this.#window.oldest ?? incoming
      if (candidate === undefined) return this.#leastOfMain()
      if (!this.#isWorthIt(candidate)) {
        if (candidate !== incoming) this.remove(candidate)
        return candidate
      }
      // One larger than the whole window: room for it is made in the main part.
      if (candidate === incoming) return this.#leastOfMain()
      this.remove(candidate)
      this.#join(candidate, PROBATION)
    }
  }

  /** Whether a candidate was seen more often than all that would have to go for it. */
  #isWorthIt(candidate: Kept<Value>): boolean {
    const count = this.#sketch.countOf(candidate.hash)
    let missing = this.#mainBytes + candidate.bytes - this.#mainBytesMax
    let theirs = 0
    let next = this.#probation.oldest ?? this.#protected.oldest
    while (missing > 0 && next !== undefined) {
      // At least one each, so that few are looked at however many would have to go.
      theirs += Math.max(1, this.#sketch.countOf(next.hash))
      if (theirs >= count) return false
      missing -= next.bytes
      next = next.newer ?? (next.queue === PROBATION ? this.#protected.oldest : undefined)
    }
    return true
  }

  #leastOfMain(): Kept<Value> {
    const queue = this.#probation.count > 0 ? this.#probation : this.#protected
    return (queue.count > 0 ? queue : this.#window).take()
  }

  #join(kept: Kept<Value>, queue: typeof WINDOW | typeof PROBATION | typeof PROTECTED): void {
    kept.queue = queue
    this.#queueOf(kept).add(kept)
  }

  #queueOf(kept: Kept<Value>): Queue<Value> {
    if (kept.queue === WINDOW) return this.#window
    return kept.queue === PROBATION ? this.#probation : this.#protected
  }
}
