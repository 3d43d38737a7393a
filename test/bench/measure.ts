import type { Contender } from './contenders/contender.ts'
import type { Load, LoadReport } from './load/report.ts'
import { cpuSeconds } from './processes.ts'
import type { Scenario } from './scenarios.ts'

/** One contender's turn. */
export interface Turn extends LoadReport {
  /** CPU time, user and system, of all the contender's processes, µs a request. */
  cpuUsPerRequest: number
  /** Share of the requests for which the origin was not asked, 0 to 1. */
  hitRatio: number
}

/** All turns of one contender, in order. */
export interface Measured {
  contender: Pick<Contender, 'id' | 'name' | 'version'>
  turns: Turn[]
}

/** How much is measured. */
export interface Rounds {
  rounds: number
  /** How long a turn lasts, seconds. */
  seconds: number
}

/** Before misses so many unmeasured requests come that caches are full, and evict as they do for the rest of their lives. */
const FILLING_REQUESTS = 40_000
const FILLING_TURNS_MAX = 30

/**
 * Measures contenders in turns, so that what else the machine does meets all of them alike. Everybody
 * gets an unmeasured turn first: compilers and caches warm up.
 *
 * @param origin counts what contenders fetch
 */
export async function measure(
  contenders: readonly Contender[],
  scenario: Scenario,
  load: Load,
  { rounds, seconds }: Rounds,
  origin: { readonly requests: number },
): Promise<Measured[]> {
  const portOf = ({ ports }: Contender) => (scenario.asks.over === undefined ? ports.http : ports.https)
  for (const contender of contenders) await warmUp(scenario, load, { port: portOf(contender), seconds })
  const measured: Measured[] = contenders.map((contender) => ({ contender, turns: [] }))
  for (let round = 0; round < rounds; round++) {
    for (const [at, contender] of contenders.entries()) {
      const target = { port: portOf(contender), seconds, turn: FILLING_TURNS_MAX + round }
      const fetchedBefore = origin.requests
      const cpuBefore = cpuSeconds(contender.pids)
      const report = await load(target)
      const cpu = cpuSeconds(contender.pids) - cpuBefore
      const turn = {
        ...report,
        cpuUsPerRequest: (cpu * 1_000_000) / report.requests,
        // The origin has seen a few that wrk had no answer to when its time was over.
        hitRatio: Math.max(0, 1 - (origin.requests - fetchedBefore) / report.requests),
      }
      checkProof(scenario, contender, turn)
      measured[at]?.turns.push(turn)
    }
  }
  return measured
}

async function warmUp(
  { proves }: Scenario,
  load: Load,
  { port, seconds }: { port: number; seconds: number },
): Promise<void> {
  if (proves === 'hits') return void (await load({ port, seconds, turn: 0 }))
  let requests = 0
  for (let turn = 0; turn < FILLING_TURNS_MAX && requests < FILLING_REQUESTS; turn += 1) {
    requests += (await load({ port, seconds, turn })).requests
  }
}

/** A connection may have been answered that wrk no longer counted when its time was over. */
const MISSES_MIN = 0.99

/** @throws when the origin was asked where hits were measured, or wasn't where misses were */
function checkProof({ proves }: Scenario, { name }: Contender, { hitRatio, requests }: Turn): void {
  const fetched = Math.round((1 - hitRatio) * requests)
  if (proves === 'hits' && fetched > 0)
    throw new Error(`${name} asked the origin ${fetched} times while hits were measured`)
  if (proves === 'misses' && fetched < requests * MISSES_MIN)
    throw new Error(
      `${name} asked the origin ${fetched} times in ${requests} requests while misses were measured`,
    )
}
