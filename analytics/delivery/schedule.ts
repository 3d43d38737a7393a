import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { openObjectStore } from '../../origin-shield/origin/open-object-store.ts'
import { messageOf } from '../clickhouse/failure.ts'
import type { Destination } from './batch.ts'
import { deliverLogs } from './deliver.ts'
import type { LoggingSettings } from './settings.ts'
import type { Statements } from './statements.ts'

/** How often it is looked for hours that are over and for late records, ms. */
const LOOK_MS = 300_000

/** How soon it is looked again while ClickHouse is away, ms. */
const AGAIN_MS = 10_000

/** Longer than any insert is under way: its client gives up after half a minute. */
const SETTLE_SECONDS = 120

export interface DeliveryOptions {
  statements: Statements
  distributions: readonly { id: string; logging?: LoggingSettings | undefined }[]
  /** Whether ClickHouse has our tables. */
  isPrepared(): boolean
  log: Logger
  /** Unix ms. */
  now(): number
}

/**
 * Delivers the log files of the distributions that have `logging`, from now on. Disposing waits for the statement
 * or the file under way; what isn't finished is the next start's.
 *
 * @throws ObjectStoreError when a folder can't be made
 */
export async function keepDelivering(options: DeliveryOptions): Promise<AsyncDisposable> {
  const { isPrepared, log, now } = options
  const destinations = await destinationsOf(options.distributions)
  const stop = new AbortController()
  const statements = stoppable(options.statements, stop.signal)

  async function look(): Promise<void> {
    const settings = { destinations, settleSeconds: SETTLE_SECONDS }
    const { failures, ...done } = await deliverLogs(statements, settings, now())
    if (done.files > 0) log.info(done, 'log files were delivered')
    for (const { distribution, error } of failures) {
      if (stop.signal.aborted) return
      log.warn({ distribution, failure: messageOf(error) }, 'log files are put off')
    }
  }

  async function keepLooking(): Promise<void> {
    while (!stop.signal.aborted && destinations.size > 0) {
      if (isPrepared()) {
        await look().catch((error: unknown) => {
          if (!stop.signal.aborted) log.warn({ failure: messageOf(error) }, 'log files are put off')
        })
      }
      // A stop ends the pause early, which is no failure.
      await pause(isPrepared() ? LOOK_MS : AGAIN_MS, undefined, { signal: stop.signal }).catch(
        () => undefined,
      )
    }
  }

  const looking = keepLooking()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await looking
      await Promise.all([...destinations.values()].map(({ store }) => store[Symbol.asyncDispose]()))
    },
  }
}

/** Opens the places where files go. */
export async function destinationsOf(
  distributions: DeliveryOptions['distributions'],
): Promise<Map<string, Destination>> {
  const destinations = new Map<string, Destination>()
  for (const { id, logging } of distributions) {
    if (logging === undefined) continue
    const { prefix, includeCookies: _never, ...at } = logging
    const folder = prefix.replace(/\/$/, '')
    destinations.set(id, { store: await openObjectStore(at), prefix: folder === '' ? '' : `${folder}/` })
  }
  return destinations
}

function stoppable(statements: Statements, signal: AbortSignal): Statements {
  return {
    async run(...of) {
      signal.throwIfAborted()
      await statements.run(...of)
    },
    async ask(...of) {
      signal.throwIfAborted()
      return await statements.ask(...of)
    },
    async text(...of) {
      signal.throwIfAborted()
      return await statements.text(...of)
    },
  }
}
