/**
 * `npm run bench:dns`: dnsperf asks our router and gdnsd with its geoip plugin, one after the other in turns, each on one
 * core, dnsperf on another: questions a second, and how long the slowest 1 % wait at half of that rate.
 *
 * gdnsd looks its three networks up in a list of its own, for it reads no database of the npm layout; ours look theirs
 * up in a city database of 130 MB and choose among twelve edges.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeError } from '../../../edge/program/errors.ts'
import { freePort } from '../../free-port.ts'
import { startRouterProcess } from '../../show/geo/router-process.ts'
import { pinned, startOn } from '../processes.ts'
import { findTool, ToolMissing } from '../tools.ts'
import { timeLookUps } from './look-ups.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, rounds: { type: 'string', default: '3' } },
})
const seconds = Math.min(20, Number(values.seconds))
const rounds = Math.min(9, Number(values.rounds))
const SERVER_CORE = 0
const LOAD_CORE = 1
const NAMES = 1_000
/** With a line for each question. */
const REPORT_BYTES_MAX = 1_000_000_000
const FLEET = new URL('../../../deploy/fleet.example.yaml', import.meta.url).pathname

/** What is asked: without EDNS, and for a network far away (RFC 7871: 133.11.0.0/16). */
const WAYS = { plain: [], 'client subnet': ['-E', '8:00011000850b'] } as const

/** One that answers, and its port. */
interface Contender {
  name: string
  port: number
}

const folder = mkdtempSync(join(tmpdir(), 'selvedge-bench-dns-'))
try {
  const dnsperf = findTool('dnsperf')
  if (dnsperf === undefined) throw new ToolMissing('dnsperf', 'it asks', 'dnsperf')
  process.stdout.write(`look-ups of addresses, none twice: ${await timeLookUps(FLEET)}\n`)
  await bench(dnsperf)
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`)
  process.exitCode = 2
} finally {
  rmSync(folder, { recursive: true })
}

async function bench(dnsperf: string): Promise<void> {
  await using parts = new AsyncDisposableStack()
  const contenders = [await startOurs(parts), await startGdnsd(parts)].filter((one) => one !== undefined)
  const questions = join(folder, 'questions')
  const lines = Array.from({ length: NAMES }, (_, at) => `h${at}.edge.example ${at % 2 === 0 ? 'A' : 'AAAA'}`)
  writeFileSync(questions, `${lines.join('\n')}\n`)
  const load = (port: number, more: readonly string[]) => {
    const words = [
      '-s',
      '127.0.0.1',
      '-p',
      String(port),
      '-d',
      questions,
      '-c',
      '8',
      '-q',
      '200',
      '-l',
      String(seconds),
    ]
    return execFileSync('/usr/bin/env', pinned(LOAD_CORE, [dnsperf, ...words, ...more]), {
      encoding: 'utf8',
      maxBuffer: REPORT_BYTES_MAX,
    })
  }
  for (const [way, options] of Object.entries(WAYS)) {
    const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const { name, port } of contenders) rates.get(name)?.push(rateIn(load(port, options)))
    }
    const median = (name: string) => [...(rates.get(name) ?? [])].sort((a, b) => a - b)[rounds >> 1] ?? 0
    const [, peer] = contenders
    for (const { name, port } of contenders) {
      const half = Math.round(median(name) / 2)
      const slowest = slowestIn(load(port, [...options, '-Q', String(half), '-v']))
      const ratio =
        peer === undefined || peer.name === name
          ? ''
          : `, ${(median(name) / median(peer.name)).toFixed(2)} of ${peer.name}’s`
      process.stdout.write(
        `${way}: ${name}: ${Math.round(median(name))} questions/s${ratio}; at ${half}/s p50 ${slowest.p50} ms, p99 ${slowest.p99} ms\n`,
      )
    }
  }
}

function rateIn(report: string): number {
  const lost = Number(/Queries lost:\s+(\d+)/.exec(report)?.[1] ?? 0)
  const sent = Number(/Queries sent:\s+(\d+)/.exec(report)?.[1] ?? 1)
  if (lost / sent > 0.001) process.stdout.write(`  ${lost} of ${sent} questions were lost\n`)
  if (!/NOERROR \d+ \((9[89]|100)\./.test(report)) throw new Error(`not all were answered well:\n${report}`)
  return Number(/Queries per second:\s+([\d.]+)/.exec(report)?.[1])
}

/** dnsperf's own words for each question: `> NOERROR name type 0.000123`. */
function slowestIn(report: string): { p50: string; p99: string } {
  const times = [...report.matchAll(/^> \S+ \S+ \S+ ([\d.]+)$/gm)]
    .map((match) => Number(match[1]) * 1_000)
    .sort((a, b) => a - b)
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? Number.NaN).toFixed(3)
  return { p50: at(0.5), p99: at(0.99) }
}

async function startOurs(parts: AsyncDisposableStack): Promise<Contender> {
  const [port, admin] = [await freePort(), await freePort()]
  const fleet = join(folder, 'fleet.yaml')
  // No limit on answers to one client, and no override by network, as gdnsd has none.
  const text = readFileSync(FLEET, 'utf8')
    .replace('ttlSeconds: 30', 'ttlSeconds: 30\n  responsesPerSecond: 0')
    .replace(/.*asn: 64500.*\n/, '')
  writeFileSync(fleet, text)
  const options = ['--fleet', fleet, '--dns-port', String(port), '--host', '127.0.0.1', '--assume-healthy']
  parts.use(await startRouterProcess(options, admin, pinned(SERVER_CORE, [])))
  return { name: 'selvedge', port }
}

async function startGdnsd(parts: AsyncDisposableStack): Promise<Contender | undefined> {
  const gdnsd = findTool('gdnsd')
  if (gdnsd === undefined) {
    process.stdout.write('gdnsd is not installed (apt-get install gdnsd): ours alone\n')
    return undefined
  }
  const port = await freePort()
  const home = join(folder, 'gdnsd')
  for (const name of ['zones', 'run', 'state']) mkdirSync(join(home, name), { recursive: true })
  writeFileSync(join(home, 'config'), gdnsdConfig(home, port))
  writeFileSync(
    join(home, 'zones', 'edge.example'),
    `$TTL 3600\n@ SOA ns1.edge.example. hostmaster.edge.example. ( 1 3600 600 604800 30 )\n@ NS ns1.edge.example.\nns1 A 192.0.2.53\n@ 30 DYNA geoip!prod\n* 30 DYNA geoip!prod\n`,
  )
  const started = startOn(SERVER_CORE, [gdnsd, '-c', home, 'start'], { errors: join(folder, 'gdnsd.log') })
  parts.use(started)
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  return { name: 'gdnsd', port }
}

function gdnsdConfig(home: string, port: number): string {
  return `options => { listen => [ 127.0.0.1 ], dns_port => ${port}, udp_threads => 1, tcp_threads => 1, run_dir => ${home}/run, state_dir => ${home}/state }
plugins => { geoip => {
  maps => { m => { datacenters => [ams1, iad1, hnd1], nets => { 127.0.0.0/8 => [ams1, iad1], 193.0.0.0/8 => [ams1], 133.0.0.0/8 => [hnd1] } } }
  resources => { prod => { map => m, dcmap => {
    ams1 => { addrs_v4 => 192.0.2.1, addrs_v6 => "2001:db8::1" }
    iad1 => { addrs_v4 => 192.0.2.5, addrs_v6 => "2001:db8::5" }
    hnd1 => { addrs_v4 => 192.0.2.11, addrs_v6 => "2001:db8::b" }
  } } }
} }
`
}
