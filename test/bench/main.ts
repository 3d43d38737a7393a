/**
 * `npm run bench`: how fast a cache hit leaves our edge, beside nginx on the same ground.
 *
 * Prints a table, and writes it to RESULTS.md with the machine it was measured on. Takes under half a minute;
 * `--rounds N` and `--seconds N` make it longer or shorter. README.md of test/ says more.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, tmpdir, type } from 'node:os'
import { join } from 'node:path'
import { describeError, SelvedgeError } from '../../edge/program/errors.ts'
import { bodyFrom, type Contender, type Stand } from './contender.ts'
import { startEdge } from './edge.ts'
import { groundText, layGround, runInNamespace } from './ground.ts'
import { type Scenario, wrkOn } from './load.ts'
import { type Measured, measure } from './measure.ts'
import { startNginx } from './nginx.ts'
import { type Options, readOptions } from './options.ts'
import { type Origin, startOrigin, textOf } from './origin.ts'
import { tableOf } from './table.ts'
import { ToolMissing } from './tools.ts'

const SCENARIO: Scenario = {
  name: '1 KB cache hit, keep-alive, 64 connections, access log on',
  path: '/1k',
  bodyBytes: 1_024,
  connections: 64,
}

try {
  const options = readOptions(process.argv.slice(2))
  process.exitCode = (await runInNamespace()) ?? (await bench(options))
} catch (error) {
  process.stderr.write(`bench: ${describeError(error)}\n`)
  process.exitCode = error instanceof SelvedgeError ? 2 : 1
}

async function bench(options: Options): Promise<number> {
  const ground = layGround()
  const [busyBefore = 0] = loadavg()
  const load = wrkOn(ground.loadCore)
  await using parts = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'selvedge-bench-'))
  parts.defer(() => rmSync(folder, { recursive: true, force: true }))
  const body = textOf(SCENARIO.bodyBytes)
  const origin = parts.use(await startOrigin(new Map([[SCENARIO.path, body]])))

  const standOf = (name: string): Stand => {
    const own = join(folder, name)
    mkdirSync(own)
    return { originPort: origin.port, folder: own, core: ground.serverCore }
  }
  const edge = parts.use(await startEdge(standOf('edge')))
  const peer = await startNginx(standOf('nginx')).catch(sayMissing)
  if (peer !== undefined) parts.use(peer)

  const contenders = peer === undefined ? [edge] : [edge, peer]
  await checkAnswers(contenders, body)
  const asked = origin.requests
  const measured = await measure(contenders, (port, seconds) => load(port, SCENARIO, seconds), options)
  checkHits(origin, asked)
  report(measured, [groundText(ground), machineText(busyBefore)], options)
  return 0
}

/** A peer that isn't installed is left out, and said to be. */
function sayMissing(error: unknown): undefined {
  if (!(error instanceof ToolMissing)) throw error
  process.stderr.write(`bench: ${describeError(error)}\n  Measuring without it.\n`)
}

/** Asks everybody twice, so that the second answer, the one that is measured, is out of the cache. */
async function checkAnswers(contenders: readonly Contender[], body: Buffer): Promise<void> {
  for (const { name, port } of contenders) {
    for (const time of ['first', 'second']) {
      if (body.equals(await bodyFrom(port, SCENARIO.path))) continue
      throw new Error(`${name}: its ${time} answer to ${SCENARIO.path} is not what the origin sent`)
    }
  }
}

function checkHits(origin: Origin, before: number): void {
  const more = origin.requests - before
  if (more > 0) throw new Error(`the origin was asked ${more} times while hits were measured`)
}

function report(measured: readonly Measured[], where: readonly string[], { rounds, seconds }: Options): void {
  const peer = measured[1]
  const text = [
    `## ${SCENARIO.name}`,
    '',
    tableOf(measured, peer),
    '',
    `Medians of ${rounds} interleaved rounds of ${seconds} s, smallest and largest in brackets; ratios are`,
    'taken within each round. Each server on one core, its load on another. CPU time is user and system,',
    'of all the processes of a contender. Where a contender used less than its core, the load or other',
    'programs were the limit: there the ratio of CPU times says more than that of requests. The origin was',
    'asked for nothing meanwhile.',
    '',
    ...where.flatMap((sentence) => [sentence, '']),
  ].join('\n')
  process.stdout.write(`\n${text}`)
  const head = '# Results\n\nWritten by `npm run bench`; compare within a run, never across machines.\n\n'
  writeFileSync(new URL('RESULTS.md', import.meta.url), head + text)
}

/** @param busyBefore load average of the last minute before we began: what others did on the machine */
function machineText(busyBefore: number): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU'
  const day = new Date().toISOString().slice(0, 10)
  const machine = `${model}, ${availableParallelism()} cores, ${type()} ${release()}, Node ${process.versions.node}`
  return `${machine}; ${day}. Load average before the start: ${busyBefore.toFixed(1)}.`
}
