/**
 * `npm run conformance`: the public HTTP cache test suite against Selvedge, through edge and shield and
 * against the cache engine alone.
 *
 * Exits with 1 when a required or optimal test fails that `reasons.json` doesn't list.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Arrangement } from './arrangements.ts'
import { readReasons } from './reasons.ts'
import { excusedInVain, type Outcomes, reportOf, unexcused } from './report.ts'
import { SUITES } from './suite.ts'
import { judge, passedInEither, type RawResults, withDependencies } from './verdict.ts'

/** How often a test may be asked again before it counts as failed. */
const TRIES_MAX = 3

/** What the suite's client said, by arrangement. */
type Results = Record<Arrangement, RawResults>

/** Runs the suite against one arrangement: all of it, or these tests and what they build on. */
async function results(arrangement: Arrangement, ids: readonly string[] = []): Promise<RawResults> {
  const program = fileURLToPath(new URL('run-suite.ts', import.meta.url))
  const child = fork(program, [arrangement, ...ids], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the run against ${arrangement} ended with ${code} before it had results`)
    }),
  ])
  if (child.connected) child.disconnect()
  return message as RawResults
}

function judged({ house, engine }: Results): Outcomes {
  return { house: judge(SUITES, house), engine: judge(SUITES, engine) }
}

/**
 * The suite waits for real seconds and compares ages to the second, so a slow machine can fail any of its
 * tests. What fails is therefore asked again, without the crowd of the others, and one pass is a pass.
 */
async function outcomesOf(reasons: ReturnType<typeof readReasons>): Promise<Outcomes> {
  const [house, engine] = await Promise.all([results('house'), results('engine')])
  const all: Results = { house, engine }
  for (let tries = 1; tries < TRIES_MAX; tries++) {
    const failed = unexcused(judged(all), reasons)
    if (failed.length === 0) break
    process.stdout.write(`failed, and asked again: ${failed.join(', ')}\n\n`)
    const ids = withDependencies(SUITES, failed)
    all.house = passedInEither(all.house, await results('house', ids))
    all.engine = passedInEither(all.engine, await results('engine', ids))
  }
  return judged(all)
}

const reasons = readReasons()
const outcomes = await outcomesOf(reasons)
const failed = unexcused(outcomes, reasons)
const inVain = excusedInVain(outcomes, reasons)
if (failed.length > 0) process.stdout.write(`may not fail: ${failed.join(', ')}\n\n`)
if (inVain.length > 0) process.stdout.write(`in reasons.json and passed: ${inVain.join(', ')}\n\n`)
process.stdout.write(`${reportOf(outcomes, reasons)}\n`)
process.exitCode = failed.length > 0 ? 1 : 0
