/**
 * `npm run show:http2-attacks`: each of `attacks.ts` at full size against an edge, by a program of its own that
 * comes back whenever its connection is ended, while good viewers ask a hundred times a second over HTTP/2. What
 * ended the connections, what it took of the edge, and what the good viewers saw meanwhile. The edge has one core and
 * whoever asks the other; the attack gives way to the viewers there, as if it came from another machine.
 *
 * Some of them: `npm run show:http2-attacks -- --only reset,PING --seconds 5`; by node:http2: `--http2 node`.
 * Ends with status 1 when a request of a good viewer failed.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { layGround, runInNamespace } from '../../bench/ground.ts'
import { cpuSeconds, residentBytes } from '../../bench/processes.ts'
import { startAttackedOrigin } from '../attacked-origin.ts'
import { type Deployment, deploy } from '../deployment.ts'
import { quantile, type Seen } from '../viewer.ts'
import type { Outcome } from './attacker.ts'
import { ATTACKS, type Attack } from './attacks.ts'
import { viewOverHttp2 } from './good-viewers.ts'

const VIEWERS = 10
const EVERY_MS = 100
/** They come from another address than the attack, as they would. */
const GOOD_ADDRESS = '127.0.0.2'
const QUIET_SECONDS = 5
/** Until memory is looked at once more, s. */
const AFTER_SECONDS = 3
const SECONDS_MAX = 20

const { values: given } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seconds: { type: 'string', default: '8' },
    http2: { type: 'string' },
  },
})
const seconds = Math.min(SECONDS_MAX, Number(given.seconds))
const attacks = ATTACKS.filter(({ name }) => given.only.split(',').some((word) => name.includes(word)))

const HEAD = [
  'attack',
  'sent',
  'conns',
  'ended by',
  'longest',
  'CPU ms of s',
  'worker MB before–peak–after',
  'good: asked, failed',
  'p50',
  'p99',
]

// One that can be reached from nowhere else; on loopback as it comes a segment has 64 KB.
const status = await runInNamespace()
if (status !== undefined) process.exit(status)
const ground = layGround()
for (const doubt of ground.unfair) process.stdout.write(`unfair ground: ${doubt}\n`)

process.exitCode = (await show()) === 0 ? 0 : 1

/** @returns how many requests of good viewers failed */
async function show(): Promise<number> {
  await using origin = await startAttackedOrigin()
  const folder = mkdtempSync(join(tmpdir(), 'selvedge-attacks-'))
  let failed = 0
  {
    await using house = await deploy({
      directory: folder,
      origin: { http: { url: origin.url } },
      workers: 1,
      // Who holds windows shut is to be seen to end within the time of an attack.
      more: { edge: { limits: { stallMs: 4_000 }, ...(given.http2 && { http2: given.http2 }) } },
      cores: ground.serverCore,
    })
    row(HEAD)
    const quietly = (forSeconds: number) => () => pause(forSeconds * 1_000, undefined)
    await watch(house, quietly(QUIET_SECONDS)) // just started it is slower
    failed += tell('none', await watch(house, quietly(QUIET_SECONDS)))
    for (const attack of attacks) {
      const during = await watch(house, () => attackBy(attack, house))
      failed += tell(attack.name, during, attack)
    }
  }
  rmSync(folder, { recursive: true })
  return failed
}

/** What was seen while something went on. */
interface During {
  seen: Seen
  outcome: Outcome | undefined
  cpuMs: number
  tookMs: number
  /** Of the worker: before, the most meanwhile, some seconds after. */
  megabytes: [before: number, peak: number, after: number]
}

async function watch(house: Deployment, act: () => Promise<Outcome | undefined>): Promise<During> {
  const worker = house.processes().find(({ program }) => program === 'edge worker')?.pid
  if (worker === undefined) throw new Error('the worker is gone')
  const megabytes = () => Math.round(residentBytes(worker) / 1_048_576)
  const end = new AbortController()
  let asked = 0
  const target = () => {
    asked += 1
    return asked % 10 === 0 ? `/new/good-${asked}` : `/kept/${asked % 50}`
  }
  const { httpsPort: port } = house
  const viewing = viewOverHttp2(VIEWERS, {
    port,
    from: GOOD_ADDRESS,
    everyMs: EVERY_MS,
    target,
    until: end.signal,
  })
  const before = megabytes()
  let peak = before
  const samples = setInterval(() => {
    peak = Math.max(peak, megabytes())
  }, 100)
  const [cpuBefore, startedMs] = [cpuSeconds([worker]), performance.now()]
  const outcome = await act()
  const [cpuMs, tookMs] = [(cpuSeconds([worker]) - cpuBefore) * 1_000, performance.now() - startedMs]
  end.abort()
  const seen = await viewing
  clearInterval(samples)
  if (outcome !== undefined) await pause(AFTER_SECONDS * 1_000)
  return { seen, outcome, cpuMs, tookMs, megabytes: [before, peak, megabytes()] }
}

async function attackBy(attack: Attack, { httpsPort }: Deployment): Promise<Outcome> {
  const program = new URL('attacker.ts', import.meta.url).pathname
  const most = attack.seconds ?? seconds
  const command = ['-n', '19', process.execPath, program, attack.name, String(httpsPort), String(most)]
  // It ends itself; the timeout is for when it doesn't.
  const { stdout } = await promisify(execFile)('nice', command, { timeout: (most + 20) * 1_000 })
  return JSON.parse(stdout)
}

/** @returns how many requests of good viewers failed */
function tell(name: string, { seen, outcome, cpuMs, tookMs, megabytes }: During, attack?: Attack): number {
  const { tookMs: answered, failures } = seen
  row([
    name,
    outcome === undefined ? '' : `${outcome.units} ${attack?.unit}`,
    String(outcome?.connections ?? ''),
    outcome === undefined ? '' : endingsText(outcome),
    outcome === undefined ? '' : `${outcome.longestMs} ms`,
    `${Math.round(cpuMs)} of ${(tookMs / 1_000).toFixed(1)}`,
    megabytes.join('–'),
    `${answered.length + failures.length}, ${[failures.length, ...new Set(failures)].join(' ')}`,
    quantile(answered, 0.5),
    quantile(answered, 0.99),
  ])
  return failures.length
}

function endingsText({ endings, resets }: Outcome): string {
  const text = (counts: Record<string, number>, what: string) =>
    Object.entries(counts).map(([key, count]) => `${what}${key} × ${count}`)
  return [...text(endings, ''), ...text(resets, 'streams reset ')].join(', ')
}

function row(cells: readonly string[]): void {
  const widths = [50, 17, 6, 30, 9, 13, 28, 20, 8, 0]
  process.stdout.write(`${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' ')}\n`)
}
