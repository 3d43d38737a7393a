/**
 * `npm run bench:soak`: is an edge's memory flat, and is every answer right, after an hour's worth of a busy site?
 *
 * Ten minutes (`--minutes N`) of hits of several sizes, misses, parts, 304s, downloads that are broken off, and
 * connections that come and go, plain and TLS, as fast as they are answered, at an edge with one worker and its shield
 * on one core. Their memory every 15 s, then a verdict; status 1 when it rose or anything was answered wrongly.
 * No disk store: pages of its file would count as memory.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigError, describeError, SelvedgeError } from '../../../edge/program/errors.ts'
import { untilUp } from '../check-answers.ts'
import { startTiers } from '../contenders/tiers.ts'
import { groundText, layGround, runInNamespace } from '../ground.ts'
import { startOrigin } from '../origin.ts'
import { childrenOf } from '../processes.ts'
import { numberText } from '../table.ts'
import { flatness, type Sample, sampleOf, sampleText } from './memory.ts'
import { startViewers } from './viewers.ts'

const MEBIBYTE = 1_048_576
const SAMPLE_SECONDS_MAX = 15
/** Short runs have as many samples, closer together. */
const SAMPLES_MIN = 20

try {
  const minutes = readMinutes(process.argv.slice(2))
  process.exitCode = (await runInNamespace()) ?? (await soak(minutes))
} catch (error) {
  process.stderr.write(`bench:soak: ${describeError(error)}\n`)
  process.exitCode = error instanceof SelvedgeError ? 2 : 1
}

function readMinutes(argv: readonly string[]): number {
  const { minutes = '10' } = parseArgs({ args: [...argv], options: { minutes: { type: 'string' } } }).values
  if (/^\d+$/.test(minutes) && Number(minutes) >= 1 && Number(minutes) <= 600) return Number(minutes)
  throw new ConfigError('--minutes', `can't be ${minutes}`, 'Give a whole number from 1 to 600.')
}

async function soak(minutes: number): Promise<number> {
  const ground = layGround()
  await using parts = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'selvedge-soak-'))
  parts.defer(() => rmSync(folder, { recursive: true, force: true }))
  const reports = join(folder, 'memory')
  mkdirSync(reports)
  const reporter = new URL(`report-memory.ts?folder=${encodeURIComponent(reports)}`, import.meta.url)
  const origin = parts.use(await startOrigin())
  const settings = { id: 'origin', http: { url: `http://127.0.0.1:${origin.port}` } }
  const tiers = parts.use(
    await startTiers(settings, folder, {
      cores: { edge: ground.serverCore, shield: ground.serverCore },
      cacheBytes: { edge: 64 * MEBIBYTE, shield: 64 * MEBIBYTE },
      nodeOptions: ['--import', reporter.href],
    }),
  )
  await untilUp(tiers)
  const [worker = 0] = childrenOf(tiers.edge)
  const programs = { worker, shield: tiers.shield }
  say(`${minutes} min. ${groundText(ground)}`)

  const { tally, stop } = startViewers(tiers.ports)
  const samples: Record<keyof typeof programs, Sample[]> = { worker: [], shield: [] }
  const everyMs = Math.min(SAMPLE_SECONDS_MAX, (minutes * 60) / SAMPLES_MIN) * 1_000
  const startedMs = performance.now()
  for (let at = 1; at * everyMs <= minutes * 60_000; at += 1) {
    await new Promise((resolve) => setTimeout(resolve, startedMs + at * everyMs - performance.now()))
    const worker = sampleOf(programs.worker, reports)
    const shield = sampleOf(programs.shield, reports)
    samples.worker.push(worker)
    samples.shield.push(shield)
    const time = `${numberText((at * everyMs) / 60_000, 2)} min`
    say(
      `${time}  ${numberText(tally.requests, 0)} requests, ${tally.errors} errors; worker ${sampleText(worker)}; shield ${sampleText(shield)}`,
    )
  }
  await stop()

  const inAnHour = numberText(tally.requests / 3_600, 0)
  say(`\n${numberText(tally.requests, 0)} requests: an hour of a site with ${inAnHour} a second`)
  say(
    `${numberText(tally.aborted, 0)} downloads broken off, ${numberText(tally.connections, 0)} connections, origin asked ${numberText(origin.requests, 0)} times`,
  )
  const verdicts = [verdict('worker', samples.worker), verdict('shield', samples.shield)]
  say(`${tally.errors} errors`)
  for (const problem of tally.problems) say(`  ${problem}`)
  return verdicts.every(Boolean) && tally.errors === 0 ? 0 : 1
}

function verdict(name: string, samples: readonly Sample[]): boolean {
  const { isFlat, rise } = flatness(samples)
  say(
    `${name}: memory ${isFlat ? 'flat' : 'NOT flat'} after warm-up (rose by ${numberText(rise * 100, 1)} %)`,
  )
  return isFlat
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
