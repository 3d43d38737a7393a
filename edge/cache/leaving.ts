/**
 * Says when nobody waits for something any more: as much of an AbortSignal as we go by, so that an AbortSignal is one.
 * Each miss needs four in all, and Node's own take 2 µs each with a listener that comes and goes.
 */
export interface Leaving {
  readonly aborted: boolean
  /** Why; only once it has happened. */
  readonly reason: Error
  throwIfAborted(): void
  /** @param listener told once, if it hasn't happened yet; must not throw */
  addEventListener(type: 'abort', listener: () => void, options?: { once: true }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** A viewer, or all who wait for a fetch, until they leave. */
export class Departure implements Leaving {
  #listeners: (() => void)[] = []
  #reason: Error | undefined

  get aborted(): boolean {
    return this.#reason !== undefined
  }

  get reason(): Error {
    return this.#reason as Error
  }

  throwIfAborted(): void {
    if (this.#reason !== undefined) throw this.#reason
  }

  addEventListener(_: 'abort', listener: () => void): void {
    if (this.#reason === undefined) this.#listeners.push(listener)
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    const at = this.#listeners.indexOf(listener)
    if (at >= 0) this.#listeners.splice(at, 1)
  }

  /** Only the first time counts. */
  abort(reason: Error): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    for (let listener = this.#listeners.shift(); listener !== undefined; listener = this.#listeners.shift())
      listener()
  }
}

/** The same for whoever takes nothing but an AbortSignal. */
export function signalOf(leaving: Leaving): AbortSignal {
  if (leaving instanceof AbortSignal) return leaving
  const controller = new AbortController()
  if (leaving.aborted) controller.abort(leaving.reason)
  else leaving.addEventListener('abort', () => controller.abort(leaving.reason), { once: true })
  return controller.signal
}
