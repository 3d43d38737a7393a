import { Writable } from 'node:stream'
import { CODE } from './frames.ts'
import type { Stream } from './stream.ts'

/** How much of a body waits here, beside what waits in the stream, bytes. */
const WAITING_BYTES = 16_384

/**
 * A response's body on its way to a viewer, as fast as windows and the connection take it. If it breaks off, or
 * isn't as long as was announced, the stream is reset: never a clean end.
 */
export class ResponseBody extends Writable {
  readonly #stream: Stream
  /** Announced length, bytes. */
  readonly #announced: number | undefined
  #bytes = 0

  constructor(stream: Stream, announced: number | undefined) {
    super({ highWaterMark: WAITING_BYTES })
    this.#stream = stream
    this.#announced = announced
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#bytes += chunk.byteLength
    // More than was announced is no part of it.
    if (this.#announced !== undefined && this.#bytes > this.#announced) {
      done(new Error(`a body has more than the ${this.#announced} bytes that were announced`))
      return
    }
    const stream = this.#stream
    stream.givenBytes += chunk.byteLength
    stream.send(chunk)
    if (stream.hasRoom || stream.isClosed) done()
    else stream.onRoom = done
  }

  /** Finished is what the connection has taken. */
  override _final(done: (error?: Error) => void): void {
    if (this.#announced !== undefined && this.#bytes !== this.#announced) {
      done(new Error(`a body has ${this.#bytes} bytes, and ${this.#announced} were announced`))
      return
    }
    this.#stream.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.writableFinished) this.#stream.reset(CODE.internalError)
    done(error)
  }
}
