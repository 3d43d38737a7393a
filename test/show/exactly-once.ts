/**
 * `npm run show:exactly-once`: requests while edge workers, the collector with its ClickHouse, and the
 * connections between them are killed at random. Is every response that was over a second before its worker
 * died stored just once, and do the rollups say the same as the log?
 *
 * `npm run show:exactly-once -- 300000 50`: so many requests, so many kills.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pidsOf } from '../deploy/processes.ts'
import { type Selvedge, startSelvedge } from '../deploy/selvedge.ts'
import { segmentsIn } from '../deploy/spool.ts'
import { freePort } from '../free-port.ts'
import { type CuttingProxy, cuttingProxy } from './cutting-proxy.ts'
import { type Finished, viewSites } from './site-viewers.ts'
import { storedIn } from './stored.ts'

const REQUESTS = Number(process.argv[2] ?? 300_000)
const KILLS = Number(process.argv[3] ?? 50)

/** A response that was over so long before its worker was killed is on disk, ms. */
const LOGGED_WITHIN_MS = 1_000

const VICTIMS = ['edge worker', 'connections', 'collector and ClickHouse', 'connections'] as const
type Victim = (typeof VICTIMS)[number]

const directory = mkdtempSync(join(tmpdir(), 'selvedge-once-'))
const collectorPort = await freePort()
const proxy = await cuttingProxy(collectorPort)
const startedMs = performance.now()
const viewed = await watched()
const stored = await storedIn(join(directory, 'clickhouse'))
await proxy[Symbol.asyncDispose]()
rmSync(directory, { recursive: true })

const considered = viewed.finished.filter((one) => !isTooLate(one, viewed.workersKilledMs))
const missing = considered.filter(({ id }) => (stored.times.get(id) ?? 0) === 0)
const twice = [...stored.times.values()].filter((times) => times > 1)
process.stdout.write(
  `${viewed.finished.length} responses, ${viewed.failed} requests cut by a kill; ` +
    `${considered.length} were over a second before their worker died or later\n` +
    `kills: ${VICTIMS.map((victim) => `${viewed.kills.filter((one) => one === victim).length} ${victim}`)
      .filter((text, at, all) => all.indexOf(text) === at)
      .join(', ')} (${proxy.broken} connections broken)\n` +
    `stored once: ${considered.length - missing.length}, missing: ${missing.length}, ` +
    `stored twice (of all ${stored.times.size}): ${twice.length}\n` +
    `by site and hour: ${stored.hours} of the log, ${stored.hoursThatDiffer} differ in the rollup ` +
    `(requests, bytes, page views, visitors)\n` +
    `${Math.round((performance.now() - startedMs) / 1_000)} s\n`,
)
process.exitCode = missing.length + twice.length + stored.hoursThatDiffer === 0 ? 0 : 1

/** Starts all, has it viewed and killed, and stops it once nothing waits to be sent. */
async function watched() {
  writeFileSync(join(directory, 'page.html'), '<!doctype html><title>A page</title>\n'.padEnd(1_000, ' '))
  const config = join(directory, 'selvedge.yaml')
  const distributions = Array.from({ length: 5 }, (_, at) => ({
    id: `site-${at}`,
    aliases: [`www.site-${at}.example`],
    origins: [{ id: 'folder', folder: { path: directory } }],
  }))
  const more = { edge: { workers: 2, collector: proxy.url }, analytics: { collectorPort } }
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ ...more, distributions }))
  const selvedge = await startSelvedge(['--config', config, '--log-level', 'error'], ['--data', directory])
  if (selvedge.process.exitCode !== null) throw new Error(selvedge.stderr())
  const kills: Victim[] = []
  // Whoever was killed may take seconds to come back: requests don't run ahead of the kills.
  const viewers = viewSites(selvedge.httpPort, REQUESTS, (done) => done * KILLS < kills.length + 2)
  const killing = killAtRandom(selvedge, proxy, kills, viewers.progress)
  const finished = await viewers.all
  const workersKilledMs = await killing
  await untilSent(directory)
  await selvedge.stop()
  return { ...finished, kills, workersKilledMs }
}

/** Kills one thing after the other, evenly over the requests, each as soon as what was killed before is back. */
async function killAtRandom(
  selvedge: Selvedge,
  between: CuttingProxy,
  kills: Victim[],
  progress: () => number,
): Promise<number[]> {
  const workersKilledMs: number[] = []
  while (kills.length < KILLS) {
    const due = (kills.length + Math.random()) / KILLS
    while (progress() < due && progress() < 1) await pause(20)
    const victim = VICTIMS[kills.length % VICTIMS.length] as Victim
    if (victim === 'connections') between.cut(Math.floor(Math.random() ** 2 * 30_000))
    else if (victim === 'edge worker') {
      await pidOf(selvedge, 'edge/worker.ts', 2, (pid) => workersKilledMs.push(killed(pid)))
    } else await pidOf(selvedge, 'analytics/main.ts', 1, killed)
    kills.push(victim)
    process.stdout.write(
      `${kills.length}/${KILLS} ${victim}, ${Math.round(progress() * REQUESTS)} responses\n`,
    )
  }
  return workersKilledMs
}

function killed(pid: number): number {
  process.kill(pid, 'SIGKILL')
  return Date.now()
}

/** Waits until as many processes run a file as should, and gives one of them away. */
async function pidOf(selvedge: Selvedge, file: string, count: number, to: (pid: number) => unknown) {
  for (;;) {
    const pids = pidsOf(selvedge, file)
    const pid = pids[Math.floor(Math.random() * pids.length)]
    if (pids.length === count && pid !== undefined) return to(pid)
    await pause(50)
  }
}

/** Until edges have sent all that they had to say. */
async function untilSent(data: string): Promise<void> {
  for (let waiting = segmentsIn(data); waiting.length > 0; waiting = segmentsIn(data)) {
    process.stdout.write(`${waiting.length} segments wait to be sent\n`)
    await pause(2_000)
  }
}

/** Whether a response was over less than a second before the worker that gave it was killed. */
function isTooLate({ worker, atMs }: Finished, workersKilledMs: readonly number[]): boolean {
  // A worker answers until it is killed, and what it has said may be read a little later.
  const lastMs = viewed.lastMs.get(worker) ?? 0
  return workersKilledMs.some(
    (killMs) => Math.abs(lastMs - killMs) < LOGGED_WITHIN_MS && atMs > killMs - LOGGED_WITHIN_MS,
  )
}
