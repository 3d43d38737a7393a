import { Readable } from 'node:stream'
import { ViewerGone } from '../../cache/fetch/flight.ts'

/** Parts that are given together make no more than this, bytes. */
const JOINED_BYTES_MAX = 16_384

/** So many parts that wait are made one: each costs memory of its own, however short it is. */
const PARTS_MAX = 64

/** A request's body, which is read no faster than it is wanted: what was taken opens the window (RFC 9113 §5.2). */
export class RequestBody extends Readable {
  readonly #taken: (bytes: number) => void
  #parts: Buffer[] = []
  #bytes = 0
  #isWanted = false
  #isAboutToGive = false
  #isWhole = false

  /** @param taken told of bytes that were read, or won't be */
  constructor(taken: (bytes: number) => void) {
    // Nothing is read ahead: it would open windows for what nobody wants, and keep parts as small as they came.
    super({ highWaterMark: 0 })
    this.#taken = taken
    // Whoever reads it learns of an error; nobody may.
    this.on('error', () => undefined)
  }

  /** A part has come; its bytes are somebody else's. */
  receive(part: Buffer): void {
    if (this.destroyed) {
      this.#taken(part.byteLength)
      return
    }
    this.#parts.push(Buffer.from(part))
    this.#bytes += part.byteLength
    if (this.#parts.length > PARTS_MAX) this.#parts = [Buffer.concat(this.#parts)]
    if (!this.#isWanted || this.#isAboutToGive) return
    // What came in one packet is given as one, however small its frames are: each time costs as much as a frame.
    this.#isAboutToGive = true
    process.nextTick(() => this.#give())
  }

  /** All of it has come. */
  finish(): void {
    this.#isWhole = true
    if (this.#parts.length === 0 && !this.destroyed) this.push(null)
  }

  /** The rest of it won't come. */
  breakOff(): void {
    if (!this.readableEnded) this.destroy(new ViewerGone())
  }

  override _read(): void {
    this.#isWanted = true
    this.#give()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const bytes = this.#bytes
    this.#parts = []
    this.#bytes = 0
    if (bytes > 0) this.#taken(bytes)
    done(error)
  }

  #give(): void {
    this.#isAboutToGive = false
    while (this.#isWanted && this.#parts.length > 0) {
      if (this.#parts.length > 1 && this.#bytes <= JOINED_BYTES_MAX)
        this.#parts = [Buffer.concat(this.#parts)]
      const part = this.#parts.shift() as Buffer
      this.#bytes -= part.byteLength
      this.#isWanted = this.push(part)
      this.#taken(part.byteLength)
    }
    if (this.#isWhole && this.#parts.length === 0 && !this.destroyed) this.push(null)
  }
}
