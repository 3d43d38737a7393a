import type { Socket } from 'node:net'
import { Writable } from 'node:stream'

/** How much of a body waits here, beside what waits in the socket, bytes. */
const WAITING_BYTES = 65_536

/**
 * A response's body on its way to a viewer, as fast as the viewer reads. If it breaks off, or isn't as long
 * as was announced, the connection is broken: never a clean end.
 */
export class OutgoingBody extends Writable {
  readonly #socket: Socket
  /** Announced length, bytes; `undefined` for a body that goes in chunks (RFC 9112 §7.1). */
  readonly #announced: number | undefined
  #bytes = 0
  #sent = 0
  /** Writes that the kernel hasn't taken yet. */
  #underWay = 0
  #goOn: (() => void) | undefined
  #flushed: (() => void) | undefined

  constructor(socket: Socket, announced: number | undefined) {
    super({ highWaterMark: WAITING_BYTES })
    this.#socket = socket
    this.#announced = announced
  }

  /** Bytes that were given to the socket. */
  get sent(): number {
    return this.#sent
  }

  /** The socket takes more. */
  drained(): void {
    const goOn = this.#goOn
    this.#goOn = undefined
    goOn?.()
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#send([{ chunk }], done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#send(chunks, done)
  }

  /** Finished is what the kernel has taken. */
  override _final(done: (error?: Error) => void): void {
    if (this.#announced !== undefined && this.#bytes !== this.#announced) {
      done(new Error(`a body has ${this.#bytes} bytes, and ${this.#announced} were announced`))
      return
    }
    if (this.#announced === undefined) this.#put('0\r\n\r\n')
    if (this.#underWay === 0) done()
    else this.#flushed = done
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.writableFinished) this.#socket.destroy()
    done(error)
  }

  #send(chunks: readonly { chunk: Buffer }[], done: () => void): void {
    this.#socket.cork()
    for (const { chunk } of chunks) this.#sendOne(chunk)
    this.#socket.uncork()
    if (this.#socket.writableNeedDrain) this.#goOn = done
    else done()
  }

  #sendOne(chunk: Buffer): void {
    this.#bytes += chunk.byteLength
    const isChunked = this.#announced === undefined
    // Nothing would end it, and more than was announced would be taken for the next response.
    if (chunk.byteLength === 0 || (!isChunked && this.#bytes > (this.#announced ?? 0))) return
    if (isChunked) this.#put(`${chunk.byteLength.toString(16)}\r\n`)
    this.#put(chunk)
    if (isChunked) this.#put('\r\n')
  }

  #put(bytes: Buffer | string): void {
    this.#sent += bytes.length
    this.#underWay += 1
    this.#socket.write(bytes, this.#taken)
  }

  readonly #taken = (): void => {
    this.#underWay -= 1
    if (this.#underWay === 0) this.#flushed?.()
  }
}
