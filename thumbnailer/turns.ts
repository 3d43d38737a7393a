/** Lets so many work at the same time and so many wait; the others are turned away. */
export interface Turns {
  /** The work's outcome, or `undefined` when too many wait already. */
  take<T>(work: () => Promise<T>): Promise<T | undefined>
  /** How many wait now. */
  readonly waiting: number
}

/** @param limits how many may work, and how many may wait, at the same time */
export function createTurns(limits: { concurrency: number; waitingMax: number }): Turns {
  const waiting: (() => void)[] = []
  let working = 0

  return {
    get waiting() {
      return waiting.length
    },
    async take(work) {
      if (working >= limits.concurrency) {
        if (waiting.length >= limits.waitingMax) return undefined
        // Who ends hands the turn over, so `working` already counts us when we wake.
        await new Promise<void>((resolve) => waiting.push(resolve))
      } else {
        working += 1
      }
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        if (next === undefined) working -= 1
        else next()
      }
    },
  }
}
