import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Http2Use } from '../../edge/listen/settings.ts'
import { checkAnswers, speaks, untilUp } from './check-answers.ts'
import type { Candidate, Contender } from './contenders/contender.ts'
import type { Ground } from './ground.ts'
import type { Origin } from './origin.ts'
import type { Ask } from './scenarios.ts'
import { ToolMissing } from './tools.ts'

/** Where a scenario takes place. */
export interface Place {
  ground: Ground
  origin: Origin
  /** For configurations, logs and whatever else is gone afterwards. */
  folder: string
  /** A folder for CPU profiles of ours. */
  profile?: string | undefined
  /** What speaks HTTP/2 in ours. */
  http2?: Http2Use | undefined
}

/** Those who take part, their answers checked, and why the others don't. Disposing ends them. */
export interface Field extends AsyncDisposable {
  contenders: readonly Contender[]
  leftOut: string[]
}

/**
 * Starts all contenders anew, so that a scenario's figures are the same alone and among others. One that can't take
 * part, doesn't start or answers wrongly is left out.
 */
export async function startContenders(
  scenario: { id: string; asks: Ask },
  candidates: readonly Candidate[],
  { ground, origin, folder, profile, http2 }: Place,
): Promise<Field> {
  const parts = new AsyncDisposableStack()
  const home = join(folder, scenario.id)
  parts.defer(() => rmSync(home, { recursive: true, force: true })) // logs of some hundred MB
  const leftOut: string[] = []
  const start = async ({ id, start, lacks }: Candidate): Promise<Contender | undefined> => {
    const lack = lacks?.[scenario.id]
    if (lack !== undefined) return void leftOut.push(`${id} (${lack})`)
    const own = join(home, id)
    mkdirSync(own, { recursive: true })
    try {
      const { asks } = scenario
      const contender = await start({
        asks,
        originPort: origin.port,
        folder: own,
        core: ground.serverCore,
        profile,
        http2,
      })
      parts.use(contender)
      await untilUp(contender)
      if (asks.over === 'h2' && !(await speaks(contender.ports.https, 'h2')))
        return void leftOut.push(`${id} (it doesn’t speak HTTP/2)`)
      await checkAnswers(contender, asks)
      return contender
    } catch (error) {
      leftOut.push(
        error instanceof ToolMissing ? `${id} (not installed)` : `${id} failed (${(error as Error).message})`,
      )
      return undefined
    }
  }
  const compared = candidates.filter(
    ({ onlyOver }) => onlyOver === undefined || onlyOver === scenario.asks.over,
  )
  const contenders = await Promise.all(compared.map(start))
  return {
    contenders: contenders.filter((contender) => contender !== undefined),
    leftOut,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
