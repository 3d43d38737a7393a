/**
 * `npm run bench:page`: how long Chromium takes from the start of a navigation to the load event of a page with 200
 * parts, over HTTP/2 with nothing cached in the browser, through our edge and through its peers, in turns. The
 * servers have one core, the browser has the other.
 *
 * `-- --rounds 30`; `--contender nginx,haproxy`; `--delay 20`: ms that the network takes there and back;
 * `--http2 node`: ours by node:http2.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { http2Use } from '../../../edge/listen/settings.ts'
import { describeError } from '../../../edge/program/errors.ts'
import type { RunningBrowser } from '../../../thumbnailer/browser/start.ts'
import { type Contender, HOST } from '../contenders/contender.ts'
import { CANDIDATES } from '../contenders/list.ts'
import { type Ground, groundText, layGround, runInNamespace } from '../ground.ts'
import { cpuSeconds, untilAnswered } from '../processes.ts'
import { spreadOf } from '../statistics.ts'
import { aligned, numberText, spreadText } from '../table.ts'
import { ToolMissing } from '../tools.ts'
import { startTrustingBrowser } from './browser.ts'
import { loadPage, type PageLoad } from './load-page.ts'
import { type PageOrigin, SUB_RESOURCES, startPageOrigin } from './page-origin.ts'

const { values: given } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    contender: { type: 'string', default: 'nginx,haproxy' },
    delay: { type: 'string', default: '0' },
    http2: { type: 'string' },
  },
})
const http2 = given.http2 === undefined ? undefined : http2Use.parse(given.http2)
const rounds = Number(given.rounds)
const wanted = ['selvedge', ...given.contender.split(',')]

/** Unmeasured loads of each: caches fill, and who compiles as it goes has compiled. */
const WARM_UP_LOADS = 10

/** A contender's loads, in order. */
interface Row {
  contender: Contender
  loads: (PageLoad & { cpuMs: number; browserCpuMs: number })[]
}

try {
  process.exitCode = (await runInNamespace()) ?? (await bench())
} catch (error) {
  process.stderr.write(`bench:page: ${describeError(error)}\n`)
  process.exitCode = 1
}

async function bench(): Promise<number> {
  const ground = layGround()
  slowDown(Number(given.delay))
  await using parts = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'selvedge-page-'))
  parts.defer(() => rmSync(folder, { recursive: true, force: true }))
  const origin = parts.use(await startPageOrigin())
  const rows: Row[] = []
  for (const contender of await contenders(origin, ground, folder, parts)) rows.push({ contender, loads: [] })
  const running = parts.use(await startTrustingBrowser(folder))
  for (const { contender } of rows) {
    await untilAnswered(() => loadOnce(running, contender))
    for (let at = 1; at < WARM_UP_LOADS; at += 1) await loadOnce(running, contender)
  }
  for (let round = 0; round < rounds; round += 1) {
    // Each comes first in its turn.
    const order = [...rows.slice(round % rows.length), ...rows.slice(0, round % rows.length)]
    for (const { contender, loads } of order) loads.push(await loadOnce(running, contender))
  }
  tell(rows, ground)
  return 0
}

/** Starts those that are wanted and installed, each on the server's core. */
async function contenders(
  origin: PageOrigin,
  { serverCore }: Ground,
  folder: string,
  parts: AsyncDisposableStack,
): Promise<Contender[]> {
  const started: Contender[] = []
  for (const { id, start } of CANDIDATES.filter((candidate) => wanted.includes(candidate.id))) {
    const own = join(folder, id)
    mkdirSync(own)
    const asks = { over: 'h2', path: '/page' } as const
    try {
      const contender = await start({ asks, originPort: origin.port, folder: own, core: serverCore, http2 })
      started.push(parts.use(contender))
    } catch (error) {
      if (!(error instanceof ToolMissing)) throw error
      process.stdout.write(`left out: ${error.message}\n`)
    }
  }
  return started
}

/** @throws when something of the page didn't come, or came otherwise than over HTTP/2 */
async function loadOnce(
  { browser, pid }: RunningBrowser,
  { id, ports, pids }: Contender,
): Promise<Row['loads'][number]> {
  const before = { cpu: cpuSeconds(pids), browserCpu: cpuSeconds([pid]) }
  const load = await loadPage(browser, `https://${HOST}:${ports.https}/page`)
  const cpuMs = (cpuSeconds(pids) - before.cpu) * 1_000
  const browserCpuMs = (cpuSeconds([pid]) - before.browserCpu) * 1_000
  if (load.parts < SUB_RESOURCES) throw new Error(`${id}: only ${load.parts} parts of the page came`)
  if (load.protocols.join() !== 'h2') throw new Error(`${id} spoke ${load.protocols.join(', ')}`)
  return { ...load, cpuMs, browserCpuMs }
}

function tell(rows: readonly Row[], ground: Ground): void {
  const [, peer] = rows
  const cells = rows.map(({ contender, loads }) => [
    `${contender.name} (${contender.version})`,
    spreadText(spreadOf(loads.map(({ loadMs }) => loadMs)), 0),
    peer === undefined ? '' : spreadText(spreadOf(loads.map(ratioTo(peer))), 2),
    numberText(spreadOf(loads.map(({ scriptsMs }) => scriptsMs)).median, 0),
    numberText(spreadOf(loads.map(({ firstByteMs }) => firstByteMs)).median, 1),
    numberText(loads.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / loads.length, 1),
    numberText(loads.reduce((sum, { browserCpuMs }) => sum + browserCpuMs, 0) / loads.length, 1),
    numberText(spreadOf(loads.map(({ bytes }) => bytes / 1_000)).median, 0),
  ])
  const head = [
    '',
    'load event, ms',
    `× ${peer?.contender.id ?? 'peer'}`,
    'scripts run, ms',
    'first byte, ms',
    'CPU ms a page',
    'browser’s',
    'KB',
  ]
  process.stdout.write(`${aligned([head, ...cells])}\n\n${rounds} rounds. ${groundText(ground)}`)
  process.stdout.write(given.delay === '0' ? '\n' : ` ${given.delay} ms there and back.\n`)
}

function ratioTo(base: Row): (load: PageLoad, round: number) => number {
  return ({ loadMs }, round) => loadMs / (base.loads[round]?.loadMs ?? Number.NaN)
}

/** Makes the network take its time, in a namespace of our own. @throws where that can't be done */
function slowDown(roundTripMs: number): void {
  if (roundTripMs === 0) return
  const delay = ['qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', `${roundTripMs / 2}ms`]
  const { status, stderr } = spawnSync('tc', delay, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`--delay: tc can't do that here: ${stderr}`)
}
