import { DEFAULT, type Priority, UNSAID } from './priority.ts'

/** What one viewer says of priorities: with its requests, and before them (RFC 9218 §5, §7.1). */
export class PrioritiesSaid {
  readonly #most: number
  #byId: Map<number, Priority> | undefined
  #wasSaid = false

  /** @param most how many are kept of streams that have yet to begin: as many as may be begun */
  constructor(most: number) {
    this.#most = most
  }

  keep(id: number, priority: Priority): void {
    this.#wasSaid = true
    this.#byId ??= new Map()
    this.#byId.delete(id)
    this.#byId.set(id, priority)
    if (this.#byId.size <= this.#most) return
    for (const oldest of this.#byId.keys()) {
      this.#byId.delete(oldest)
      break
    }
  }

  /** The priority of a stream that begins now: what was said of it before, else what its request says. */
  begin(id: number, said: Priority | undefined): Priority {
    const priority = this.#take(id) ?? said
    if (priority === undefined) return this.#wasSaid ? DEFAULT : UNSAID
    this.#wasSaid = true
    return priority
  }

  #take(id: number): Priority | undefined {
    const kept = this.#byId?.get(id)
    if (kept !== undefined) this.#byId?.delete(id)
    return kept
  }
}
