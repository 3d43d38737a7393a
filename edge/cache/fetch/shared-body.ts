import { Readable } from 'node:stream'
import { bodyMemory, joined } from '../store/body-memory.ts'

/** How far the source may run ahead of the slowest reader of a body that isn't kept, bytes. */
const WINDOW_BYTES = 1_048_576

/** How long a body goes on arriving for the store alone, when everybody who read it has left, ms. */
const UNREAD_MS_MAX = 10_000

/** A bound on bytes that many share. */
export interface ByteBudget {
  /** Takes bytes if they are there. @returns whether they were */
  take(bytes: number): boolean
  give(bytes: number): void
  /** How many are there. */
  readonly left: number
}

/** A budget of so many bytes. */
export function createByteBudget(bytesMax: number): ByteBudget {
  let taken = 0
  return {
    take(bytes) {
      if (taken + bytes > bytesMax) return false
      taken += bytes
      return true
    },
    give(bytes) {
      taken -= bytes
    },
    get left() {
      return bytesMax - taken
    },
  }
}

/** What bounds a body that is shared. */
export interface Bounds {
  /** Largest body that is kept, bytes. */
  keptBytesMax: number
  /** What this body holds is taken from here until it has arrived, or isn't kept any more. */
  budget: ByteBudget
  /** Length of the pieces in which a kept body is put together, bytes; one piece when left out. */
  pieceBytes?: number
}

/**
 * A body that arrives once and is handed to any number of readers, each at its own pace.
 *
 * While it is kept, readers may join late and read from the start, and a slow one holds nobody back.
 * Once it is larger than may be kept, or memory for arriving bodies is used up, only a window is held:
 * the source waits for the slowest reader, and nobody can join any more.
 */
export class SharedBody {
  /**
   * The whole body, once it has all arrived, in pieces each of which has memory of its own; `undefined`
   * when it was cut off or not kept. Never rejects.
   */
  readonly pieces: Promise<readonly Buffer[] | undefined>

  readonly #source: Readable
  readonly #bounds: Bounds
  readonly #chunks: Buffer[] = []
  readonly #readers = new Set<Reader>()
  /** Chunks that were dropped from the front, since the body isn't kept any more. */
  #dropped = 0
  #bytes = 0
  #budgeted = 0
  #kept = true
  readonly #unkept = Promise.withResolvers<undefined>()
  #waiting = 0
  #ended = false
  #failure: Error | undefined
  #sourceMayGoOn: (() => void) | undefined
  readonly #pieces: Buffer[] = []
  /** The chunk with which the piece that is arriving begins, and how much of it is here. */
  #pieceFrom = 0
  #pieceBytes = 0
  #unread: NodeJS.Timeout | undefined
  #wasRead = false

  constructor(source: Readable, bounds: Bounds) {
    this.#source = source
    // What cuts it off is seen by the loop below; giving it up ourselves is nobody's error.
    source.on('error', () => undefined)
    this.#bounds = bounds
    this.pieces = this.#receive()
  }

  /** As `pieces`, in one: that costs the memory for the body once more when it was in several. */
  get whole(): Promise<Buffer | undefined> {
    return this.pieces.then(inOne)
  }

