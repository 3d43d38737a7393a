/**
 * `npm run show:slow`: Debian's slowhttptest holds 200 and 1,000 connections as slowly as it can, in all of its
 * ways, with TLS and without, while twenty good viewers ask 200 times a second. Does any of their requests fail,
 * how much longer do they wait than when it is quiet, and what memory does it take? The edge has one core and
 * whoever asks the other; the attack gives way to the viewers there, as if it came from another machine.
 *
 * It goes in rounds, quiet and attacked in turns, for a pause of the machine's is soon the p99 of a few seconds:
 * what counts is the median of the rounds, at the end.
 *
 * Some of it: `npm run show:slow -- --modes H,B --connections 200 --seconds 5 --rounds 3 --over https`
 * Beside nginx, or another checkout of ours, attacked in turns with it: `npm run show:slow -- --beside nginx,../old`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { describeError } from '../../../edge/program/errors.ts'
import type { Contender } from '../../bench/contenders/contender.ts'
import { startNginx } from '../../bench/contenders/nginx.ts'
import { layGround, runInNamespace } from '../../bench/ground.ts'
import { memoryBytes, residentBytes } from '../../bench/processes.ts'
import { findTool, ToolMissing } from '../../bench/tools.ts'
import { startAttackedOrigin } from '../attacked-origin.ts'
import { type Deployment, deploy } from '../deployment.ts'
import { view } from '../viewer.ts'
import { attack, MODES, type Mode } from './attack.ts'
import { type During, Table } from './table.ts'

const VIEWERS = 20
const EVERY_MS = 100

/** How much longer the viewers are watched than the attack lasts, and how long nobody asks then, ms. */
const AFTER_MS = 500

/** Before anything is counted: a program that was just started is slower than when it is attacked. */
const WARM_UP_SECONDS = 10

/** They come from another address than the attack, as they would. */
const GOOD_ADDRESS = '127.0.0.2'

const { values: given } = parseArgs({
  options: {
    modes: { type: 'string', default: Object.keys(MODES).join() },
    connections: { type: 'string', default: '200,1000' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    over: { type: 'string', default: 'http,https' },
    workers: { type: 'string', default: '1' },
    beside: { type: 'string', default: '' },
  },
})
const modes = given.modes.split(',').filter((mode): mode is Mode => mode in MODES)
const counts = given.connections.split(',').map(Number)
const seconds = Math.min(20, Number(given.seconds))
const rounds = Number(given.rounds)
/** One for its one core, as an edge has that isn't told; so nginx has. */
const workers = Number(given.workers)

/** Who is attacked. */
interface Attacked {
  name: string
  httpPort: number
  httpsPort: number
  /** Memory of the processes that have the connections. */
  megabytes(): number
}

// On loopback as it comes a segment has 64 KB, and so the kernel keeps over a megabyte for each slow reader.
const status = await runInNamespace()
if (status !== undefined) process.exit(status)
const ground = layGround()
for (const doubt of ground.unfair) process.stdout.write(`unfair ground: ${doubt}\n`)

try {
  const attacker = findTool('slowhttptest')
  if (attacker === undefined)
    throw new ToolMissing('slowhttptest', 'it makes the slow connections', 'slowhttptest')
  process.exitCode = (await show(attacker)) === 0 ? 0 : 1
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`)
  process.exitCode = 2
}

/** @returns how many requests of good viewers failed */
async function show(attacker: string): Promise<number> {
  await using origin = await startAttackedOrigin()
  const folder = mkdtempSync(join(tmpdir(), 'selvedge-slow-'))
  let failed = 0
  {
    await using parts = new AsyncDisposableStack()
    const attacked = [asAttacked('Selvedge', parts.use(await ours(folder, origin.url)))]
    for (const beside of given.beside.split(',').filter(Boolean)) {
      if (beside === 'nginx') {
        const stand = { asks: { path: '/' }, originPort: origin.port, folder, core: ground.serverCore }
        attacked.push(peer(parts.use(await startNginx(stand))))
      } else {
        const own = join(folder, `beside-${attacked.length}`)
        attacked.push(asAttacked(beside, parts.use(await ours(own, origin.url, resolve(beside)))))
      }
    }
    for (const scheme of given.over.split(','))
      failed += await showAll(attacker, attacked, scheme === 'https')
  }
  rmSync(folder, { recursive: true })
  return failed
}

function ours(directory: string, url: string, checkout?: string): Promise<Deployment> {
  const cores = ground.serverCore
  return deploy({ directory, origin: { http: { url } }, aliases: ['127.0.0.1'], cores, checkout, workers })
}

function asAttacked(name: string, { httpPort, httpsPort, processes }: Deployment): Attacked {
  const workers = () => processes().filter(({ program }) => program === 'edge worker')
  const megabytes = () => inMegabytes(workers().reduce((sum, { pid }) => sum + residentBytes(pid), 0))
  return { name, httpPort, httpsPort, megabytes }
}

function peer({ name, ports, pids }: Contender): Attacked {
  const megabytes = () => inMegabytes(memoryBytes(pids))
  return { name, httpPort: ports.http, httpsPort: ports.https, megabytes }
}

function inMegabytes(bytes: number): number {
  return Math.round(bytes / 1_048_576)
}

/** Attacks all in turns over one scheme. @returns how many requests of good viewers failed */
async function showAll(attacker: string, attacked: readonly Attacked[], tls: boolean): Promise<number> {
  const quietly = (forSeconds: number) => () => pause(forSeconds * 1_000, 'nobody')
  for (const one of attacked) await watch(one, tls, quietly(WARM_UP_SECONDS))
  const scheme = tls ? 'https' : 'http'
  const tables = attacked.map(({ name }) => new Table(`${name}, ${scheme}`))
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, one] of attacked.entries()) {
      const table = tables[at] as Table
      table.add('none', await watch(one, tls, quietly(seconds)))
      const origin = `${scheme}://127.0.0.1:${tls ? one.httpsPort : one.httpPort}`
      for (const mode of modes) {
        for (const connections of counts) {
          const act = () => attack(attacker, { mode, connections, origin, seconds })
          table.add(`${MODES[mode].name}, ${connections}`, await watch(one, tls, act))
        }
      }
    }
  }
  for (const table of tables) process.stdout.write(table.text())
  return tables.reduce((sum, { failed }) => sum + failed, 0)
}

async function watch(attacked: Attacked, tls: boolean, act: () => Promise<string>): Promise<During> {
  const end = new AbortController()
  const port = tls ? attacked.httpsPort : attacked.httpPort
  let asked = 0
  const target = () => {
    asked += 1
    return asked % 10 === 0 ? `/new/${asked}` : `/kept/${asked % 50}`
  }
  const common = { port, tls, from: GOOD_ADDRESS, everyMs: EVERY_MS, target, until: end.signal }
  const viewing = [
    view(VIEWERS / 2, { ...common, closes: false }),
    view(VIEWERS / 2, { ...common, closes: true }),
  ]
  let megabytes = 0
  const samples = setInterval(() => {
    megabytes = Math.max(megabytes, attacked.megabytes())
  }, 500)
  const outcome = await act()
  // Those who leave at its end are its own.
  await pause(AFTER_MS)
  clearInterval(samples)
  end.abort()
  const all = await Promise.all(viewing)
  const tookMs = all.flatMap((one) => one.tookMs)
  const failures = all.flatMap((one) => one.failures)
  await pause(AFTER_MS)
  return { tookMs, failures, megabytes, outcome }
}
