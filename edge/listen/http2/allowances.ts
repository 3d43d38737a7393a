import type { ListenLimits } from '../settings.ts'
import { Budget } from './budget.ts'
import { LimitBroken } from './limit-broken.ts'

/** What a frame of no use counts for at the least, bytes: to read it costs as much, however short it is. */
const CONTROL_BYTES_MIN = 32

/** What may come over one connection beside requests and their bodies. All throw `LimitBroken` beyond it. */
export class Allowances {
  readonly #limits: ListenLimits
  readonly #control: Budget
  readonly #resets: Budget

  /** @param nowMs monotonic, as everywhere here */
  constructor(limits: ListenLimits, nowMs: number) {
    this.#limits = limits
    this.#control = new Budget(limits.controlBytesPerSecond, limits.controlBytesPerSecond, nowMs)
    this.#resets = new Budget(limits.streamResetsMax, limits.streamResetsPerSecond, nowMs)
  }

  /** A frame about a connection. @param bytes of all of it */
  spendFrame(bytes: number, nowMs: number): void {
    this.spend(Math.max(CONTROL_BYTES_MIN, bytes), nowMs)
  }

  /** What a frame costs beside what it carries. */
  spend(bytes: number, nowMs: number): void {
    if (!this.#control.take(bytes, nowMs)) throw new LimitBroken('controlBytesPerSecond')
  }

  /**
   * DATA was sent: who reads it has to open windows, as a rule that of the stream and that of the connection. Who opens
   * them byte by byte gets next to nothing for it.
   */
  sentData(bytes: number): void {
    this.#control.give(Math.min(2 * CONTROL_BYTES_MIN, bytes) + bytes / 64)
  }

  /** A stream was reset, by the other side (CVE-2023-44487) or because of what it did (CVE-2025-8671). */
  countReset(nowMs: number): void {
    if (!this.#resets.take(1, nowMs)) throw new LimitBroken('streamResetsMax')
  }

  /** @param waiting bytes of answers that the other side has yet to read */
  boundAnswers(waiting: number): void {
    if (waiting > this.#limits.controlAnswersBytesMax) throw new LimitBroken('controlAnswersBytesMax')
  }
}
