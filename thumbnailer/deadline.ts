import { setTimeout as delay } from 'node:timers/promises'

/** Something that the browser was asked for did not come in time. */
export class TooSlow extends Error {
  constructor(what: string, ms: number) {
    super(`${what} took more than ${ms} ms`)
    this.name = 'TooSlow'
  }
}

/**
 * The promise's outcome, or `TooSlow` after `ms`. The work itself goes on: whoever gives up sees to
 * its end, here by closing the browser context that it is done in.
 *
 * @throws TooSlow
 */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  // Who gave up no longer listens; a later failure of the work must not end the process.
  work.catch(() => undefined)
  const timer = new AbortController()
  const late = delay(ms, undefined, { signal: timer.signal }).then(() => {
    throw new TooSlow(what, ms)
  })
  // Work that was in time ends the delay, which is no failure either.
  late.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    timer.abort()
  }
}

/** Waits for the work, for `ms` at most, and doesn't mind how it ends. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  await within(ms, 'work', work).catch(() => undefined)
}
