import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Figures } from '../queries/figures.ts'
import type { FrontDoor } from './front-door.ts'
import type { Problem } from './problem.ts'
import type { Thumbnailer } from './thumbnailer.ts'

export interface RenewalOptions {
  figures: Pick<Figures, 'lastRankedDay' | 'published'>
  frontDoorOf(site: string): Promise<FrontDoor>
  thumbnailer: Pick<Thumbnailer, 'renew'>
  /** Of how many of the most visited sites pictures are kept fresh. */
  sites: number
  log: Logger
  /** For tests. */
  times?: { firstMs: number; roundMs: number; restMs: number }
}

/**
 * The first round is after what a start brings; a round begins so long after the last one; and after each picture that
 * was made the machine is left to people for a moment.
 */
const TIMES = { firstMs: 60_000, roundMs: 1_800_000, restMs: 3_000 }

/** What is busy or down is tried again so much later, s, where it doesn't say. */
const RETRY_SECONDS = 10

/**
 * Has pictures of the most visited sites made anew before anybody asks for them, the first of the ranking first: who
 * comes then finds a fresh one. One at a time, after all that people wait for; how old is too old is for the
 * thumbnailer to say, by the site's rank. Disposing ends it.
 */
export function keepPicturesFresh(options: RenewalOptions): AsyncDisposable {
  const { figures, frontDoorOf, thumbnailer, sites, log } = options
  const { firstMs, roundMs, restMs } = options.times ?? TIMES
  const stop = new AbortController()
  // A stop ends a pause early, which is no failure.
  const wait = (ms: number) => pause(ms, undefined, { signal: stop.signal }).catch(() => undefined)

  async function round(): Promise<void> {
    const day = await figures.lastRankedDay()
    if (day === undefined) return
    let made = 0
    for (const { site } of await figures.published({ window: '7d', day, limit: sites }, {})) {
      if (stop.signal.aborted) return
      const outcome = await thumbnailer.renew(await frontDoorOf(site))
      if (outcome === 'made') made += 1
      if (outcome !== 'fresh') await wait(restAfter(outcome))
    }
    if (made > 0) log.info({ made }, 'pictures of the most visited sites were made anew')
  }

  function restAfter(outcome: 'made' | { problem: Problem }): number {
    // 502 and its like are the site's own, and are remembered: the next one may be well.
    const isOurs = typeof outcome === 'object' && [429, 503, 504].includes(outcome.problem.status)
    return isOurs ? (outcome.problem.retryAfterSeconds ?? RETRY_SECONDS) * 1_000 : restMs
  }

  async function goRound(): Promise<void> {
    await wait(firstMs)
    while (!stop.signal.aborted) {
      await round().catch((error: unknown) => {
        log.warn({ failure: String(error) }, 'pictures are made anew later')
      })
      await wait(roundMs)
    }
  }

  const going = goRound()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await going
    },
  }
}
