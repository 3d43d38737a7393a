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
import { judge, type RawResults } from './verdict.ts'

async function results(arrangement: Arrangement): Promise<RawResults> {
  const program = fileURLToPath(new URL('run-suite.ts', import.meta.url))
  const child = fork(program, [arrangement], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the run against ${arrangement} ended with ${code} before it had results`)
    }),
  ])
  if (child.connected) child.disconnect()
  return message as RawResults
}

async function run(): Promise<Outcomes> {
  const [house, engine] = await Promise.all([results('house'), results('engine')])
  return { house: judge(SUITES, house), engine: judge(SUITES, engine) }
}

/** The suite waits for real seconds, so a busy machine can fail it: what counts is what fails twice. */
async function runTwiceIfNeeded(reasons: ReturnType<typeof readReasons>): Promise<Outcomes> {
  const first = await run()
  const failed = unexcused(first, reasons)
  if (failed.length === 0) return first
  process.stdout.write(`failed, and tried again: ${failed.join(', ')}\n\n`)
  return run()
}

const reasons = readReasons()
const outcomes = await runTwiceIfNeeded(reasons)
const failed = unexcused(outcomes, reasons)
const inVain = excusedInVain(outcomes, reasons)
if (failed.length > 0) process.stdout.write(`may not fail: ${failed.join(', ')}\n\n`)
if (inVain.length > 0) process.stdout.write(`in reasons.json and passed: ${inVain.join(', ')}\n\n`)
process.stdout.write(`${reportOf(outcomes, reasons)}\n`)
process.exitCode = failed.length > 0 ? 1 : 0
