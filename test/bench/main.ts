/**
 * `npm run bench`: how fast our edge is, beside its peers on the same ground. Quick: three scenarios beside nginx,
 * under a minute. `npm run bench -- --full`: all of them beside everybody, written to RESULTS.md with the
 * machine they were measured on. README.md of test/ has the options.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, tmpdir, type } from 'node:os'
import { join } from 'node:path'
import { describeError, SelvedgeError } from '../../edge/program/errors.ts'
import { CACHE_MEGABYTES } from './contenders/contender.ts'
import { CANDIDATES } from './contenders/list.ts'
import { groundText, layGround, runInNamespace } from './ground.ts'
import { type Options, readOptions } from './options.ts'
import { startOrigin } from './origin.ts'
import { detailsOf, overviewOf } from './results.ts'
import { type Outcome, runScenario } from './run.ts'
import { SCENARIOS, type Scenario } from './scenarios.ts'
import { CORE_SHARE_FULL } from './statistics.ts'

/** Whom the quick run compares ours with. */
const QUICK_PEERS = ['nginx', 'bare']

try {
  const options = readOptions(process.argv.slice(2), {
    scenarios: SCENARIOS.map(({ id }) => id),
    contenders: CANDIDATES.map(({ id }) => id),
  })
  process.exitCode = (await runInNamespace()) ?? (await bench(options))
} catch (error) {
  process.stderr.write(`bench: ${describeError(error)}\n`)
  process.exitCode = error instanceof SelvedgeError ? 2 : 1
}

async function bench(options: Options): Promise<number> {
  const machine = machineText()
  const ground = layGround()
  await using parts = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'selvedge-bench-'))
  parts.defer(() => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755)
  const origin = parts.use(await startOrigin())

  const chosen = SCENARIOS.filter((scenario) => isChosen(scenario, options))
  const candidates = CANDIDATES.filter(({ id }) => id === 'selvedge' || takesPart(id, options))
  const outcomes: Outcome[] = []
  const failures: string[] = []
  for (const [at, scenario] of chosen.entries()) {
    process.stderr.write(`${at + 1}/${chosen.length} ${scenario.title}\n`)
    const place = { ground, origin, folder, profile: options.profile, http2: options.http2 }
    try {
      const outcome = await runScenario(scenario, candidates, options, place)
      outcomes.push(outcome)
      process.stdout.write(`\n${detailsOf(outcome)}\n`)
    } catch (error) {
      // One that can't be measured, for want of its tool perhaps, doesn't take the others along.
      failures.push(`Not measured: ${scenario.title} (${(error as Error).message}).`)
    }
  }
  const notes = [...failures, howText(options), groundText(ground), machine]
  report(outcomes, notes, options)
  return failures.length === 0 ? 0 : 1
}

function isChosen({ id, quick }: Scenario, { full, scenarios }: Options): boolean {
  return scenarios.length > 0 ? scenarios.includes(id) : full || quick === true
}

function takesPart(id: string, { full, contenders }: Options): boolean {
  return contenders.length > 0 ? contenders.includes(id) : full || QUICK_PEERS.includes(id)
}

function report(outcomes: readonly Outcome[], notes: readonly string[], options: Options): void {
  const overview = [overviewOf(outcomes), '', ...notes.flatMap((note) => [note, ''])].join('\n')
  process.stdout.write(`\n${overview}`)
  const isWhole = options.full && options.scenarios.length + options.contenders.length === 0
  if (!isWhole) return
  const head =
    '# Results\n\nWritten by `npm run bench -- --full`; compare within a run, never across machines.\n'
  const text = [head, overview, ...outcomes.map(detailsOf)].join('\n')
  writeFileSync(new URL('RESULTS.md', import.meta.url), text)
}

function howText({ rounds, seconds }: Options): string {
  return `Medians of ${rounds} interleaved rounds of ${seconds} s, smallest and largest in brackets; ratios are taken within each
round. Each server on one core, its load on another. Access logs on, but for the yardstick: bare sockets of
Node (bare). CPU time is user and system, of all the processes of a contender: our shield, varnishncsa and hitch
count. Where one used less than ${CORE_SHARE_FULL * 100} % of its core, the load or other programs were the limit, and an aim is
judged by CPU time. A p99 that is an aim is of requests at a fixed rate, counted from when each was due.
Everybody may keep ${CACHE_MEGABYTES} MB; our shield next to nothing beside. Misses pass two tiers of ours, one of a peer's.`
}

/** The machine, as it is before we keep ourselves to a core; its load average tells what others do on it. */
function machineText(): string {
  const [busyBefore = 0] = loadavg()
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU'
  const day = new Date().toISOString().slice(0, 10)
  const machine = `${model}, ${availableParallelism()} cores, ${type()} ${release()}, Node ${process.versions.node}`
  return `${machine}; ${day}. Load average before the start: ${busyBefore.toFixed(1)}.`
}
