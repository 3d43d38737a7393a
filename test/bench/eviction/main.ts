/**
 * `npm run bench:eviction -- [--generate] [TRACE…]`: the share of requests, and of the bytes asked for, that
 * each eviction policy has from the cache, beside what knowing the future would have. `--speed` measures what
 * a hit costs instead, beside lru-cache. How far it is goes to standard error, when that is a terminal.
 */
import { parseArgs } from 'node:util'
import { POLICIES } from '../../../edge/cache/eviction/policies.ts'
import { ConfigError } from '../../../edge/program/errors.ts'
import type { Spread } from '../statistics.ts'
import { aligned } from '../table.ts'
import { generatedTrace } from './generated.ts'
import { belady, upperBound } from './optimum.ts'
import { sayProgress } from './progress.ts'
import { type HitRatios, replay } from './replay.ts'
import { hitSpeeds } from './speed.ts'
import { readTrace, type Trace } from './trace.ts'

/** Sizes of the cache, as shares of the footprint: of all bytes that differ. */
const SHARES = [0.01, 0.05, 0.1] as const

try {
  const { values, positionals } = argumentsOf(process.argv.slice(2))
  const generate = values.generate === true || positionals.length === 0
  if (values.speed === true) print(speedTable())
  else if (generate) print(tableOf(generatedTrace()))
  for (const path of positionals) {
    sayProgress(`reading ${path}`)
    print(tableOf(await readTrace(path)))
  }
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  process.stderr.write(`${error.message}\n${error.remedy}\n`)
  process.exitCode = 2
}

function argumentsOf(args: string[]) {
  try {
    return parseArgs({
      args,
      options: { generate: { type: 'boolean' }, speed: { type: 'boolean' } },
      allowPositionals: true,
    })
  } catch (error) {
    const [problem = ''] = (error as Error).message.split('\n')
    throw new ConfigError('command line', problem, 'There are --generate, --speed and names of traces.')
  }
}

/** Markdown: object and byte hit ratio of each policy at each size. */
function tableOf(trace: Trace): string {
  const head = SHARES.flatMap((share) => [`${share * 100} %: objects`, 'bytes'])
  const rows = Object.entries(POLICIES).map(([name, policy]) =>
    row(name, (max) => replay(trace, policy, max)),
  )
  const optimum = trace.uniform ? 'Belady (optimum)' : 'Belady by size'
  rows.push(row(optimum, (bytesMax) => belady(trace, bytesMax)))
  if (!trace.uniform) rows.push(row('bound (PFOO-L)', (bytesMax) => upperBound(trace, bytesMax)))
  return `### ${trace.name}\n\n${summaryOf(trace)}\n\n${aligned([['', ...head], ...rows])}`

  function row(name: string, ratiosAt: (bytesMax: number) => HitRatios): string[] {
    const cells = SHARES.flatMap((share) => {
      sayProgress(`${trace.name}: ${name}, ${share * 100} %`)
      return percent(ratiosAt(Math.floor(trace.footprint * share)))
    })
    return [name, ...cells]
  }
}

/** Markdown: what a hit costs in each policy, and in lru-cache. */
function speedTable(): string {
  const speeds = hitSpeeds((done, all) => sayProgress(`speed of hits: turn ${done} of ${all}`))
  const text = ({ median, min, max }: Spread, digits: number) =>
    `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`
  const rows = speeds.map(({ name, ns, ratio }) => [name, text(ns, 0), text(ratio, 2)])
  return aligned([['', 'ns a hit', '× lru-cache'], ...rows])
}

function summaryOf({ keys, sizes, footprint }: Trace): string {
  const number = (value: number) => new Intl.NumberFormat('en', { maximumFractionDigits: 1 }).format(value)
  return `${number(keys.length)} requests for ${number(sizes.length)} objects of ${number(footprint / 1e9)} GB together.`
}

function percent({ objects, bytes }: HitRatios): string[] {
  return [objects, bytes].map((ratio) => (ratio * 100).toFixed(2))
}

function print(text: string): void {
  sayProgress('')
  process.stdout.write(`${text}\n\n`)
}
