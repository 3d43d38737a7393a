/**
 * `npm run show:cities`: ten cities as network namespaces on this machine, each with an edge and viewers, joined by a
 * bridge. Viewers ask the router for their edge as their resolver would, with their network as client subnet, and
 * fetch from the edge that they are given; when that fails they ask once more.
 *
 * Then one city's link goes down: its viewers have to be elsewhere within the probe's fall time, and back after it
 * is up again, with no request failed. Where the kernel has `netem`, links are as slow as the cities are far.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describeError } from '../../../edge/program/errors.ts'
import { type City, layCities } from './city-network.ts'
import { startViewers, type ViewerReport } from './city-viewers.ts'
import { startRouterProcess } from './router-process.ts'

/** Code, coordinates, and a real network there, which the city database knows. */
const CITIES: City[] = [
  { code: 'ams1', latitude: 52.31, longitude: 4.76, viewers: '145.100.1.0' },
  { code: 'cdg1', latitude: 49.01, longitude: 2.55, viewers: '129.175.15.0' },
  { code: 'lhr1', latitude: 51.47, longitude: -0.45, viewers: '155.198.1.0' },
  { code: 'iad1', latitude: 38.95, longitude: -77.46, viewers: '128.8.1.0' },
  { code: 'sfo1', latitude: 37.62, longitude: -122.38, viewers: '128.32.1.0' },
  { code: 'gru1', latitude: -23.43, longitude: -46.47, viewers: '143.107.1.0' },
  { code: 'jnb1', latitude: -26.13, longitude: 28.23, viewers: '146.141.1.0' },
  { code: 'bom1', latitude: 19.09, longitude: 72.87, viewers: '103.21.124.0' },
  { code: 'sin1', latitude: 1.36, longitude: 103.99, viewers: '137.132.1.0' },
  { code: 'syd1', latitude: -33.95, longitude: 151.18, viewers: '129.78.1.0' },
]
const EDGE = new URL('city-edge.ts', import.meta.url).pathname
const DOWN = 'lhr1'
const PROBE = { intervalMs: 500, timeoutMs: 400, rise: 2, fall: 2 }
/** The longest that `fall` bad probes take, from the moment that the link goes down; and a viewer's next question. */
const FALL_MS = PROBE.intervalMs * PROBE.fall + PROBE.timeoutMs * PROBE.fall
const RISE_MS = PROBE.intervalMs * (PROBE.rise + 1) + PROBE.timeoutMs
const TTL_MS = 1_000

try {
  process.exitCode = (await show()) ? 0 : 1
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`)
  process.exitCode = 2
}

async function show(): Promise<boolean> {
  await using parts = new AsyncDisposableStack()
  const network = layCities(CITIES)
  parts.defer(network.remove)
  process.stdout.write(`${network.delays}\n`)

  for (const { code } of CITIES) {
    const edge = spawn('ip', ['netns', 'exec', network.nameOf(code), process.execPath, EDGE, code], {
      stdio: 'inherit',
    })
    parts.defer(() => void edge.kill('SIGKILL'))
  }
  const folder = mkdtempSync(join(tmpdir(), 'selvedge-cities-'))
  parts.defer(() => rmSync(folder, { recursive: true }))
  const fleet = join(folder, 'fleet.yaml')
  writeFileSync(fleet, fleetFile(network.addressOf))
  const options = ['--fleet', fleet, '--dns-port', '53', '--host', network.router]
  const inHub = ['ip', 'netns', 'exec', network.hub]
  parts.use(await startRouterProcess(options, 8_095, inHub))
  await pause(2_000)

  const viewers = startViewers(CITIES, network, TTL_MS)
  parts.defer(viewers.stop)
  await viewers.started(20)
  viewers.take()
  await pause(3_000)
  const calm = viewers.take()
  const home = calm.filter(({ city, edges }) => edges.size === 1 && edges.has(city))
  say(
    `${home.length} of ${CITIES.length} cities: every request at its own edge (${sum(calm, 'requests')} requests)`,
  )

  execFileSync('ip', ['-n', network.hub, 'link', 'set', network.linkOf(DOWN), 'down'])
  const movedMs = await viewers.until(DOWN, (edge) => edge !== DOWN)
  await pause(3_000)
  const away = viewers.take()
  const elsewhere = [...(away.find(({ city }) => city === DOWN)?.edges ?? [])].filter((edge) => edge !== DOWN)
  say(
    `${DOWN}'s link down: its viewers are at ${elsewhere} after ${movedMs} ms (probes take ${FALL_MS} ms at most, the TTL ${TTL_MS} ms)`,
  )

  execFileSync('ip', ['-n', network.hub, 'link', 'set', network.linkOf(DOWN), 'up'])
  const backMs = await viewers.until(DOWN, (edge) => edge === DOWN)
  await pause(1_000)
  const back = viewers.take()
  say(`up again: they are back after ${backMs} ms (probes take ${RISE_MS} ms at most)`)

  const all = [calm, away, back]
  const [requests, retried, failed] = (['requests', 'retried', 'failed'] as const).map((what) =>
    all.reduce((total, reports) => total + sum(reports, what), 0),
  )
  say(`${requests} requests, ${retried} of them asked DNS once more, ${failed} failed`)
  const isInTime = movedMs <= FALL_MS + TTL_MS + 2_000
  return home.length === CITIES.length && failed === 0 && isInTime && elsewhere.length > 0
}

function sum(reports: readonly ViewerReport[], what: 'requests' | 'retried' | 'failed'): number {
  return reports.reduce((total, report) => total + report[what], 0)
}

function fleetFile(addressOf: (code: string) => string): string {
  const edges = CITIES.map(
    ({ code, latitude, longitude }) =>
      `  - { code: ${code}, latitude: ${latitude}, longitude: ${longitude}, addresses: [${addressOf(code)}], probe: "http://${addressOf(code)}:8080/readyz" }`,
  )
  return [
    'zone: edge.example',
    'place: { latitude: 52, longitude: 5 }',
    'toleranceKm: 10',
    `probe: ${JSON.stringify(PROBE)}`,
    'dns:',
    '  nameServers: [{ name: ns1.example.net }]',
    '  contact: hostmaster.example.net',
    `  ttlSeconds: ${TTL_MS / 1_000}`,
    '  responsesPerSecond: 0',
    'edges:',
    ...edges,
    '',
  ].join('\n')
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
