import type { LoadScenario } from '../scenarios.ts'
import { fixedRateOn } from './fixed-rate.ts'
import { h2loadOn } from './h2load.ts'
import type { Load } from './report.ts'
import { wrkOn } from './wrk.ts'

/** The load of a scenario. @param where the core that makes it, and a folder for its files */
export function loadOf({ asks, load }: LoadScenario, where: { core: number; folder: string }): Load {
  switch (load.by) {
    case 'wrk':
      return wrkOn(asks, load, where)
    case 'h2load':
      return h2loadOn(asks, load, where)
    case 'fixed rate':
      return fixedRateOn(asks, load)
  }
}
