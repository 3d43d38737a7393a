import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { messageOf } from '../clickhouse/failure.ts'
import { type DailySettings, doDailySteps } from './steps.ts'
import type { Upkeep } from './upkeep.ts'

/** How often it is looked whether a day is over, or has got late records, ms. */
const LOOK_MS = 1_800_000

/** How soon it is looked again while ClickHouse is away, ms. */
const AGAIN_MS = 10_000

export interface ScheduleOptions extends DailySettings {
  upkeep: Upkeep
  /** Whether ClickHouse has our tables. */
  isPrepared(): boolean
  log: Logger
  /** Unix ms. */
  now(): number
}

/** Does the day's work when it is due, from now on. Disposing waits for the statement under way. */
export function keepDaily(options: ScheduleOptions): AsyncDisposable {
  const { upkeep, isPrepared, log, now } = options
  const stop = new AbortController()
  const stopping: Upkeep = {
    run: async (...of) => {
      stop.signal.throwIfAborted()
      await upkeep.run(...of)
    },
    ask: async (...of) => {
      stop.signal.throwIfAborted()
      return await upkeep.ask(...of)
    },
  }

  async function look(): Promise<void> {
    const startedMs = performance.now()
    const done = await doDailySteps(stopping, options, now())
    if (Object.values(done).every((days) => days.length === 0)) return
    log.info(
      { ...done, tookMs: Math.round(performance.now() - startedMs) },
      'the daily figures are up to date',
    )
  }

  async function keepLooking(): Promise<void> {
    while (!stop.signal.aborted) {
      if (isPrepared()) {
        await look().catch((error: unknown) => {
          if (!stop.signal.aborted) log.warn({ failure: messageOf(error) }, 'the daily figures are put off')
        })
      }
      const waitMs = isPrepared() ? LOOK_MS : AGAIN_MS
      // A stop ends the pause early, which is no failure.
      await pause(waitMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  }

  const looking = keepLooking()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await looking
    },
  }
}
