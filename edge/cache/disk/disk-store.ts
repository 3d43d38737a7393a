import { setImmediate as nextTurn } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { Logger } from 'pino'
import type { Journal } from '../journal.ts'
import type { StoredResponse } from '../stored-response.ts'
import { CHUNK_BYTES, chunkKey, chunksOf, digestOf, type Entry, unpacked } from './entry.ts'
import { journalIn } from './journal.ts'
import { openTables, type Tables, totalsIn } from './tables.ts'
import { applyWrites, BATCH_BYTES_MAX, BATCH_WRITES_MAX, type Write } from './write-queue.ts'

/** Cached responses on disk, shared by all workers of a machine and still there after a restart. */
export interface DiskStore extends AsyncDisposable {
  /** All that is kept for a key, newest first. Never rejects: what can't be read is a miss, counted and logged. */
  read(key: string): Promise<readonly StoredResponse[]>
  /** Keeps a response in place of the one of the same key and selection, soon; when writes lag behind it isn't kept. */
  write(key: string, stored: StoredResponse): void
  /** Drops all that is kept for a key, what still waits to be written too. */
  remove(key: string): void
  /** Resolves when all that was asked for so far is written. */
  flushed(): Promise<void>
  /** What must be there as long as the responses are: in the same file. */
  journal<Kept>(): Journal<Kept>
  /** Disk that entries take up, bytes, and how many there are: of all workers together. */
  readonly bytes: number
  readonly objects: number
  /** Responses that were not kept, because writes lagged behind or disk was full; entries that were damaged. */
  readonly dropped: number
  readonly damaged: number
}

/** How to open a disk store. */
export interface DiskSettings {
  directory: string
  /** Bound on what entries take up, bytes; the file is larger by what LMDB keeps free. */
  bytesMax: number
  log: Logger
  /** Whether memory answers a key, so that disk never hears of its hits. */
  isHot?(key: string): boolean
}

/** Bodies that may wait to be written, bytes: a fill faster than the disk must not fill memory. */
const QUEUE_BYTES_MAX = 67_108_864
/** Hit marks that are kept until the next transaction. */
const MARKS_MAX = 4_096
/** A disk that stays full, or broken, is told of so often, ms. */
const COMPLAINT_MS = 60_000
/** Processes that were killed hold pages until somebody looks, ms. */
const READER_CHECK_MS = 60_000

/** Opens the store in a folder; one that can't be used is set aside. */
export async function openDiskStore(settings: DiskSettings): Promise<DiskStore> {
  const tables = await openTables(settings.directory, settings.bytesMax, settings.log)
  return new LmdbStore(tables, settings)
}

class LmdbStore implements DiskStore {
  dropped = 0
  damaged = 0
  readonly #tables: Tables
  readonly #settings: DiskSettings
  readonly #queue: Write[] = []
  /** Bodies that were read, with the turns of their entries then. */
  readonly #marks = new Map<number, number>()
  /** Keys whose newest write failed: what disk has for them is outdated, and goes as soon as it can be written to. */
  readonly #outdated = new Set<string>()
  /** How many writes of a key wait: while there are any, disk has what is outdated. */
  readonly #waiting = new Map<string, number>()
  readonly #readerCheck: NodeJS.Timeout
  #queuedBytes = 0
  #writing: Promise<void> | undefined
  /** The next transaction, until it has ended. */
  #batch: Promise<void> | undefined
  #complainedAtMs = -COMPLAINT_MS

  constructor(tables: Tables, settings: DiskSettings) {
    this.#tables = tables
    this.#settings = settings
    this.#readerCheck = setInterval(() => tables.root.readerCheck(), READER_CHECK_MS).unref()
  }

