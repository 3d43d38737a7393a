import { Readable } from 'node:stream'

/** How far the source may run ahead of the slowest reader once the body is too large to keep, bytes. */
const WINDOW_BYTES = 1_048_576

/**
 * A body that arrives once and is handed to any number of readers, each at its own pace.
 *
 * Up to `keptBytesMax` all of it is kept: readers may join late and read from the start, and a slow
 * one holds nobody back. Beyond that only a window is kept, the source waits for the slowest reader,
 * and nobody can join any more.
 */
export class SharedBody {
  /**
   * The whole body, once it has all arrived; `undefined` when it was cut off or was too large.
   * Never rejects.
   */
  readonly whole: Promise<Buffer | undefined>

  readonly #source: Readable
  readonly #keptBytesMax: number
  readonly #chunks: Buffer[] = []
  readonly #readers = new Set<Reader>()
  /** Chunks that were dropped from the front, after the body had become too large. */
  #dropped = 0
  #bytes = 0
  #ended = false
  #failure: Error | undefined
  #sourceMayGoOn: (() => void) | undefined

  constructor(source: Readable, keptBytesMax: number) {
    this.#source = source
    // What cuts it off is seen by the loop below; giving it up ourselves is nobody's error.
    source.on('error', () => undefined)
    this.#keptBytesMax = keptBytesMax
    this.whole = this.#receive()
  }

  /** Whether a new reader would still get the body from its start. */
  get joinable(): boolean {
    return this.#bytes <= this.#keptBytesMax && this.#failure === undefined
  }

  /** A stream of the body from its start. It ends in an 'error' event when the source was cut off. */
  read(): Readable {
    const reader = new Reader(this.#next, (closed) => this.#leave(closed))
    this.#readers.add(reader)
    return reader
  }

  async #receive(): Promise<Buffer | undefined> {
    try {
      for await (const chunk of this.#source) {
        this.#chunks.push(chunk)
        this.#bytes += chunk.length
        this.#wake()
        if (this.#bytes > this.#keptBytesMax) await this.#slowestReader()
      }
      this.#ended = true
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error))
    }
    this.#wake()
    return this.#ended && this.#dropped === 0 && this.joinable ? Buffer.concat(this.#chunks) : undefined
  }

  /** The chunk at a position; `null` at the end, `undefined` when it hasn't come yet. Throws what cut it off. */
  readonly #next = (position: number): Buffer | null | undefined => {
    const chunk = this.#chunks[position - this.#dropped]
    if (chunk !== undefined) {
      this.#sourceMayGoOn?.()
      return chunk
    }
    if (this.#failure !== undefined) throw this.#failure
    return this.#ended ? null : undefined
  }

  #wake(): void {
    for (const reader of this.#readers) reader.wake()
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader)
    this.#sourceMayGoOn?.()
  }

  /** Drops what every reader has read; resolves when the slowest one is near enough. */
  async #slowestReader(): Promise<void> {
    while (this.#readers.size > 0) {
      const slowest = Math.min(...[...this.#readers].map((reader) => reader.position))
      this.#chunks.splice(0, slowest - this.#dropped)
      this.#dropped = Math.max(this.#dropped, slowest)
      const aheadBytes = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      if (aheadBytes <= WINDOW_BYTES) return
      await new Promise<void>((resolve) => {
        this.#sourceMayGoOn = resolve
      })
    }
    throw new Error('nobody reads this body any more, and it is too large to keep')
  }
}

/** One reader's stream over the shared chunks. */
class Reader extends Readable {
  position = 0
  readonly #next: (position: number) => Buffer | null | undefined
  readonly #closed: (reader: Reader) => void
  #hungry = false

  constructor(next: (position: number) => Buffer | null | undefined, closed: (reader: Reader) => void) {
    super({ highWaterMark: 65_536 })
    this.#next = next
    this.#closed = closed
  }

  wake(): void {
    if (this.#hungry) this._read()
  }

  override _read(): void {
    try {
      const chunk = this.#next(this.position)
      this.#hungry = chunk === undefined
      if (chunk === undefined) return
      if (chunk !== null) this.position += 1
      this.push(chunk)
    } catch (error) {
      this.destroy(error as Error)
    }
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#closed(this)
    done(error)
  }
}
