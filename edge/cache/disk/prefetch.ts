import type { Database } from 'lmdb'

/** Threads that are out for one table at a time, of the four that all of a process shares. */
const OUT_MAX = 2

/** Keys whose pages one thread is to touch, and what tells those who wait for it. */
interface Batch extends PromiseWithResolvers<void> {
  keys: Buffer[]
}

/**
 * Has a thread touch the pages of keys that are about to be read, so that it and not the loop waits for the disk.
 *
 * To send a thread off takes the loop several times as long as to read a page that is in memory, and nearly all
 * are. So those who ask while all are out share the next that is free: the busier, the fewer are sent.
 */
export class Prefetch {
  readonly #table: Pick<Database<Buffer, Buffer>, 'prefetch'>
  #out = 0
  #next: Batch | undefined

  constructor(table: Pick<Database<Buffer, Buffer>, 'prefetch'>) {
    this.#table = table
  }

  /** Resolves once the key's pages have been touched. Rejects with what LMDB says. */
  touch(key: Buffer): Promise<void> {
    this.#next ??= { keys: [], ...Promise.withResolvers<void>() }
    const batch = this.#next
    batch.keys.push(key)
    if (this.#out < OUT_MAX) void this.#send(batch)
    return batch.promise
  }

  async #send({ keys, resolve, reject }: Batch): Promise<void> {
    this.#next = undefined
    this.#out += 1
    try {
      await this.#table.prefetch(keys)
      resolve()
    } catch (error) {
      reject(error)
    }
    this.#out -= 1
    if (this.#next !== undefined) void this.#send(this.#next)
  }
}
