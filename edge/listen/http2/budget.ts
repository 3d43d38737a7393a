/** What the other side may cost us, counted: so much at once, and so much more each second. */
export class Budget {
  readonly #most: number
  readonly #perMs: number
  #left: number
  #countedMs: number

  /** @param nowMs by the clock of `take` */
  constructor(most: number, perSecond: number, nowMs: number) {
    this.#most = most
    this.#perMs = perSecond / 1_000
    this.#left = most
    this.#countedMs = nowMs
  }

  /** Whether there was as much. @param nowMs monotonic */
  take(cost: number, nowMs: number): boolean {
    this.#left -= cost
    if (this.#left >= 0) return true
    // The clock is only looked at by whoever is in need.
    this.#left = Math.min(this.#most, this.#left + Math.max(0, nowMs - this.#countedMs) * this.#perMs)
    this.#countedMs = nowMs
    return this.#left >= 0
  }

  /** Adds what the other side has a reason to cost, up to as much again. */
  give(more: number): void {
    this.#left = Math.min(this.#left + more, 2 * this.#most)
  }
}
