import { bounded, type EvictionPolicy, type Kept } from './eviction.ts'
import { Queue } from './queue.ts'

/**
 * SIEVE (Zhang et al., NSDI 2024): a hand walks from the oldest to the newest, spares those that were
 * asked for since it last came by, and takes the first that was not. Nobody changes places, so those
 * that came lately are sifted soon, and those that proved themselves stay behind the hand.
 */
export const sieve: EvictionPolicy = (bytesMax, evict) => bounded(new Sieve(), bytesMax, evict)

class Sieve<Value> extends Queue<Value> {
  /** Who is looked at next; the oldest when there is none. */
  #hand: Kept<Value> | undefined

  override add(kept: Kept<Value>): void {
    kept.mark = 0
    super.add(kept)
  }

  touch(kept: Kept<Value>): void {
    kept.mark = 1
  }

  override remove(kept: Kept<Value>): void {
    if (kept === this.#hand) this.#hand = kept.newer
    super.remove(kept)
  }

  victim(): Kept<Value> {
    let hand = this.#hand ?? this.oldest
    while (hand !== undefined && hand.mark > 0) {
      hand.mark = 0
      hand = hand.newer ?? this.oldest
    }
    if (hand === undefined) throw new Error('an empty queue has no victim')
    this.#hand = hand
    this.remove(hand)
    return hand
  }
}
