import { readFileSync, writeFileSync } from 'node:fs'
import type { Upkeep } from '../../../analytics/daily/upkeep.ts'

/** What one statement of the daily steps took, all its runs together. */
export interface Taken {
  name: string
  times: number
  seconds: number
  /** Most that this process, ClickHouse in it, had resident meanwhile. */
  peakMegabytes: number
}

/** The same upkeep, and what each of its statements takes. */
export function measuredUpkeep(upkeep: Upkeep): { upkeep: Upkeep; taken(): Taken[]; forget(): void } {
  const all = new Map<string, Taken>()

  async function measured<Answer>(name: string, run: () => Promise<Answer>): Promise<Answer> {
    resetPeak()
    const startedMs = performance.now()
    const answer = await run()
    const so = all.get(name) ?? { name, times: 0, seconds: 0, peakMegabytes: 0 }
    so.times += 1
    so.seconds += (performance.now() - startedMs) / 1_000
    so.peakMegabytes = Math.max(so.peakMegabytes, peakMegabytes())
    all.set(name, so)
    return answer
  }

  return {
    upkeep: {
      run: (statement, parameters) => measured(statement, () => upkeep.run(statement, parameters)),
      ask: (question, row, parameters) => measured(question, () => upkeep.ask(question, row, parameters)),
    },
    taken: () => [...all.values()],
    forget: () => all.clear(),
  }
}

/** From now on the peak counts anew (Linux: proc_pid_clear_refs(5)). */
export function resetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5')
}

export function peakMegabytes(): number {
  return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1_024)
}
