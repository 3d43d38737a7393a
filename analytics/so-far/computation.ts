import { randomUUIDv7 } from 'node:crypto'
import { z } from 'zod'
import { type Ask, QueryFailed } from '../queries/ask.ts'
import { freshDays } from '../queries/fresh-days.ts'
import { type Day, spanEnding, WINDOW_DAYS, type WindowName } from '../queries/window.ts'
import type { Formula } from '../ranking/formula.ts'
import type { Run } from './statements.ts'

/** Rankings that are still to be worked out; more would wait longer than anybody does. */
const WAITING_MAX = 64

/** A window, and by whom sites are ranked in it: people in a country, or everybody ('' for that). */
export interface Ranked {
  window: WindowName
  country: string
}

/** Figures and rankings as of an instant, in tables under an id. */
export interface Computation {
  id: string
  /** Last day of its windows. */
  to: Day
  /** When the log was read, Unix ms. */
  asOfMs: number
  /** Resolves when the figures are there, with the days that they are of: the others are published. */
  figures: Promise<readonly Day[]>
  /** Resolves when a ranking is there, with how many sites have a rank; it is worked out when it is first asked for. */
  ranked(of: Ranked): Promise<number>
}

const rankedSites = z.object({ sites: z.int() })

/** Who works it out, and by what. */
export interface Computing {
  ask: Ask
  run: Run
  formula: Formula
}

/** Begins to work figures out. What rejects does so with `QueryFailed`. */
export function beginComputation(
  { ask, run, formula }: Computing,
  { to, asOfMs }: { to: Day; asOfMs: number },
): Computation {
  const id = randomUUIDv7()
  const endMs = Date.parse(to)
  const rankings = new Map<string, Promise<number>>()
  let waiting = 0

  async function fillFigures(): Promise<readonly Day[]> {
    const fresh = await freshDays(ask, to)
    await run('fill-figures', { ...formula.parameters, computation: id, fresh })
    return fresh
  }

  async function fillRanks({ window, country }: Ranked): Promise<number> {
    waiting += 1
    try {
      const windowDays = WINDOW_DAYS[window]
      const fresh = await figures
      const of = {
        ...spanEnding(endMs, windowDays),
        windows: [windowDays],
        fresh,
        place: country,
        of: country,
      }
      await run('fill-ranks', { ...formula.parameters, ...of, computation: id, soFar: id })
      const [filled] = await ask('ranked-so-far', rankedSites, {
        computation: id,
        windowDays,
        scope: country,
      })
      return filled?.sites ?? 0
    } finally {
      waiting -= 1
    }
  }

  const figures = fillFigures()
  // Whoever asks for something gets the failure.
  figures.catch(() => undefined)

  return {
    id,
    to,
    asOfMs,
    figures,
    async ranked(of) {
      const key = `${of.window} ${of.country}`
      const known = rankings.get(key)
      if (known !== undefined) return known
      // It was not begun: who comes again is not told the same for as long as these figures serve.
      if (waiting >= WAITING_MAX) throw QueryFailed.tooManyWaiting('so-far/fill-ranks')
      const filled = fillRanks(of)
      rankings.set(key, filled)
      return filled
    },
  }
}
