import type { Candidate } from './contenders/contender.ts'
import { startEdge } from './contenders/edge.ts'
import { wrkOn } from './load/wrk.ts'
import { type Measured, measure, type Rounds } from './measure.ts'
import { childrenOf, cpuSeconds } from './processes.ts'
import type { WorkersScenario } from './scenarios.ts'
import { type Place, startContenders } from './start-contenders.ts'
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
  place: Place,
): Promise<Scaling> {
  const { serverCore, loadCore } = place.ground
  const edgeWith = (workers: number, cores: readonly number[]): Candidate => ({
    id: `workers-${workers}`,
    start: async (stand) => ({
      ...(await startEdge(stand, { workers, cores })),
      id: `workers-${workers}`,
      name: `Selvedge edge, workers: ${workers}`,
    }),
  })
  const asks = { path: '/1024/hit' }
  const candidates = [edgeWith(1, [serverCore]), edgeWith(2, [serverCore, loadCore])]
  await using field = await startContenders({ id, asks }, candidates, place)
  const load = wrkOn(asks, { connections: CONNECTIONS }, { core: loadCore, folder: place.folder })
  const { measured, failures } = await measure(field.contenders, 'hits', load, rounds, place.origin)
  const [one, two] = measured
  if (one === undefined || two === undefined) throw new Error([...field.leftOut, ...failures].join('; '))
  const half = ratioOf(one, two, (turn) => turn.cpuUsPerRequest)
  const [, edge = 0] = field.contenders[1]?.pids ?? []
  const seconds = childrenOf(edge).map((worker) => cpuSeconds([worker]))
  return {
    one,
    two,
    speedup: { median: 2 * half.median, min: 2 * half.min, max: 2 * half.max },
    busierShare: Math.max(...seconds) / seconds.reduce((sum, value) => sum + value, 0),
  }
}
