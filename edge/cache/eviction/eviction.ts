/**
 * One that a cache keeps, as its eviction sees it. The cache finds it by its key in an index of its own;
 * the links are the policy's, so that an access touches memory that is there and makes no garbage.
 */
export class Kept<Value> {
  readonly value: Value
  /** The key's hash, a signed 32-bit integer: what a policy remembers of those that are gone. */
  readonly hash: number
  /** What it takes up; changed by `resize` only. */
  bytes: number
  /** The policy's: neighbours in its queue, which queue that is, how often it was asked for lately. */
  older: Kept<Value> | undefined
  newer: Kept<Value> | undefined
  queue = 0
  mark = 0

  constructor(value: Value, bytes: number, hash: number) {
    this.value = value
    this.bytes = bytes
    this.hash = hash
  }
}

/**
 * Decides what goes when a cache is full. The contract:
 *
 * - The cache has the index, and deletes: whatever `evict` is called with is unlinked and its bytes are
 *   deducted already; the cache takes it out of its index and doesn't call the policy from there.
 * - `insert` and `resize` may evict any, also the very one they are called with (it is larger than all the
 *   room, or the policy finds it less worth keeping than what would have to go). After each the bytes kept
 *   are within the bound.
 * - Only `access` makes popular. Looking into the index without it is a peek and changes nothing; neither
 *   does `resize`.
 * - All take O(1), amortised, and `access` allocates nothing.
 */
export interface Eviction<Value> {
  /** Takes charge of one that was not kept. */
  insert(kept: Kept<Value>): void
  /** One that is kept was asked for. */
  access(kept: Kept<Value>): void
  /** One that is kept has grown or shrunk. */
  resize(kept: Kept<Value>, bytes: number): void
  /** The cache dropped one that is kept, for reasons of its own; `evict` is not called for it. */
  remove(kept: Kept<Value>): void
  readonly bytes: number
  readonly count: number
}

/** Makes an eviction of one policy. @param evict see the contract */
export type EvictionPolicy = <Value>(bytesMax: number, evict: (kept: Kept<Value>) => void) => Eviction<Value>

/** What differs from policy to policy: in which order they go. */
export interface Order<Value> {
  /** One has come, whether or not it will be added. */
  note?(kept: Kept<Value>): void
  add(kept: Kept<Value>): void
  touch(kept: Kept<Value>): void
  resize(kept: Kept<Value>, bytes: number): void
  remove(kept: Kept<Value>): void
  /**
   * Unlinks the one that goes next. Called only while any is kept.
   *
   * @param incoming for which room is made, not added yet: the answer may be that it is the one to go
   */
  victim(incoming?: Kept<Value>): Kept<Value>
  readonly bytes: number
  readonly count: number
}

/** Keeps an order within a bound, as the contract of `Eviction` says. */
export function bounded<Value>(
  order: Order<Value>,
  bytesMax: number,
  evict: (kept: Kept<Value>) => void,
): Eviction<Value> {
  return {
    insert(kept) {
      order.note?.(kept)
      if (kept.bytes > bytesMax) return evict(kept)
      while (order.bytes + kept.bytes > bytesMax) {
        const victim = order.victim(kept)
        evict(victim)
        if (victim === kept) return
      }
      order.add(kept)
    },
    access: (kept) => order.touch(kept),
    resize(kept, bytes) {
      order.resize(kept, bytes)
      if (bytes > bytesMax) {
        order.remove(kept)
        return evict(kept)
      }
      while (order.bytes > bytesMax) evict(order.victim())
    },
    remove: (kept) => order.remove(kept),
    get bytes() {
      return order.bytes
    },
    get count() {
      return order.count
    },
  }
}
