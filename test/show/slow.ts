/**
 * `npm run show:slow`: Debian's slowhttptest holds 200 and 1,000 connections as slowly as it can, in all of its
 * ways, with TLS and without, while twenty good viewers ask 200 times a second. Does any of their requests fail,
 * how much longer do they wait than when it is quiet, and what memory does it take? The edge has one core and
 * whoever asks the other; the attack gives way to the viewers there, as if it came from another machine.
 *
 * Some of it: `npm run show:slow -- --modes H,B --connections 200 --seconds 5 --over https`
 * Beside nginx, attacked in the same way: `npm run show:slow -- --beside nginx`
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs, promisify, stripVTControlCharacters } from 'node:util'
import { describeError } from '../../edge/program/errors.ts'
import type { Contender } from '../bench/contenders/contender.ts'
import { startNginx } from '../bench/contenders/nginx.ts'
import { layGround, runInNamespace } from '../bench/ground.ts'
import { memoryBytes, residentBytes } from '../bench/processes.ts'
import { findTool, ToolMissing } from '../bench/tools.ts'
import { type Deployment, deploy } from './deployment.ts'
import { quantile, type Seen, view } from './viewer.ts'

const VIEWERS = 20
const EVERY_MS = 100
const QUIET_SECONDS = 10

/** Before anything is counted: a program that was just started is slower than when it is attacked. */
const WARM_UP_SECONDS = 10

/** They come from another address than the attack, as they would. */
const GOOD_ADDRESS = '127.0.0.2'

/** slowhttptest's ways, and the options that make each as slow as it gets. */
const MODES = {
  H: { name: 'slow heads (slowloris)', path: '/kept', options: ['-H', '-i', '1', '-x', '10'] },
  B: { name: 'slow bodies', path: '/post', options: ['-B', '-i', '1', '-s', '8192', '-x', '10'] },
  X: {
    name: 'slow reading',
    path: '/large',
    options: ['-X', '-w', '1', '-y', '64', '-n', '1', '-z', '16', '-k', '5'],
  },
  R: { name: 'many ranges', path: '/large', options: ['-R', '-t', 'GET', '-a', '1', '-b', '3000'] },
} as const
type Mode = keyof typeof MODES

const { values: given } = parseArgs({
  options: {
    modes: { type: 'string', default: Object.keys(MODES).join() },
    connections: { type: 'string', default: '200,1000' },
    seconds: { type: 'string', default: '10' },
    over: { type: 'string', default: 'http,https' },
    beside: { type: 'string' },
  },
})
const modes = given.modes.split(',').filter((mode): mode is Mode => mode in MODES)
const counts = given.connections.split(',').map(Number)
const seconds = Math.min(20, Number(given.seconds))

/** Who is attacked. */
interface Attacked {
  name: string
  httpPort: number
  httpsPort: number
  /** Memory of the processes that have the connections. */
  megabytes(): number
}

const small = Buffer.alloc(1_000, 'selvedge ')
const large = Buffer.alloc(1_000_000, 'selvedge ')
/** Waits for a request's body, as most do. */
const origin = createServer((incoming, response) => {
  const body = incoming.url === '/large' ? large : small
  const keep = incoming.url?.startsWith('/new') ? 'no-store' : 'max-age=3600'
  const headers = { 'Content-Length': body.length, 'Cache-Control': keep, ETag: '"one"' }
  incoming.resume().once('end', () => response.writeHead(200, headers).end(body))
})

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
  origin.listen(0, '127.0.0.1')
  await once(origin, 'listening')
  const originPort = (origin.address() as AddressInfo).port
  const folder = mkdtempSync(join(tmpdir(), 'selvedge-slow-'))
  let failed = 0
  {
    await using parts = new AsyncDisposableStack()
    const attacked = [asAttacked(parts.use(await ours(folder, originPort)))]
    if (given.beside === 'nginx') {
      const stand = { asks: { path: '/' }, originPort, folder, core: ground.serverCore }
      attacked.push(peer(parts.use(await startNginx(stand))))
    }
    row([
      'attack',
      'conns',
      'tls',
      'on',
      'requests',
      'failed',
      'p50',
      'p99',
      'workers’ memory',
      'held at the end',
    ])
    const ways = given.over.split(',').map((scheme) => scheme === 'https')
    for (const tls of ways) for (const one of attacked) failed += await showOne(attacker, one, tls)
  }
  origin.closeAllConnections()
  origin.close()
  rmSync(folder, { recursive: true })
  return failed
}