  /**
   * The whole for somebody who can't begin before it is here: it goes on arriving for them as for a reader.
   * `undefined` as soon as it is known that it won't be kept.
   */
  async waitForWhole(): Promise<Buffer | undefined> {
    this.#waiting += 1
    try {
      return inOne(await Promise.race([this.pieces, this.#unkept.promise]))
    } finally {
      this.#waiting -= 1
    }
  }

  /** Whether a new reader would still get the body from its start. */
  get joinable(): boolean {
    return this.#kept && this.#failure === undefined
  }

  /** What cut it off while it was kept, if anything did. */
  get failure(): Error | undefined {
    return this.#kept ? this.#failure : undefined
  }

  /** A stream of the body from its start. It ends in an 'error' event when the source was cut off. */
  read(): Readable {
    const reader = new Reader(this.#next, (closed) => this.#leave(closed))
    this.#readers.add(reader)
    this.#wasRead = true
    clearTimeout(this.#unread)
    this.#sourceMayGoOn?.()
    return reader
  }

  async #receive(): Promise<readonly Buffer[] | undefined> {
    try {
      for await (const chunk of this.#source) {
        this.#bytes += chunk.length
        this.#kept &&= this.#mayKeep(chunk.length)
        this.#takeIn(chunk)
        this.#wake()
        if (!this.#kept) await this.#slowestReader()
      }
      this.#ended = true
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error))
    }
    clearTimeout(this.#unread)
    this.#wake()
    const isWhole = this.#ended && this.#kept
    if (isWhole && this.#pieceBytes > 0) this.#settlePiece()
    this.#giveBack()
    return isWhole ? this.#pieces : undefined
  }

  /** A chunk belongs to one piece: where one ends the chunk is cut. */
  #takeIn(chunk: Buffer): void {
    if (!this.#kept) {
      this.#unkept.resolve(undefined)
      this.#pieces.length = 0
      this.#chunks.push(chunk)
      return
    }
    const { pieceBytes = Number.POSITIVE_INFINITY } = this.#bounds
    for (let rest = chunk; rest.length > 0; ) {
      const part = rest.subarray(0, pieceBytes - this.#pieceBytes)
      this.#chunks.push(part)
      this.#pieceBytes += part.length
      rest = rest.subarray(part.length)
      if (this.#pieceBytes === pieceBytes) this.#settlePiece()
    }
  }

  #mayKeep(bytes: number): boolean {
    if (this.#bytes > this.#bounds.keptBytesMax || !this.#bounds.budget.take(bytes)) return false
    this.#budgeted += bytes
    return true
  }

  /** Slow readers go on in the piece that will be stored; the chunks, which are the same memory again, are free. */
  #settlePiece(): void {
    const piece = bodyMemory(this.#pieceBytes)
    let at = 0
    for (let index = this.#pieceFrom; index < this.#chunks.length; index += 1) {
      const { length } = this.#chunks[index] as Buffer
      this.#chunks[index]?.copy(piece, at)
      this.#chunks[index] = piece.subarray(at, at + length)
      at += length
    }
    this.#pieces.push(piece)
    this.#pieceFrom = this.#chunks.length
    this.#pieceBytes = 0
  }

  #giveBack(): void {
    this.#bounds.budget.give(this.#budgeted)
    this.#budgeted = 0
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
    if (this.#readers.size === 0 && !this.#ended && this.#failure === undefined) this.#giveUpSoon()
  }

  #giveUpSoon(): void {
    const giveUp = () => {
      if (this.#kept && this.#waiting > 0) return
      this.#source.destroy(new Error('nobody reads this body'))
      this.#wasRead = true
      this.#sourceMayGoOn?.()
    }
    clearTimeout(this.#unread)
    this.#unread = setTimeout(giveUp, UNREAD_MS_MAX)
  }

  /** Drops what every reader has read; resolves when the slowest one is near enough. */
  async #slowestReader(): Promise<void> {
    this.#giveBack()
    // Whoever set out to fetch it is about to read it.
    if (!this.#wasRead) this.#giveUpSoon()
    while (this.#readers.size > 0 || !this.#wasRead) {
      const slowest = Math.min(
        ...[...this.#readers].map((reader) => reader.position),
        this.#wasRead ? Infinity : 0,
      )
      this.#chunks.splice(0, slowest - this.#dropped)
      this.#dropped = Math.max(this.#dropped, slowest)
      const aheadBytes = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      if (aheadBytes <= WINDOW_BYTES) return
      await new Promise<void>((resolve) => {
        this.#sourceMayGoOn = resolve
      })
    }
    throw new Error('nobody reads this body any more, and it is not kept')
  }
}

function inOne(pieces: readonly Buffer[] | undefined): Buffer | undefined {
  return pieces?.length === 1 ? pieces[0] : pieces && joined(pieces)
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
