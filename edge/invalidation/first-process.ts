import { type HeldInvalidations, holdInvalidations } from '../cache/invalidation/held-invalidations.ts'
import type { Invalidations } from '../cache/invalidation/invalidations.ts'
import type { FromWorker, ToWorker } from './workers.ts'

/** Keys that unsafe methods made invalid go to other workers together, so often, ms, and so many at most. */
const GATHER_MS = 10
const GATHERED_MAX = 10_000

/** What a worker has of the first process of its machine. */
export interface FirstProcess {
  readonly invalidations: Invalidations
  /** Tells other workers that an unsafe method made a key invalid: best effort, soon. */
  dropped(key: string): void
  /** @param drop is given the keys that other workers tell of */
  onDropped(drop: (key: string) => void): void
}

/** A process of its own, which nobody tells anything. */
export function alone(invalidations: Invalidations): FirstProcess {
  return { invalidations, dropped: () => undefined, onDropped: () => undefined }
}

/**
 * Asks the first process for all that was invalidated, and follows it from there. Only then may the
 * worker listen.
 */
export async function followFirstProcess(): Promise<FirstProcess> {
  const held = holdInvalidations()
  const { promise: informed, resolve } = Promise.withResolvers<void>()
  let drop = (_key: string): void => undefined

  process.on('message', (message) => {
    if (!isToWorker(message)) return
    const { invalidation } = message
    if ('dropped' in invalidation) {
      for (const key of invalidation.dropped) drop(key)
      return
    }
    takeUp(held, invalidation)
    tell({ invalidation: { applied: held.newest } })
    resolve()
  })
  tell({ invalidation: 'wanted' })
  await informed
  return {
    invalidations: held,
    dropped: gathered((dropped) => tell({ invalidation: { dropped } })),
    onDropped(act) {
      drop = act
    },
  }
}

function takeUp(
  held: HeldInvalidations,
  told: Exclude<ToWorker['invalidation'], { dropped: unknown }>,
): void {
  if ('all' in told) held.replace(told.all)
  else held.add(told.sequence, told.named)
}

/** What comes in quick succession goes out as one; beyond the bound it doesn't. */
function gathered(send: (keys: readonly string[]) => void): (key: string) => void {
  let keys = new Set<string>()
  return (key) => {
    if (keys.size === 0) {
      setTimeout(() => {
        send([...keys])
        keys = new Set()
      }, GATHER_MS)
    }
    if (keys.size < GATHERED_MAX) keys.add(key)
  }
}

function tell(message: FromWorker): void {
  // 'disconnect' ends the worker, so a failed send needs no answer of its own.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
}

function isToWorker(message: unknown): message is ToWorker {
  return typeof message === 'object' && message !== null && 'invalidation' in message
}
