import { setImmediate as nextTurn } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { Logger } from 'pino'
import type { Journal } from '../invalidation/journal.ts'
import { bodyMemory } from '../store/body-memory.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import { applyWrites } from './apply-writes.ts'
import { CHUNK_BYTES, chunkKey, chunksOf, digestOf, type Entry, entryBytes, unpacked } from './entry.ts'
import { makeRoom } from './eviction.ts'
import { journalIn } from './journal.ts'
import { Prefetch } from './prefetch.ts'
import { objectsIn, openTables, type Tables, transact, usedBytes } from './tables.ts'
import { type Write, WriteQueue, withWrites } from './write-queue.ts'

/** Cached responses on disk, shared by all workers of a machine and still there after a restart. */
export interface DiskStore extends AsyncDisposable {
  /** All that is kept for a key, newest first. Never rejects: what can't be read is a miss, counted and logged. */
  read(key: string): Promise<readonly StoredResponse[]>
  /** Keeps a response in place of the one of the same key and selection, soon; when writes lag behind it isn't kept. */
  write(key: string, stored: StoredResponse): void
  /** Drops all that is kept for a key, what still waits to be written too. */
  remove(key: string): void
  /** Resolves when all that was asked for so far is written (or has failed, and is counted). */
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
  /** Bound on the pages in use, bytes; the file is larger by what LMDB keeps free. */
  bytesMax: number
  log: Logger
  /** Whether memory answers a key, so that disk never hears of its hits. */
  isHot?(key: string): boolean
}

/** Bodies that may wait to be written, bytes: a fill faster than the disk must not fill memory. */
const QUEUE_BYTES_MAX = 67_108_864
/** Outdated keys that one transaction drops. */
const OUTDATED_MAX = 256
/** Hit marks that are kept until the next transaction. */
const MARKS_MAX = 4_096
/** A disk that stays full, or broken, is told of so often, ms. */
const COMPLAINT_MS = 60_000
/** After a failure nothing is tried for so long, ms: LMDB's binding words each one on standard error. */
const PAUSE_MS = 1_000
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
  readonly #queue = new WriteQueue()
  readonly #prefetch: Prefetch
  readonly #marks = new Set<number>()
  /** Keys whose newest write failed: what disk has for them is outdated, and goes as soon as it can be written to. */
  readonly #outdated = new Set<string>()
  readonly #readerCheck: NodeJS.Timeout
  #writing: Promise<void> | undefined
  #complainedAtMs = -COMPLAINT_MS
  #failedAtMs = -PAUSE_MS

  constructor(tables: Tables, settings: DiskSettings) {
    this.#tables = tables
    this.#prefetch = new Prefetch(tables.entries)
    this.#settings = settings
    this.#readerCheck = setInterval(() => tables.root.readerCheck(), READER_CHECK_MS).unref()
  }

  journal<Kept>(): Journal<Kept> {
    return journalIn(this.#tables)
  }

  get bytes(): number {
    return usedBytes(this.#tables)
  }

  get objects(): number {
    return objectsIn(this.#tables)
  }

  async read(key: string): Promise<readonly StoredResponse[]> {
    // Written while we read: then it is in both, and counts as it was asked for.
    const before = [...this.#queue.ofKey(key)]
    const found = await this.#onDisk(key)
    const meanwhile = this.#queue.ofKey(key).filter((write) => !before.includes(write))
    return withWrites(found, [...before, ...meanwhile])
  }

  write(key: string, stored: StoredResponse): void {
    const { byteLength } = stored.body
    if (this.#queue.bytes + byteLength > QUEUE_BYTES_MAX || byteLength > this.#settings.bytesMax / 4) {
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

  flushed(): Promise<void> {
    return this.#queue.settled()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#readerCheck)
    await this.flushed()
    await this.#writing
    await this.#tables.root.close()
  }

  #enqueue(write: Write): void {
    this.#queue.add(write)
    this.#writing ??= this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    while (!this.#queue.isEmpty) {
      // What comes in the same turn goes into the same transaction.
      await nextTurn()
      const batch = this.#queue.nextBatch()
      await this.#writeBatch(batch)
      this.#queue.done(batch)
    }
    // At once, so that what is added next finds that nobody writes.
    this.#writing = undefined
  }

  async #writeBatch(batch: readonly Write[]): Promise<void> {
    if (performance.now() - this.#failedAtMs < PAUSE_MS) return this.#failed(batch)
    const outdated = [...this.#outdated].slice(0, OUTDATED_MAX)
    const writes = [...outdated.map((key) => ({ key })), ...batch]
    try {
      while (!(await transact(this.#tables, () => this.#writeInRoom(writes))));
      for (const key of outdated) this.#outdated.delete(key)
    } catch (error) {
      this.#failedAtMs = performance.now()
      this.#failed(batch)
      this.#complain(error, 'the cache on disk can’t be written: nothing is kept until it can')
    }
  }

  /** Inside a transaction. @returns false when room has to be made first, which another transaction goes on with */
  #writeInRoom(writes: readonly Write[]): boolean {
    const { bytesMax, isHot = () => false } = this.#settings
    this.#putMarks()
    const needed = Math.min(
      bytesMax / 2,
      writes.reduce((sum, write) => sum + neededBytes(write), 0),
    )
    if (!makeRoom(this.#tables, bytesMax - needed, isHot)) return false
    applyWrites(this.#tables, writes)
    // What is needed was an estimate.
    makeRoom(this.#tables, bytesMax, isHot)
    return true
  }

  #putMarks(): void {
    const { hits, order } = this.#tables
    for (const turn of this.#marks) {
      // Who went, or was given another turn meanwhile, needs no mark.
      if (order.doesExist(turn)) hits.put(turn, MARK)
    }
    this.#marks.clear()
  }

  #failed(batch: readonly Write[]): void {
    this.dropped += batch.filter(({ stored }) => stored !== undefined).length
    for (const { key } of batch) {
      if (this.#tables.entries.doesExist(digestOf(key))) this.#outdated.add(key)
    }
  }

  async #onDisk(key: string): Promise<readonly StoredResponse[]> {
    if (this.#outdated.has(key)) return []
    try {
      const { entries } = this.#tables
      const digest = digestOf(key)
      await this.#prefetch.touch(digest)
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

  async #withBody(entry: Entry): Promise<StoredResponse | undefined> {
    const { bodies } = this.#tables
    const keys = Array.from({ length: chunksOf(entry.bodyBytes) }, (_, chunk) => chunkKey(entry.body, chunk))
    await bodies.prefetch(keys)
    const body = bodyMemory(entry.bodyBytes)
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
    if (this.#marks.size < MARKS_MAX) this.#marks.add(entry.turn)
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

/** Room that a write needs at most, bytes, estimated. */
function neededBytes({ key, stored }: Write): number {
  if (stored === undefined) return 0
  const { body, ...head } = stored
  return entryBytes({ key, head, body: 0, bodyBytes: body.byteLength, bodySum: 0, turn: 0 })
}
