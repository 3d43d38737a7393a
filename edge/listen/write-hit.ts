import type { Hit } from '../answer-from-memory.ts'
import { ttlSeconds } from '../cache/rules/freshness.ts'
import type { Expected, HitLog } from '../log/hit-log.ts'
import type { Outgoing } from './outgoing.ts'
import { nextRequestIdBytes } from './request-id.ts'
import { QUICK_BYTES_MAX, type WireForm } from './wire-form.ts'
import { writeCopy, writeForm } from './write-form.ts'

/** When a request is answered: monotonic since when, and by the clock by which responses age. ms */
export interface Clock {
  startedMs: number
  nowMs: number
}

/** What is answered from memory, and what is known beforehand of how it will be logged. */
export interface ExpectedHit {
  hit: Hit<WireForm>
  expected: Expected
}

/** Writes a hit, and tells the log. @param isInBatch whether others go out in the same write */
export function writeHit(
  out: Outgoing,
  { hit, expected }: ExpectedHit,
  { startedMs, nowMs }: Clock,
  isInBatch: boolean,
  hits: HitLog,
): void {
  const { form } = hit
  const requestId = nextRequestIdBytes()
  const ttlNow = ttlSeconds(form.deadlines, nowMs)
  const write = isInBatch ? writeCopy : writeForm
  if (form.bytes > QUICK_BYTES_MAX) {
    // It is on its way for a while: the log says how long.
    const firstByteUs = sinceUs(startedMs)
    const kept = Buffer.from(requestId)
    write(out, form, requestId, nowMs, () => {
      const takenUs = sinceUs(startedMs)
      hits.sent(expected, hit, {
        timeMs: Date.now(),
        requestId: kept,
        firstByteUs,
        takenUs,
        ttlSeconds: ttlNow,
      })
    })
    return
  }
  write(out, form, requestId, nowMs)
  const takenUs = sinceUs(startedMs)
  const timeMs = Date.now()
  hits.sent(expected, hit, { timeMs, requestId, firstByteUs: takenUs, takenUs, ttlSeconds: ttlNow })
}

/** Time since then, µs. */
export function sinceUs(startedMs: number): number {
  return Math.round((performance.now() - startedMs) * 1000)
}
