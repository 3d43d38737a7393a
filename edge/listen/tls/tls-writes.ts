import type { TLSSocket } from 'node:tls'
import type { Straight, Taken } from '../outgoing.ts'
import type { TlsInternals } from './tls-internals.ts'

/**
 * How much goes straight to TLS in one write, bytes: it encrypts at once all that it is given. What is larger goes by
 * Node's stream, a little at a time (`encrypt-ahead.ts`).
 */
const STRAIGHT_BYTES_MAX = 65_536

/** What a stream asks of a socket, and is told once it is done. */
type Step = (done: Taken) => void

/**
 * Writes to a connection with TLS. TLS takes one write at a time, and Node
 * ends the process over a second one; so each waits for the other: we leave to the stream what comes while it has
 * something to write, and it holds what it is given until our write has been taken, its end too.
 */
export class TlsWrites implements Straight {
  readonly #socket: TLSSocket
  readonly #internals: TlsInternals
  #isUnderWay = false
  /** Whether the stream is writing, or ending: of a write of no bytes it doesn't tell by its length. */
  #isStreams = false
  #done: Taken | undefined
  /** What the stream was about to do, and whom it expects to be told. */
  #held: { step: Step; done: Taken } | undefined

  /** @param socket one that nothing was written to yet */
  constructor(socket: TLSSocket, internals: TlsInternals) {
    this.#socket = socket
    this.#internals = internals
    const write = socket._write
    const writev = socket._writev as NonNullable<typeof socket._writev>
    const final = socket._final
    socket._write = (chunk, encoding, done) =>
      this.#inTurn((next) => write.call(socket, chunk, encoding, next), done)
    socket._writev = (chunks, done) => this.#inTurn((next) => writev.call(socket, chunks, next), done)
    socket._final = (done) => this.#inTurn((next) => final.call(socket, next), done)
  }

  get isClear(): boolean {
    return !this.#isUnderWay && !this.#isStreams && this.#socket.writableLength === 0
  }

  /** TLS has read the bytes once this returns: they may be changed then. */
  write(bytes: Buffer, done?: Taken): boolean {
    if (!this.isClear || !this.#socket.writable || bytes.byteLength > STRAIGHT_BYTES_MAX) return false
    this.#isUnderWay = true
    this.#done = done
    this.#internals.write(this.#socket, bytes, this.#taken)
    return true
  }

  #inTurn(step: Step, done: Taken): void {
    this.#isStreams = true
    const told: Taken = (error) => {
      this.#isStreams = false
      done(error)
    }
    if (this.#isUnderWay) this.#held = { step, done: told }
    else step(told)
  }

  readonly #taken: Taken = (error) => {
    this.#isUnderWay = false
    const done = this.#done
    const held = this.#held
    this.#done = undefined
    this.#held = undefined
    if (error == null) held?.step(held.done)
    else held?.done(error)
    done?.(error)
  }
}
