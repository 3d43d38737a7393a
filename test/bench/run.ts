import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { checkAnswers, speaks, untilUp } from './check-answers.ts'
import type { Candidate, Contender } from './contenders/contender.ts'
import type { Ground } from './ground.ts'
import { loadOf } from './load/load.ts'
import { type Measured, measure, type Rounds } from './measure.ts'
import type { Origin } from './origin.ts'
import type { Scenario } from './scenarios.ts'
import { ToolMissing } from './tools.ts'

/** What came of one scenario. */
export interface Outcome {
  scenario: Scenario
  measured: readonly Measured[]
  /** Who was not measured, and why. */
  leftOut: readonly string[]
}

/** Where a run takes place. */
export interface Place {
  ground: Ground
  origin: Origin
  /** For configurations, logs and whatever else is gone afterwards. */
  folder: string
  profile?: string | undefined
}

/** Starts all contenders anew, so that a scenario's figures are the same alone and among others, and measures them. */
export async function runScenario(
  scenario: Scenario,
  candidates: readonly Candidate[],
  rounds: Rounds,
  { ground, origin, folder, profile }: Place,
): Promise<Outcome> {
  await using parts = new AsyncDisposableStack()
  const leftOut: string[] = []
  const start = async ({ id, start, lacks }: Candidate): Promise<Contender | undefined> => {
    const lack = lacks?.[scenario.id]
    if (lack !== undefined) return void leftOut.push(`${id}: ${lack}`)
    const own = join(folder, scenario.id, id)
    mkdirSync(own, { recursive: true })
    const stand = { originPort: origin.port, folder: own, core: ground.serverCore, profile }
    const contender = await start(stand).catch(missing)
    if (contender instanceof ToolMissing) return void leftOut.push(contender.message)
    parts.use(contender)
    await untilUp(contender)
    if (scenario.asks.over === 'h2' && !(await speaks(contender.ports.https, 'h2')))
      return void leftOut.push(`${id} does not speak HTTP/2`)
    await checkAnswers(contender, scenario)
    return contender
  }
  const contenders = await Promise.all(candidates.map(start))
  const load = loadOf(scenario, { core: ground.loadCore, folder })
  const measured = await measure(
    contenders.filter((contender) => contender !== undefined),
    scenario,
    load,
    rounds,
    origin,
  )
  return { scenario, measured, leftOut }
}

function missing(error: unknown): ToolMissing {
  if (error instanceof ToolMissing) return error
  throw error
}
