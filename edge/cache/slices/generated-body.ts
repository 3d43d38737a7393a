import { Readable } from 'node:stream'

/**
 * A stream of what a generator yields, each piece generated when there is room for it.
 *
 * Unlike `Readable.from` it says at once when it is closed, also while the generator waits for something:
 * that may be what has to be given up.
 *
 * @param closed called once, when nobody reads any more or all has been read
 */
export function readGenerated(pieces: AsyncGenerator<Buffer>, closed: () => void): Readable {
  return new GeneratedBody(pieces, closed)
}

class GeneratedBody extends Readable {
  readonly #pieces: AsyncGenerator<Buffer>
  readonly #closed: () => void

  constructor(pieces: AsyncGenerator<Buffer>, closed: () => void) {
    super({ highWaterMark: 65_536 })
    this.#pieces = pieces
    this.#closed = closed
  }

  override _read(): void {
    this.#pieces.next().then(
      ({ done, value }) => void this.push(done ? null : value),
      (error: Error) => this.destroy(error),
    )
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#closed()
    // What it holds is free as soon as it has come to its next piece; how that ends is of no use to anybody now.
    this.#pieces.return(undefined).catch(() => undefined)
    done(error)
  }
}
