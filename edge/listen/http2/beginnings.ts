/** Requests that are begun at a turn of the loop: each takes a tenth of a millisecond or two. */
const A_TURN = 16

/** Begins a request. @returns whether there was anything to do: nobody may want it any more */
export type Begin = () => boolean

/**
 * Requests that memory can't answer, until they are begun: a few at each turn of the loop, each address in its turn
 * and of that each connection, so that hundreds that came in one packet are nobody else's wait. One that was
 * cancelled in what it came with, or a moment later, costs next to nothing.
 */
export class Beginnings<Connection> {
  /** By address and connection. Who comes first is next: what was served goes to the end. */
  readonly #waiting = new Map<string, Map<Connection, Begin[]>>()
  #left = A_TURN
  #isScheduled = false

  add(address: string, connection: Connection, begin: Begin): void {
    const ofAddress = this.#waiting.get(address)
    if (ofAddress === undefined) this.#waiting.set(address, new Map([[connection, [begin]]]))
    else {
      const same = ofAddress.get(connection)
      if (same === undefined) ofAddress.set(connection, [begin])
      else same.push(begin)
    }
  }

  /** All that was read of a connection has been looked at: begins as many as this turn still has room for. */
  wasRead(): void {
    if (this.#waiting.size === 0) return
    this.#beginSome()
    this.#schedule()
  }

  #beginSome(): void {
    while (this.#left > 0) {
      const begin = this.#next()
      if (begin === undefined) return
      if (begin()) this.#left -= 1
    }
  }

  #schedule(): void {
    if (this.#isScheduled || (this.#waiting.size === 0 && this.#left === A_TURN)) return
    this.#isScheduled = true
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    this.#isScheduled = false
    this.#left = A_TURN
    this.#beginSome()
    this.#schedule()
  }

  #next(): Begin | undefined {
    for (const [address, ofAddress] of this.#waiting) {
      this.#waiting.delete(address)
      for (const [connection, begins] of ofAddress) {
        const next = begins.shift()
        ofAddress.delete(connection)
        if (begins.length > 0) ofAddress.set(connection, begins)
        if (ofAddress.size > 0) this.#waiting.set(address, ofAddress)
        return next
      }
    }
    return undefined
  }
}
