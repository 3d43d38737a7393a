import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { checkAnswers, untilUp } from './check-answers.ts'
import { startEdge } from './contenders/edge.ts'
import { wrkOn } from './load/wrk.ts'
import { type Measured, measure, type Rounds } from './measure.ts'
import { childrenOf, cpuSeconds } from './processes.ts'
import type { WorkersScenario } from './scenarios.ts'
import type { Place } from './start-contenders.ts'
import { ratioOf, type Spread } from './statistics.ts'

/** Two workers beside one. */
export interface Scaling {
  one: Measured
  two: Measured
  /** How many times as much two workers would do with two cores to themselves. */
  speedup: Spread
  /** Share of the workers' CPU time that the busier one had, 0.5 to 1. */
  busierShare: number
}

/** Many, for the kernel deals them out to the workers by chance. */
const CONNECTIONS = 256

/**
 * What a second worker brings. With two cores the load shares them with the workers, so requests in a second would
 * tell of that: what tells is the CPU time that each request takes, which grows where workers are in each other's way.
 */
export async function measureScaling(
  { id }: WorkersScenario,
  rounds: Rounds,
  { ground, origin, folder }: Place,
): Promise<Scaling> {
  await using parts = new AsyncDisposableStack()
  const asks = { path: '/1024/hit' }
  const start = async (workers: number, cores: readonly number[]) => {
    const own = join(folder, id, String(workers))
    mkdirSync(own, { recursive: true })
    const stand = { asks, originPort: origin.port, folder: own, core: ground.serverCore }
    const contender = parts.use(await startEdge(stand, { workers, cores }))
    await untilUp(contender)
    await checkAnswers(contender, asks)
    return { ...contender, id: `${workers} of ours`, name: `Selvedge edge, workers: ${workers}` }
  }
  const contenders = [
    await start(1, [ground.serverCore]),
    await start(2, [ground.serverCore, ground.loadCore]),
  ]
  const load = wrkOn(asks, { connections: CONNECTIONS }, { core: ground.loadCore, folder })
  const { measured, failures } = await measure(contenders, 'hits', load, rounds, origin)
  const [one, two] = measured
  if (one === undefined || two === undefined) throw new Error(failures.join('; '))
  const halves = ratioOf(one, two, (turn) => turn.cpuUsPerRequest)
  const [, edge = 0] = contenders[1]?.pids ?? []
  const seconds = childrenOf(edge).map((worker) => cpuSeconds([worker]))
  return {
    one,
    two,
    speedup: { median: 2 * halves.median, min: 2 * halves.min, max: 2 * halves.max },
    busierShare: Math.max(...seconds) / seconds.reduce((sum, value) => sum + value, 0),
  }
}
