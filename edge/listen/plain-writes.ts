import type { Socket } from 'node:net'
import { writePast } from './node-internals.ts'
import type { Straight, Taken } from './outgoing.ts'

/**
 * Writes to a connection without TLS. Below the stream all is sent in the order in which it came there, so what it is
 * given meanwhile needs no care.
 */
export class PlainWrites implements Straight {
  readonly #socket: Socket
  #isUnderWay = false
  #done: Taken | undefined

  constructor(socket: Socket) {
    this.#socket = socket
  }

  get isClear(): boolean {
    return !this.#isUnderWay && this.#socket.writableLength === 0
  }

  write(bytes: Buffer, done?: Taken): boolean {
    if (!this.isClear) return false
    if (writePast(this.#socket, bytes, this.#taken)) {
      // As with Node's own: nobody is told before this has returned.
      if (done !== undefined) process.nextTick(done)
      return true
    }
    this.#isUnderWay = true
    this.#done = done
    return true
  }

  readonly #taken: Taken = (error) => {
    const done = this.#done
    this.#isUnderWay = false
    this.#done = undefined
    if (error != null) this.#socket.destroy(error)
    done?.(error)
  }
}
