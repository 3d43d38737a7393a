import type { ControlFrames } from './control-frames.ts'
import { CODE, STREAM_ID_MAX } from './frames.ts'

/** Our PING, by the answer to which we know that all before it has come. */
export const PROBE = Buffer.from('selvedge')

/** How a connection comes to its end: what the other side was told of it, by GOAWAY (RFC 9113 §6.8). */
export class Leaving {
  /** Since when it is about to end, ms. */
  sinceMs: number | undefined
  #state: 'no' | 'announced' | 'settled' = 'no'
  /** Streams up to this one are looked at. */
  #acceptsUpTo = STREAM_ID_MAX

  /** Whether it takes no more requests, and has said so. */
  get hasSettled(): boolean {
    return this.#state === 'settled'
  }

  accepts(id: number): boolean {
    return id <= this.#acceptsUpTo
  }

  /** Takes no more requests soon; those on their way to us are still taken. @returns whether that is news */
  announce(control: ControlFrames, nowMs: number): boolean {
    if (this.#state !== 'no') return false
    this.#state = 'announced'
    this.sinceMs = nowMs
    control.goaway(STREAM_ID_MAX, CODE.noError)
    control.ping(0, PROBE, 0)
    return true
  }

  /** The other side has heard of it, or had the time to. @param lastId of streams that were begun @returns whether that is news */
  settle(control: ControlFrames, lastId: number): boolean {
    if (this.#state !== 'announced') return false
    this.#state = 'settled'
    this.#acceptsUpTo = lastId
    control.goaway(lastId, CODE.noError)
    return true
  }

  /** It ends for what came over it (§5.4.1). What was said of the last stream is never raised (§6.8). */
  break(control: ControlFrames, lastId: number, code: number, nowMs: number): void {
    this.sinceMs ??= nowMs
    control.goaway(Math.min(lastId, this.#acceptsUpTo), code)
  }
}