  journal<Kept>(): Journal<Kept> {
    return journalIn(this.#tables)
  }

  get bytes(): number {
    return totalsIn(this.#tables).bytes
  }

  get objects(): number {
    return totalsIn(this.#tables).objects
  }

  async read(key: string): Promise<readonly StoredResponse[]> {
    try {
      // Not for all that waits: during a fill there is always more.
      while (this.#waiting.has(key)) await this.#batch
      if (this.#outdated.has(key)) return []
      const { entries } = this.#tables
      const digest = digestOf(key)
      // A thread touches the pages first, so that it and not the loop waits for the disk.
      await entries.prefetch([digest])
      const bytes = entries.get(digest)
      if (bytes === undefined) return []
      const found = unpacked(bytes)
      if (found === undefined) return this.#damagedAt(key)
      const mine = found.filter((entry) => entry.key === key)
      const read = await Promise.all(mine.map((entry) => this.#withBody(entry)))
      return read.filter((stored) => stored !== undefined)
    } catch (error) {
      this.#complain(error, 'the cache on disk can’t be read')
      return []
    }
  }

  write(key: string, stored: StoredResponse): void {
    if (this.#queuedBytes + stored.body.byteLength > QUEUE_BYTES_MAX) {
      this.dropped += 1
      // What disk has, or will have, is older than what is not kept now.
      this.#enqueue({ key })
      return
    }
    this.#enqueue({ key, stored })
  }

  remove(key: string): void {
    this.#enqueue({ key })
  }

  async flushed(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#readerCheck)
    await this.flushed()
    await this.#tables.root.close()
  }

  #enqueue(write: Write): void {
    this.#queue.push(write)
    this.#queuedBytes += write.stored?.body.byteLength ?? 0
    this.#waiting.set(write.key, (this.#waiting.get(write.key) ?? 0) + 1)
    this.#writing ??= this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        this.#batch = this.#writeNext()
        await this.#batch
      }
    } finally {
      // In the same turn in which the queue was found empty: what comes next begins anew.
      this.#writing = undefined
    }
  }

  async #writeNext(): Promise<void> {
    // What comes in the same turn goes into the same transaction.
    await nextTurn()
    const batch = this.#nextBatch()
    await this.#writeBatch(batch)
    for (const { key, stored } of batch) {
      this.#queuedBytes -= stored?.body.byteLength ?? 0
      const left = (this.#waiting.get(key) ?? 1) - 1
      if (left === 0) this.#waiting.delete(key)
      else this.#waiting.set(key, left)
    }
  }

  #nextBatch(): Write[] {
    let bytes = 0
    let count = 0
    while (count < this.#queue.length && count < BATCH_WRITES_MAX && bytes < BATCH_BYTES_MAX) {
      bytes += this.#queue[count]?.stored?.body.byteLength ?? 0
      count += 1
    }
    return this.#queue.splice(0, count)
  }

  async #writeBatch(batch: readonly Write[]): Promise<void> {
    const { root, hits, order } = this.#tables
    const marks = [...this.#marks]
    this.#marks.clear()
    const outdated = [...this.#outdated].slice(0, BATCH_WRITES_MAX)
    const writes = [...outdated.map((key) => ({ key })), ...batch]
    try {
      await root.transaction(() => {
        for (const [body, turn] of marks) {
          // Gone meanwhile, maybe by another process: nobody would ever take its mark away.
          if (order.doesExist(turn)) hits.put(body, MARK)
        }
        applyWrites(this.#tables, writes, this.#settings.bytesMax, this.#settings.isHot ?? (() => false))
      })
      for (const key of outdated) this.#outdated.delete(key)
    } catch (error) {
      this.#failed(batch)
      this.#complain(error, 'the cache on disk can’t be written: nothing is kept until it can')
    }
  }

  #failed(batch: readonly Write[]): void {
    this.dropped += batch.filter(({ stored }) => stored !== undefined).length
    for (const { key } of batch) {
      if (this.#tables.entries.doesExist(digestOf(key))) this.#outdated.add(key)
    }
  }

  async #withBody(entry: Entry): Promise<StoredResponse | undefined> {
    const { bodies } = this.#tables
    const keys = Array.from({ length: chunksOf(entry.bodyBytes) }, (_, chunk) => chunkKey(entry.body, chunk))
    await bodies.prefetch(keys)
    const body = Buffer.allocUnsafeSlow(entry.bodyBytes)
    for (const [chunk, key] of keys.entries()) {
      const bytes = bodies.getBinaryFast(key)
      // Evicted between the two reads: a miss, and nothing is wrong.
      if (bytes === undefined) return undefined
      bytes.copy(body, chunk * CHUNK_BYTES)
    }
    if (crc32(body) !== entry.bodySum) {
      this.#damagedAt(entry.key)
      return undefined
    }
    if (this.#marks.size < MARKS_MAX) this.#marks.set(entry.body, entry.turn)
    return { ...entry.head, body }
  }

  #damagedAt(key: string): readonly StoredResponse[] {
    this.damaged += 1
    this.#complain(new Error('a checksum does not hold'), 'a cached response on disk is damaged: dropped')
    this.remove(key)
    return []
  }

  #complain(error: unknown, sentence: string): void {
    if (performance.now() - this.#complainedAtMs < COMPLAINT_MS) return
    this.#complainedAtMs = performance.now()
    const { directory, log } = this.#settings
    log.error({ directory, error: String(error), dropped: this.dropped, damaged: this.damaged }, sentence)
  }
}

const MARK = Buffer.from([1])
