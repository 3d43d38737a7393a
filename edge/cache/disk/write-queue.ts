import { sameSelection } from '../rules/vary.ts'
import type { StoredResponse } from '../store/stored-response.ts'

/** What waits to be written: a response to keep, or (without one) a key to drop. */
export interface Write {
  key: string
  stored?: StoredResponse
}

/** What one transaction takes: more would keep the loop busy for too long at a time. */
const BATCH_BYTES_MAX = 2_097_152
const BATCH_WRITES_MAX = 64

/** Writes that wait for their transaction, in order; until it has ended they can be read from here. */
export class WriteQueue {
  /** Bodies that wait, bytes. */
  bytes = 0
  readonly #waiting: Write[] = []
  readonly #ofKeys = new Map<string, Write[]>()
  readonly #settling: { after: number; resolve(): void }[] = []
  #asked = 0
  #done = 0

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  add(write: Write): void {
    this.#waiting.push(write)
    this.#asked += 1
    this.bytes += write.stored?.body.byteLength ?? 0
    const ofKey = this.#ofKeys.get(write.key)
    if (ofKey === undefined) this.#ofKeys.set(write.key, [write])
    else ofKey.push(write)
  }

  /** The writes of a key that disk doesn't have yet, oldest first. */
  ofKey(key: string): readonly Write[] {
    return this.#ofKeys.get(key) ?? []
  }

  /** Takes what comes next; `done` has to be told once it is written, or has failed. */
  nextBatch(): Write[] {
    let bytes = 0
    let count = 0
    while (count < this.#waiting.length && count < BATCH_WRITES_MAX && bytes < BATCH_BYTES_MAX) {
      bytes += this.#waiting[count]?.stored?.body.byteLength ?? 0
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  done(batch: readonly Write[]): void {
    for (const { key, stored } of batch) {
      this.bytes -= stored?.body.byteLength ?? 0
      const ofKey = this.#ofKeys.get(key)
      ofKey?.shift()
      if (ofKey?.length === 0) this.#ofKeys.delete(key)
    }
    this.#done += batch.length
    while ((this.#settling[0]?.after ?? Infinity) <= this.#done) this.#settling.shift()?.resolve()
  }

  /** Resolves when all that was added so far is done; what is added meanwhile isn't waited for. */
  settled(): Promise<void> {
    if (this.#done === this.#asked) return Promise.resolve()
    return new Promise((resolve) => this.#settling.push({ after: this.#asked, resolve }))
  }
}

/** What a key has once writes that still wait are done. @param found what disk has, newest first */
export function withWrites(
  found: readonly StoredResponse[],
  writes: readonly Write[],
): readonly StoredResponse[] {
  let kept = found
  for (const { stored } of writes) {
    if (stored === undefined) kept = []
    else kept = [stored, ...kept.filter((other) => !sameSelection(other.selection, stored.selection))]
  }
  return kept
}
