import type { Kept } from './eviction.ts'

/** A queue through those that it holds: joined at its newest end, left from anywhere. */
export class Queue<Value> {
  oldest: Kept<Value> | undefined
  newest: Kept<Value> | undefined
  bytes = 0
  count = 0

  /** Adds one that is in no queue. */
  add(kept: Kept<Value>): void {
    kept.newer = undefined
    kept.older = this.newest
    if (this.newest === undefined) this.oldest = kept
    else this.newest.newer = kept
    this.newest = kept
    this.bytes += kept.bytes
    this.count += 1
  }

  /** Takes one out that is in this queue. */
  remove(kept: Kept<Value>): void {
    if (kept.older === undefined) this.oldest = kept.newer
    else kept.older.newer = kept.newer
    if (kept.newer === undefined) this.newest = kept.older
    else kept.newer.older = kept.older
    kept.older = undefined
    kept.newer = undefined
    this.bytes -= kept.bytes
    this.count -= 1
  }

  /** Takes the oldest out. Called only while there is one. */
  take(): Kept<Value> {
    const { oldest } = this
    if (oldest === undefined) throw new Error('an empty queue has no oldest')
    this.remove(oldest)
    return oldest
  }

  resize(kept: Kept<Value>, bytes: number): void {
    this.bytes += bytes - kept.bytes
    kept.bytes = bytes
  }
}
