import type { Contender } from './contenders/contender.ts'
import type { Load, LoadReport } from './load/report.ts'
import { cpuSeconds } from './processes.ts'
import type { LoadScenario } from './scenarios.ts'

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
/** So far apart are the first requests of two turns. */
const REQUESTS_PER_TURN_MAX = 250_000

/** All turns of those that came through, and what befell the others. */
export interface Measurement {
  measured: readonly Measured[]
  failures: readonly string[]
}

/**
 * Measures contenders in turns, so that what else the machine does meets all of them alike. Everybody
 * gets an unmeasured turn first: compilers and caches warm up. Whoever fails is out.
 *
 * @param origin counts what contenders fetch
 */
export async function measure(
  contenders: readonly Contender[],
  proves: LoadScenario['proves'],
  load: Load,
  { rounds, seconds }: Rounds,
  origin: { readonly requests: number },
): Promise<Measurement> {
  const running = new Map<Contender, Turn[]>(contenders.map((contender) => [contender, []]))
  const failures: string[] = []
  const eachInTurn = async (action: (contender: Contender, turns: Turn[]) => Promise<void>) => {
    for (const [contender, turns] of running) {
      await action(contender, turns).catch((error: Error) => {
        running.delete(contender)
        failures.push(`${contender.id} failed (${error.message})`)
      })
    }
  }

  await eachInTurn((contender) => warmUp(contender, proves, load, seconds))
  for (let round = 0; round < rounds; round++) {
    await eachInTurn(async (contender, turns) => {
      const fetchedBefore = origin.requests
      const cpuBefore = cpuSeconds(contender.pids)
      const report = await load({
        ports: contender.ports,
        seconds,
        from: (1 + round) * REQUESTS_PER_TURN_MAX,
      })
      const cpu = cpuSeconds(contender.pids) - cpuBefore
      const fetched = origin.requests - fetchedBefore
      if (report.requests === 0) throw new Error('no request was answered')
      checkProof(proves, report.requests, fetched)
      // The origin has seen a few that wrk had no answer to when its time was over.
      const hitRatio = Math.max(0, 1 - fetched / report.requests)
      turns.push({ ...report, cpuUsPerRequest: (cpu * 1_000_000) / report.requests, hitRatio })
    })
  }
  return { measured: [...running].map(([contender, turns]) => ({ contender, turns })), failures }
}

async function warmUp(
  { ports }: Contender,
  proves: LoadScenario['proves'],
  load: Load,
  seconds: number,
): Promise<void> {
  if (proves === 'hits') return void (await load({ ports, seconds, from: 0 }))
  let requests = 0
  for (let turn = 0; turn < FILLING_TURNS_MAX && requests < FILLING_REQUESTS; turn += 1) {
    requests += (await load({ ports, seconds, from: requests })).requests
  }
}

/** A connection may have been answered that wrk no longer counted when its time was over. */
const MISSES_MIN = 0.99

/** @throws when the origin was asked where hits were measured, or wasn't where misses were */
function checkProof(proves: LoadScenario['proves'], requests: number, fetched: number): void {
  if (proves === 'hits' && fetched > 0)
    throw new Error(`the origin was asked ${fetched} times while hits were measured`)
  if (proves === 'misses' && fetched < requests * MISSES_MIN)
    throw new Error(
      `the origin was asked ${fetched} times in ${requests} requests while misses were measured`,
    )
}
