import { bounded, type EvictionPolicy, type Kept } from './eviction.ts'
import { Queue } from './queue.ts'

/** First in, first out: whoever was asked for or not. What the others are measured against. */
export const fifo: EvictionPolicy = (bytesMax, evict) => bounded(new Fifo(), bytesMax, evict)

class Fifo<Value> extends Queue<Value> {
  touch(): void {}

  victim(): Kept<Value> {
    return this.take()
  }
}
