import type { Contender } from './contenders/contender.ts'
import type { Load, LoadReport, Target } from './load/report.ts'
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

/** Before hits, seconds: who compiles as it goes is measured as it runs for the rest of its life. */
const WARM_UP_SECONDS = 2
/** Before misses so many unmeasured requests come that caches are full, and evict as they do for the rest of their lives. */
const FILLING_REQUESTS = 50_000
const FILLING_TURNS_MAX = 30
/** So far apart are the first requests of two turns. */
const REQUESTS_PER_TURN_MAX = 250_000

/** The origin: how often it was asked, by everybody. */
interface Counting {
  readonly requests: number
}

/** All turns of those that came through, and what befell the others. */
export interface Measurement {
  measured: readonly Measured[]
  failures: readonly string[]
}

/**
 * Measures contenders in turns, so that what else the machine does meets all of them alike. Everybody
 * is warmed up first, compilers and caches. Whoever fails is out.
 */
export async function measure(
  contenders: readonly Contender[],
  proves: LoadScenario['proves'],
  load: Load,
  { rounds, seconds }: Rounds,
  origin: Counting,
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
    const from = (1 + round) * REQUESTS_PER_TURN_MAX
    await eachInTurn(async (contender, turns) => {
      const turn = await turnOf(contender, load, { ports: contender.ports, seconds, from }, origin)
      checkProof(proves, turn)
      turns.push(turn)
    })
  }
  return { measured: [...running].map(([contender, turns]) => ({ contender, turns })), failures }
}

async function turnOf({ pids }: Contender, load: Load, target: Target, origin: Counting): Promise<Turn> {
  const fetchedBefore = origin.requests
  const cpuBefore = cpuSeconds(pids)
  const report = await load(target)
  const cpu = cpuSeconds(pids) - cpuBefore
  if (report.requests === 0) throw new Error('no request was answered')
  // The origin has seen a few that wrk had no answer to when its time was over.
  const hitRatio = Math.max(0, 1 - (origin.requests - fetchedBefore) / report.requests)
  return { ...report, cpuUsPerRequest: (cpu * 1_000_000) / report.requests, hitRatio }
}

async function warmUp(
  { ports }: Contender,
  proves: LoadScenario['proves'],
  load: Load,
  seconds: number,
): Promise<void> {
  if (proves === 'hits') return void (await load({ ports, seconds: WARM_UP_SECONDS, from: 0 }))
  let requests = 0
  for (let turn = 0; turn < FILLING_TURNS_MAX && requests < FILLING_REQUESTS; turn += 1) {
    requests += (await load({ ports, seconds, from: requests })).requests
  }
}

/** wrk counts a few answers fewer than there were requests. */
const HIT_RATIO_OF_MISSES_MAX = 0.01

/** @throws when the origin was asked where hits were measured, or wasn't where misses were */
function checkProof(proves: LoadScenario['proves'], { hitRatio }: Turn): void {
  const share = `${(100 * hitRatio).toFixed(2)} %`
  if (proves === 'hits' && hitRatio < 1) throw new Error(`only ${share} were hits`)
  if (proves === 'misses' && hitRatio > HIT_RATIO_OF_MISSES_MAX)
    throw new Error(`${share} were hits while misses were measured`)
}
