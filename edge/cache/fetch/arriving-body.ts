import { Readable } from 'node:stream'

/** Where a body comes from. */
export interface BodySource {
  /** There is room for more. */
  resume(): void
  /** Nobody wants the rest: its connection is given up. */
  abort(reason: Error): void
}

/** A body that still flows. Destroying it gives its connection up, unless all of it has come. */
export class ArrivingBody extends Readable {
  readonly #source: BodySource
  #isWhole = false

  constructor(source: BodySource) {
    super({ highWaterMark: 65_536 })
    this.#source = source
  }

  /** All of it has come. */
  end(): void {
    this.#isWhole = true
    this.push(null)
  }

  override _read(): void {
    this.#source.resume()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#isWhole) this.#source.abort(error ?? new Error('nobody reads this body'))
    done(error)
  }
}
