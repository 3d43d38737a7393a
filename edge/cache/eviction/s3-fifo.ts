import { bounded, type EvictionPolicy, type Kept, type Order } from './eviction.ts'
import { Ghosts } from './ghosts.ts'
import { Queue } from './queue.ts'

/** How an S3-FIFO is set. */
interface Setting {
  /** Bytes of the newcomers' queue, and of those remembered that went from it, as shares of all. */
  small: number
  ghosts: number
  /** A newcomer asked for so often stays. */
  promotedAt: number
}

/** As the paper has it. */
const PUBLISHED: Setting = { small: 0.1, ghosts: 0.9, promotedAt: 2 }

/**
 * As we have it: a longer memory is worth the most (`test/bench/EVICTION.md`), it lets what comes back after
 * a while be known; and then a shorter queue is enough for newcomers.
 */
const MEASURED: Setting = { small: 0.05, ghosts: 2, promotedAt: 1 }

/** Accesses are counted no further. */
const MARK_MAX = 3

const SMALL = 0
const MAIN = 1

/**
 * S3-FIFO (Yang et al., SOSP 2023): newcomers queue in a small queue, and leave by it unless they are asked
 * for again; those that were, or that come back soon after they went, join the main queue, where each access
 * buys another round.
 */
export const s3Fifo: EvictionPolicy = (bytesMax, evict) =>
  bounded(new S3Fifo(bytesMax, MEASURED), bytesMax, evict)

/** The same as it was published. */
export const s3FifoPublished: EvictionPolicy = (bytesMax, evict) =>
  bounded(new S3Fifo(bytesMax, PUBLISHED), bytesMax, evict)

class S3Fifo<Value> implements Order<Value> {
  readonly #small = new Queue<Value>()
  readonly #main = new Queue<Value>()
  readonly #ghosts: Ghosts
  readonly #smallBytesMax: number
  readonly #promotedAt: number
  #wasFull = false

  constructor(bytesMax: number, { small, ghosts, promotedAt }: Setting) {
    this.#smallBytesMax = bytesMax * small
    this.#ghosts = new Ghosts(bytesMax * ghosts)
    this.#promotedAt = promotedAt
  }

  get bytes(): number {
    return this.#small.bytes + this.#main.bytes
  }

  get count(): number {
    return this.#small.count + this.#main.count
  }

  add(kept: Kept<Value>): void {
    const known = this.#ghosts.recall(kept.hash)
    // Before anybody had to go there is room for all.
    const roomy = !this.#wasFull && this.#small.bytes >= this.#smallBytesMax
    this.#join(kept, known || roomy ? MAIN : SMALL)
  }

  touch(kept: Kept<Value>): void {
    if (kept.mark < MARK_MAX) kept.mark += 1
  }

  resize(kept: Kept<Value>, bytes: number): void {
    this.#queueOf(kept).resize(kept, bytes)
  }

  remove(kept: Kept<Value>): void {
    this.#queueOf(kept).remove(kept)
  }

  victim(): Kept<Value> {
    this.#wasFull = true
    for (;;) {
      const small = this.#small.count > 0
      const fromSmall = small && (this.#small.bytes > this.#smallBytesMax || this.#main.count === 0)
      const gone = fromSmall ? this.#nextOfSmall() : this.#nextOfMain()
      if (gone !== undefined) return gone
    }
  }

  /** The oldest newcomer, unless it has earned its place in the main queue. */
  #nextOfSmall(): Kept<Value> | undefined {
    const kept = this.#small.take()
    if (kept.mark < this.#promotedAt) {
      this.#ghosts.add(kept.hash, kept.bytes)
      return kept
    }
    this.#join(kept, MAIN)
    return undefined
  }

  #nextOfMain(): Kept<Value> | undefined {
    const kept = this.#main.take()
    if (kept.mark === 0) return kept
    kept.mark -= 1
    this.#main.add(kept)
    return undefined
  }

  #join(kept: Kept<Value>, queue: typeof SMALL | typeof MAIN): void {
    kept.queue = queue
    kept.mark = 0
    this.#queueOf(kept).add(kept)
  }

  #queueOf(kept: Kept<Value>): Queue<Value> {
    return kept.queue === MAIN ? this.#main : this.#small
  }
}
