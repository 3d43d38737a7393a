import { bounded, type EvictionPolicy, type Kept } from './eviction.ts'
import { Queue } from './queue.ts'

/** The least recently used goes. One scan of what is asked for once washes everything out. */
export const lru: EvictionPolicy = (bytesMax, evict) => bounded(new Lru(), bytesMax, evict)

class Lru<Value> extends Queue<Value> {
  touch(kept: Kept<Value>): void {
    if (kept === this.newest) return
    this.remove(kept)
    this.add(kept)
  }

  victim(): Kept<Value> {
    return this.take()
  }
}
