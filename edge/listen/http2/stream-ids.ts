/** So many streams that we reset are remembered, and so many gaps between ids. */
const RESET_MAX = 256
const GAPS_MAX = 32

/**
 * Ids of streams that a client has begun (RFC 9113 §5.1.1), and as much of those that are closed as one has to
 * know to tell what is late from what is wrong (§5.1).
 */
export class StreamIds {
  /** The newest. */
  last = 0
  /** First and last id, …, of what was skipped, and so never used. */
  readonly #gaps: number[] = []
  #reset: Set<number> | undefined

  /** A new stream begins. */
  begin(id: number): void {
    if (id > this.last + 2 && this.#gaps.length < 2 * GAPS_MAX) {
      // Ids are odd: the first one skipped is the next odd number.
      this.#gaps.push(this.last === 0 ? 1 : this.last + 2, id - 2)
    }
    this.last = id
  }

  /** Whether a stream was never begun; those of a server's are even, and we begin none. */
  isIdle(id: number): boolean {
    return id > this.last || id % 2 === 0
  }

  /** Whether it was skipped: a later one was begun before it, which closed it (§5.1.1). */
  wasSkipped(id: number): boolean {
    for (let at = 0; at < this.#gaps.length; at += 2)
      if (id >= (this.#gaps[at] as number) && id <= (this.#gaps[at + 1] as number)) return true
    return false
  }

  /** We have reset a stream, of which more may be on its way. */
  reset(id: number): void {
    this.#reset ??= new Set()
    this.#reset.add(id)
    if (this.#reset.size > RESET_MAX) {
      for (const oldest of this.#reset) {
        this.#reset.delete(oldest)
        break
      }
    }
  }

  /** Whether what comes for it may have been sent before our reset came. */
  wasReset(id: number): boolean {
    return this.#reset?.has(id) === true
  }
}
