import type { Candidate } from './contenders/contender.ts'
import { type IdleMemory, measureIdle } from './idle.ts'
import { loadOf } from './load/load.ts'
import { type Measured, measure, type Rounds } from './measure.ts'
import type { IdleScenario, LoadScenario, Scenario, WorkersScenario } from './scenarios.ts'
import { type Place, startContenders } from './start-contenders.ts'
import { measureScaling, type Scaling } from './two-workers.ts'

/** What came of one scenario, and who was not measured and why. */
export type Outcome = { leftOut: readonly string[] } & (
  | { scenario: LoadScenario; measured: readonly Measured[] }
  | { scenario: IdleScenario; memory: readonly IdleMemory[] }
  | { scenario: WorkersScenario; scaling: Scaling }
)

/** Measures one scenario. */
export async function runScenario(
  scenario: Scenario,
  candidates: readonly Candidate[],
  rounds: Rounds,
  place: Place,
): Promise<Outcome> {
  if ('idleOver' in scenario) return { scenario, ...(await measureIdle(scenario, candidates, place)) }
  if ('workers' in scenario)
    return { scenario, scaling: await measureScaling(scenario, rounds, place), leftOut: [] }
  const load = loadOf(scenario, { core: place.ground.loadCore, folder: place.folder })
  await using field = await startContenders(scenario, candidates, place)
  const { measured, failures } = await measure(field.contenders, scenario.proves, load, rounds, place.origin)
  return { scenario, measured, leftOut: [...field.leftOut, ...failures] }
}
