import type { Scenario } from '../scenarios.ts'
import type { Load } from './report.ts'
import { wrkOn } from './wrk.ts'

/** The load of a scenario. @param where the core that makes it, and a folder for its files */
export function loadOf(scenario: Scenario, where: { core: number; folder: string }): Load {
  return wrkOn(scenario, where)
}
