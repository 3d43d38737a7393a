import type { Priority } from './priority.ts'

/** What was said of the priority of streams that have yet to begin (RFC 9218 §7.1). */
export class KeptPriorities {
  readonly #most: number
  #byId: Map<number, Priority> | undefined

  /** @param most how many are kept: as many as may be begun */
  constructor(most: number) {
    this.#most = most
  }

  keep(id: number, priority: Priority): void {
    this.#byId ??= new Map()
    this.#byId.delete(id)
    this.#byId.set(id, priority)
    if (this.#byId.size <= this.#most) return
    for (const oldest of this.#byId.keys()) {
      this.#byId.delete(oldest)
      break
    }
  }

  /** What was said of a stream, which begins now. */
  take(id: number): Priority | undefined {
    const kept = this.#byId?.get(id)
    if (kept !== undefined) this.#byId?.delete(id)
    return kept
  }
}
