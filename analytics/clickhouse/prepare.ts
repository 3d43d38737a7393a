import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { ClickHouse } from './connect.ts'
import { ClickHouseRefuses, isRefusal, messageOf } from './failure.ts'
import { migrate } from './migrate.ts'

/** How often a server that was away at start is tried again, ms. */
const AGAIN_MS = 2_000

/** Whether ClickHouse's tables are as this program needs them. Disposing gives up. */
export interface Preparation extends AsyncDisposable {
  readonly done: boolean
}

/**
 * Runs the migrations. A server that is away is no reason not to start: edges are told to keep what
 * they have, and it is tried again until it is there.
 *
 * @throws ClickHouseRefuses and whatever else waiting would not cure
 */
export async function prepareClickHouse(
  clickhouse: ClickHouse,
  { retentionDays, log }: { retentionDays: number; log: Logger },
): Promise<Preparation> {
  const stop = new AbortController()
  let done = false

  async function prepare(): Promise<void> {
    const applied = await migrate(clickhouse.ingest, { retentionDays, layout: clickhouse.layout })
    done = true
    if (applied.length > 0) log.info({ applied }, 'ClickHouse: tables are up to date')
  }

  async function keepTrying(): Promise<void> {
    while (!done && !stop.signal.aborted) {
      // A stop ends the pause early, which is no failure.
      await pause(AGAIN_MS, undefined, { signal: stop.signal }).catch(() => undefined)
      if (stop.signal.aborted) return
      await prepare().catch((error: unknown) =>
        log.warn({ failure: messageOf(error) }, 'ClickHouse is still away'),
      )
    }
  }

  let trying = Promise.resolve()
  try {
    await prepare()
  } catch (error) {
    if (clickhouse.embedded) throw error
    if (isRefusal(error)) throw new ClickHouseRefuses(error)
    log.error({ failure: messageOf(error) }, 'ClickHouse is away; edges keep their logs until it is back')
    trying = keepTrying()
  }

  return {
    get done() {
      return done
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await trying
    },
  }
}
