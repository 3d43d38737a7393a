import type { QueryClient } from '../../../analytics/clickhouse/query-pool.ts'
import { NO_FRONT_PAGES } from '../../../analytics/front-page/front-pages.ts'
import { siteFacts } from '../../../analytics/pages/site-facts.ts'
import { createAsk } from '../../../analytics/queries/ask.ts'
import { createFigures, type Figures } from '../../../analytics/queries/figures.ts'
import { DAY_MS, dayOf, WINDOW_NAMES } from '../../../analytics/queries/window.ts'
import type { SoFar } from '../../../analytics/so-far/so-far.ts'
import { type AccessLog, viewBut } from '../../analytics/access-log.ts'

const TIMES = 30
const COUNTRIES = ['DE', 'FR', 'US', 'BR', 'GR', 'FI', 'JP']
/** Seconds that the slow question may take. */
const SLOW_SECONDS = 10

/** Something that people ask, as the info API and the pages do. */
export interface Question {
  name: string
  /** @param turn how often it was asked before, so that it isn't about the same site or country again */
  ask(turn: number): Promise<unknown>
}

export function questionsOf(query: QueryClient, soFar: SoFar, nowMs: number): Question[] {
  // No answer is remembered from the turn before, but for what is worked out beside the questions.
  const figures = () => createFigures(createAsk(query), { now: () => nowMs, includeToday: true, soFar })
  const yesterday = dayOf(nowMs - DAY_MS)
  const country = (turn: number) => COUNTRIES[turn % COUNTRIES.length] as string
  return [
    ...WINDOW_NAMES.map((window) => ({
      name: `top 100, ${window} until yesterday`,
      ask: () => figures().published({ window, day: yesterday, limit: 100 }, {}),
    })),
    ...WINDOW_NAMES.map((window) => ({
      name: `top 100 of a country, ${window} until yesterday`,
      ask: (turn: number) =>
        figures().published({ window, day: yesterday, limit: 100 }, { country: country(turn) }),
    })),
    ...WINDOW_NAMES.map((window) => ({
      name: `top 100, ${window} with today so far`,
      ask: () => ranked(figures(), window),
    })),
    {
      name: 'top 100 of a country, 28d with today so far',
      ask: (turn) => ranked(figures(), '28d', country(turn)),
    },
    { name: 'a site, as the API tells it', ask: (turn) => siteTold(figures(), siteOf(turn)) },
    {
      name: 'all that a site’s page tells',
      ask: (turn) => siteFacts(figures(), NO_FRONT_PAGES, siteOf(turn)),
    },
    { name: 'a site’s ranks of 90 days', ask: (turn) => figures().siteRanks(siteOf(turn), '28d', 90) },
    { name: 'a site’s traffic of 90 days', ask: (turn) => figures().traffic([siteOf(turn)], 90) },
  ]
}

/** One of the first sites, and others ever farther down. */
function siteOf(turn: number): string {
  return `site-${1 + turn ** 2}.example`
}

/** As `GET /v1/sites/{site}` asks. */
async function siteTold(figures: Figures, site: string) {
  if (!(await figures.knows(site))) return
  await Promise.all([figures.site(site), figures.siteCountries(site, figures.window('7d'))])
}

async function ranked(figures: Figures, window: (typeof WINDOW_NAMES)[number], country?: string) {
  return await figures.rankings(figures.window(window), { limit: 100, country })
}

/** Asks again and again, first once for nothing. Times in ms. */
export async function timesOf(ask: Question['ask'], times = TIMES): Promise<{ p50: number; p95: number }> {
  await ask(0)
  const taken: number[] = []
  for (let turn = 0; turn < times; turn += 1) {
    const startedMs = performance.now()
    await ask(turn)
    taken.push(performance.now() - startedMs)
  }
  taken.sort((a, b) => a - b)
  return { p50: at(taken, 0.5), p95: at(taken, 0.95) }
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number
}

/** What an insert, and a question, take at the 95th percentile, ms: alone, and beside a question that goes on and on. */
export async function besideSlowQuestion(log: AccessLog, soFar: SoFar, nowMs: number) {
  const [top] = questionsOf(log.query, soFar, nowMs)
  const insert = () =>
    log.insert(Array.from({ length: 1_000 }, (_, visitor) => viewBut({ visitor, site: 'inserted.example' })))
  const tasks = [
    { name: 'top 100, 1d until yesterday', ask: (top as Question).ask },
    { name: 'insert of 1,000 records', ask: insert },
  ]
  const results: { name: string; alone: number; beside: number }[] = []
  for (const { name, ask } of tasks) {
    const alone = await timesOf(ask, 20)
    const slow = askSlowly(log.query)
    const beside = await timesOf(ask, 20)
    await slow
    results.push({ name, alone: alone.p95, beside: beside.p95 })
  }
  return results
}

/** Its time is bounded in its SQL like everybody's, and ends it with an error. */
async function askSlowly(query: QueryClient): Promise<void> {
  const sum = 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)'
  const bounds = `SETTINGS max_execution_time = ${SLOW_SECONDS}, max_threads = 1`
  await query.query({ query: `${sum} ${bounds}`, format: 'JSONEachRow' }).then(
    () => undefined,
    () => undefined, // as it should
  )
}
