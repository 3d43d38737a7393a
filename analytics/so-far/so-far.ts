import { LRUCache } from 'lru-cache'
import { messageOf } from '../clickhouse/failure.ts'
import type { Day, Window } from '../queries/window.ts'
import { beginComputation, type Computation, type Computing, type Ranked } from './computation.ts'

/** Least time from one computation to the next, ms. */
const PAUSE_MS_MIN = 2_000

/** The pause is so many times what the last one took: a tenth of one core at most is spent on it … */
const PAUSE_TIMES = 10

/** … but no longer than this, ms: what is told shall be minutes old at most, however much there is to work out. */
const PAUSE_MS_MAX = 240_000

/** For how long after somebody asked it goes on, and the oldest that is told, ms. */
const ASKED_MS = 600_000

/** Rankings that are worked out anew before anybody asks again: those that were asked for last. */
const WARM_MAX = 32

/** How long one that was superseded stays, ms: questions to it may still be under way. */
const SUPERSEDED_MS = 60_000

/** What to read, and as of when it is, Unix ms. */
export type SoFarAnswer = Pick<Computation, 'id' | 'asOfMs'>

/** The same of a ranking. */
export interface RankingSoFar extends SoFarAnswer {
  /** How many sites have a rank in it. */
  ranked: number
}

/** Figures and rankings with today so far, as of some seconds ago. All throw `QueryFailed`. */
export interface SoFar extends AsyncDisposable {
  /** Rows of selvedge.ranks_so_far: of a window that ends with the newest day, by people in a country or ''. */
  ranking(window: Window, country: string): Promise<RankingSoFar>
  /** Rows of selvedge.figures_so_far, of those of the last 92 days that have no figures published. */
  figures(to: Day): Promise<SoFarAnswer & { fresh: readonly Day[] }>
}

export interface SoFarOptions extends Computing {
  /** Unix ms. */
  now(): number
  /** Told why a computation failed. */
  warn(failure: string): void
}

/**
 * Works out figures and rankings with today so far while somebody asks for them: one computation at a time for all who
 * do, none when nobody does. Who asks for something first waits for it; from then on it is worked out anew beside
 * the questions, and the newest that is ready is told, until nobody has asked for ten minutes. When figures can't be
 * worked out, the last that could serve on; when a ranking can't, the last of it that could does, beside newer
 * others. The pause is kept before the next try.
 *
 * Disposing waits for the statement under way. What is left in the tables goes by its TTL.
 */
export function createSoFar({ now, warn, ...computing }: SoFarOptions): SoFar {
  let current: Computation | undefined
  /** Under way, or failed and not tried anew yet. */
  let next: Computation | undefined
  let timer: NodeJS.Timeout | undefined
  let askedAtMs = 0
  let isDisposed = false
  const warm = new LRUCache<string, Ranked>({ max: WARM_MAX, ttl: ASKED_MS })
  /** The newest computation that has it, of each ranking that was asked for. */
  const newest = new LRUCache<string, Computation>({ max: WARM_MAX, ttl: ASKED_MS })
  /** When each that is in the tables was begun. */
  const begun = new Map<Computation, number>()
  const running = new Set<Promise<void>>()

  const run: Computing['run'] = async (...statement) => {
    if (isDisposed) throw new Error('analytics is stopping')
    const done = computing.run(...statement)
    running.add(done)
    await done.finally(() => running.delete(done))
  }

  function until(to: Day): Computation {
    askedAtMs = performance.now()
    if (current?.to === to) return current
    return next?.to === to ? next : begin(to)
  }

  function begin(to: Day): Computation {
    clearTimeout(timer)
    const computation = beginComputation({ ...computing, run }, { to, asOfMs: now() })
    next = computation
    begun.set(computation, performance.now())
    void complete(computation)
    return computation
  }

  async function complete(computation: Computation): Promise<void> {
    const rankings = [...warm.entries()].map(([key, of]) => rank(computation, key, of))
    const parts = [computation.figures, ...rankings].map((part) => part.then(() => undefined, messageOf))
    const failed = await Promise.all(parts)
    // Of the day before, when midnight has come meanwhile.
    if (isDisposed || next !== computation) return
    for (const failure of new Set(failed)) if (failure !== undefined) warn(failure)
    if (failed[0] === undefined) {
      current = computation
      next = undefined
    }
    const pauseMs = Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS_MIN, PAUSE_TIMES * ageMs(computation)))
    timer = setTimeout(() => renew(computation.to), pauseMs).unref()
  }

  async function rank(computation: Computation, key: string, of: Ranked): Promise<RankingSoFar> {
    const ranked = await computation.ranked(of)
    const before = newest.get(key)
    if (before === undefined || before.asOfMs <= computation.asOfMs) newest.set(key, computation)
    const { id, asOfMs } = computation
    return { id, asOfMs, ranked }
  }

  function renew(to: Day): void {
    if (current !== undefined && ageMs(current) > ASKED_MS) current = undefined
    next = undefined
    if (performance.now() - askedAtMs < ASKED_MS) begin(to)
    else current = undefined
    for (const one of begun.keys()) {
      if (one !== current && one !== next && !serves(one) && ageMs(one) > SUPERSEDED_MS) void forget(one)
    }
  }

  async function forget(computation: Computation): Promise<void> {
    begun.delete(computation)
    for (const table of ['figures', 'ranks'] as const) {
      // What can't be dropped now goes by its TTL.
      await run(`forget-${table}`, { computation: computation.id }).catch(() => undefined)
    }
  }

  /** Whether it is the newest that has some ranking. */
  const serves = (computation: Computation) => newest.values().some((one) => one === computation)

  const ageMs = (computation: Computation) => performance.now() - (begun.get(computation) ?? 0)

  return {
    async ranking({ window, to }, country) {
      const key = `${window} ${country}`
      warm.set(key, { window, country })
      const computation = until(to)
      try {
        return await rank(computation, key, { window, country })
      } catch (error) {
        const before = newest.get(key)
        if (before?.to === to && ageMs(before) < ASKED_MS) return await rank(before, key, { window, country })
        throw error
      }
    },
    async figures(to) {
      const computation = until(to)
      return { ...computation, fresh: await computation.figures }
    },
    async [Symbol.asyncDispose]() {
      isDisposed = true
      clearTimeout(timer)
      await Promise.allSettled(running)
    },
  }
}
