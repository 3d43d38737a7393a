/**
 * `npm run bench:import`: how fast a web server's log is imported, beside goaccess (Debian's) reading the same file.
 * Ours ends with every record in ClickHouse, the days' figures and the rankings; goaccess with a report.
 *
 * `npm run bench:import -- 200000`: so many lines instead of two million.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openClickHouse } from '../../../analytics/clickhouse/connect.ts'
import { findTool } from '../tools.ts'
import { writeMadeUpLog } from './made-up-log.ts'

const LINES = Number(process.argv[2] ?? 2_000_000)
const MAIN = new URL('../../../analytics/main.ts', import.meta.url).pathname
const HOST = 'www.example.org'

/** Two weeks that are over, and that the log still keeps. */
const DAY_MS = 86_400_000
const FROM_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS - 15 * DAY_MS

/** Longest that either may take, ms. */
const RUN_MS_MAX = 200_000

/** bash's own `time`: seconds in user mode and in the kernel. */
const TIMED = 'TIMEFORMAT="took %U %S"; time "$@"'

const folder = await mkdtemp(join(tmpdir(), 'selvedge-bench-import-'))
try {
  process.exitCode = await compare()
} finally {
  await rm(folder, { recursive: true })
}

/** @returns the exit status */
async function compare(): Promise<number> {
  const log = join(folder, 'access.log')
  const data = join(folder, 'data')
  const bytes = await writeMadeUpLog(log, LINES, FROM_MS)
  say(`${LINES} lines, ${(bytes / 1e6).toFixed(0)} MB, ${cpus().length} cores\n`)
  say('each alone, one after the other: some minutes\n')
  const goaccess = findTool('goaccess')
  const report = join(folder, 'report.json')
  const theirs =
    goaccess === undefined
      ? undefined
      : await timed(goaccess, [log, '--log-format=COMBINED', '--no-progress', '-o', report])
  if (theirs === undefined) say('goaccess is not installed (apt-get install goaccess)\n')
  else say(`goaccess  ${told(theirs)}\n`)
  const ours = await timed(process.execPath, [MAIN, 'import', '--host', HOST, '--data', data, log])
  say(`Selvedge  ${told(ours)}\n`)
  if (theirs !== undefined) {
    say(`ratio     ${(theirs.seconds / ours.seconds).toFixed(2)} times goaccess's speed`)
    say(`, ${(ours.cpuSeconds / theirs.cpuSeconds).toFixed(2)} times its CPU time\n`)
  }
  const counts = await countsIn(join(data, 'clickhouse'))
  say(`queryable: ${counts.records} records, ${counts.closed} days with figures, ${counts.ranked} ranked\n`)
  return counts.records === LINES ? 0 : 1
}

interface Took {
  seconds: number
  cpuSeconds: number
}

/** Runs a program to its end. */
async function timed(command: string, args: string[]): Promise<Took> {
  const startedMs = performance.now()
  const child = spawn('bash', ['-c', TIMED, 'bash', command, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: RUN_MS_MAX,
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [status] = await once(child, 'close')
  const seconds = (performance.now() - startedMs) / 1_000
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${said.slice(-2_000)}`)
  const [, user, system] = /took (\S+) (\S+)/.exec(said) ?? []
  return { seconds, cpuSeconds: Number(user) + Number(system) }
}

function told({ seconds, cpuSeconds }: Took): string {
  const each = ((cpuSeconds / LINES) * 1e6).toFixed(1)
  return `${seconds.toFixed(1)} s, ${Math.round(LINES / seconds)} lines/s, ${each} µs of CPU a line`
}

async function countsIn(data: string) {
  await using clickhouse = await openClickHouse({ data })
  const result = await clickhouse.query.query({
    query: `SELECT (SELECT toUInt32(count()) FROM selvedge.access_log) AS records,
      (SELECT toUInt32(uniqExact(day)) FROM selvedge.published_days) AS closed,
      (SELECT toUInt32(uniqExact(day)) FROM selvedge.published_ranks) AS ranked`,
    format: 'JSONEachRow',
  })
  const [counts] = await result.json<{ records: number; closed: number; ranked: number }>()
  if (counts === undefined) throw new Error('ClickHouse told nothing')
  return counts
}

function say(text: string): void {
  process.stdout.write(text)
}