function ours(directory: string, originPort: number): Promise<Deployment> {
  const url = `http://127.0.0.1:${originPort}`
  const cores = ground.serverCore
  return deploy({ directory, origin: { http: { url } }, aliases: ['127.0.0.1'], cores })
}

function asAttacked({ httpPort, httpsPort, processes }: Deployment): Attacked {
  const workers = () => processes().filter(({ program }) => program === 'edge worker')
  const megabytes = () => inMegabytes(workers().reduce((sum, { pid }) => sum + residentBytes(pid), 0))
  return { name: 'Selvedge', httpPort, httpsPort, megabytes }
}

function peer({ name, ports, pids }: Contender): Attacked {
  const megabytes = () => inMegabytes(memoryBytes(pids))
  return { name, httpPort: ports.http, httpsPort: ports.https, megabytes }
}

function inMegabytes(bytes: number): number {
  return Math.round(bytes / 1_048_576)
}

/** @returns how many requests of good viewers failed */
async function showOne(attacker: string, attacked: Attacked, tls: boolean): Promise<number> {
  const quietly = (forSeconds: number) => () => pause(forSeconds * 1_000, 'nobody')
  await watch(attacked, tls, quietly(WARM_UP_SECONDS))
  const on = { on: attacked.name, tls }
  let failed = told({ ...on, name: 'none' }, await watch(attacked, tls, quietly(QUIET_SECONDS)))
  for (const mode of modes) {
    for (const connections of counts) {
      const act = () => attack(attacker, attacked, { mode, connections, tls })
      failed += told({ ...on, name: MODES[mode].name, connections }, await watch(attacked, tls, act))
    }
  }
  return failed
}

/** What was seen while something went on. */
interface During {
  seen: Seen
  megabytes: number
  outcome: string
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
  clearInterval(samples)
  end.abort()
  const all = await Promise.all(viewing)
  return {
    seen: { tookMs: all.flatMap(({ tookMs }) => tookMs), failures: all.flatMap(({ failures }) => failures) },
    megabytes,
    outcome,
  }
}

/** @returns how many connections it still held at its end, as it says itself */
async function attack(
  attacker: string,
  { httpPort, httpsPort }: Attacked,
  { mode, connections, tls }: { mode: Mode; connections: number; tls: boolean },
): Promise<string> {
  const { path, options } = MODES[mode]
  const url = tls ? `https://127.0.0.1:${httpsPort}${path}` : `http://127.0.0.1:${httpPort}${path}`
  const bounds = ['-c', connections, '-r', connections / 2, '-l', seconds, '-p', 5].map(String)
  // It ends itself; the timeout is for when it doesn't.
  const command = ['-n', '19', attacker, ...options, ...bounds, '-u', url]
  const { stdout } = await promisify(execFile)('nice', command, {
    timeout: (seconds + 10) * 1_000,
  })
  return stripVTControlCharacters(stdout)
    .matchAll(/connected:\s+(\d+)/g)
    .reduce((_, [, count = '?']) => count, '?')
}

/** What one row is about. */
interface Subject {
  name: string
  connections?: number
  tls: boolean
  on: string
}

/** @returns how many requests of good viewers failed */
function told(subject: Subject, { seen, megabytes, outcome }: During): number {
  const { tookMs, failures } = seen
  row([
    subject.name,
    String(subject.connections ?? ''),
    subject.tls ? 'yes' : 'no',
    subject.on,
    String(tookMs.length + failures.length),
    [failures.length, ...new Set(failures)].join(' '),
    quantile(tookMs, 0.5),
    quantile(tookMs, 0.99),
    `${megabytes} MB`,
    outcome,
  ])
  return failures.length
}

function row(cells: readonly string[]): void {
  const widths = [23, 6, 4, 20, 9, 8, 9, 10, 16, 0]
  process.stdout.write(`${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' ')}\n`)
}
