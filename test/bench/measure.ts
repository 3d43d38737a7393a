import type { Contender } from './contender.ts'
import type { LoadReport } from './load.ts'
import { cpuSeconds } from './processes.ts'

/** One contender's turn. */
export interface Turn extends LoadReport {
  /** CPU time, user and system, of all the contender's processes, µs a request. */
  cpuUsPerRequest: number
}

/** All turns of one contender, in order. */
export interface Measured {
  contender: Pick<Contender, 'name' | 'version'>
  turns: Turn[]
}

/** Puts load on a port for some seconds. */
export type Load = (port: number, seconds: number) => Promise<LoadReport>

/**
 * Measures contenders in turns, so that what else the machine does meets all of them alike. Everybody
 * gets an unmeasured turn first, as long as the others: compilers and caches warm up.
 */
export async function measure(
  contenders: readonly Contender[],
  load: Load,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Measured[]> {
  const measured: Measured[] = contenders.map((contender) => ({ contender, turns: [] }))
  for (const { port } of contenders) await load(port, seconds)
  for (let round = 0; round < rounds; round++) {
    for (const [at, contender] of contenders.entries()) {
      measured[at]?.turns.push(await turnOf(contender, load, seconds))
    }
  }
  return measured
}

async function turnOf(contender: Contender, load: Load, seconds: number): Promise<Turn> {
  const before = cpuSeconds(contender.pids)
  const report = await load(contender.port, seconds)
  const spent = cpuSeconds(contender.pids) - before
  return { ...report, cpuUsPerRequest: (spent * 1_000_000) / report.requests }
}
