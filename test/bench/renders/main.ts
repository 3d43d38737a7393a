/**
 * `npm run bench:renders`: pictures a second of the demo's sites and the CPU time of each, as many at once as by default:
 * with the guard and all walls, in the same browser without the guard, and by launch, goto, shoot, close.
 * In turns, so that what else the machine does meets all alike; ratios are of the same round.
 *
 * `-- --rounds 3 --pages 30 --at-once 4 --ways guard,without`: the last for some ways only.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { chooseBrowser } from '../../../thumbnailer/browser/choose.ts'
import { renderGuarded } from '../../../thumbnailer/browser/guarded.ts'
import type { Seat } from '../../../thumbnailer/browser/keeper.ts'
import { renderPage } from '../../../thumbnailer/browser/render.ts'
import { type BrowserPlan, startBrowser } from '../../../thumbnailer/browser/start.ts'
import { createJudge } from '../../../thumbnailer/egress/destination.ts'
import { portGates } from '../../../thumbnailer/egress/gates.ts'
import { startGuard } from '../../../thumbnailer/egress/guard.ts'
import { raiseNetworkWall } from '../../../thumbnailer/egress/namespace.ts'
import { USUAL_LOOK } from '../../../thumbnailer/look.ts'
import { DATA_FOLDER } from '../../thumbnailer/program.ts'
import { cpuSeconds } from '../processes.ts'
import { spreadOf } from '../statistics.ts'
import { PAGES } from './sites.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    pages: { type: 'string', default: '30' },
    'at-once': { type: 'string', default: String(2 * availableParallelism()) },
    ways: { type: 'string', default: 'guard,without,launch' },
  },
})
const ROUNDS = Number(options.rounds)
const PAGES_EACH = Number(options.pages)
const AT_ONCE = Number(options['at-once'])
const LIMITS = { loadMsMax: 8_000, totalMsMax: 20_000 }

const say = (line: string) => process.stdout.write(`${line}\n`)
const median = (values: number[]) => spreadOf(values).median
const log = pino({ level: 'silent' })

const server = fork(fileURLToPath(new URL('./sites.ts', import.meta.url)))
const [port] = (await once(server, 'message')) as [number]
const network = await raiseNetworkWall()
const guard = await startGuard({
  judge: createJudge({
    isFronted: (host) => host.endsWith('.localhost'),
    edge: { host: '127.0.0.1', httpPort: port },
    resolve: async () => [],
    ports: [80, 443],
    deny: [],
  }),
  limits: { bytesMax: 64_000_000, requestsMax: 3_000, connectionsMax: 256, msMax: 30_000 },
  gates: typeof network === 'string' ? portGates() : network.gates,
  onRefused: () => undefined,
  onBytes: () => undefined,
  log,
})
const settings = {
  dataFolder: DATA_FOLDER,
  browserUid: 61_700,
  browser: undefined,
  contact: undefined,
  sandbox: true,
}
const walled = (await chooseBrowser(settings, { proxy: guard.shut, network }, log)) as BrowserPlan
const bare: BrowserPlan = {
  ...walled,
  enter: undefined,
  walls: [`--host-resolver-rules=MAP * 127.0.0.1:${port}`, '--no-proxy-server'],
}

/** How a page becomes a picture. */
type Way = (url: string) => Promise<unknown>

/** A way, and how long its pages took. */
interface Figures {
  perSecond: number
  cpuMs: number
}

const allWays: Record<string, () => Promise<Figures>> = {
  'guard and all walls': () =>
    inOneBrowser(walled, (seat) => (url) => renderGuarded(guard, seat, usual(url), LIMITS)),
  'without the guard': () => inOneBrowser(bare, (seat) => (url) => renderPage(seat, usual(url), LIMITS)),
  'launch, goto, shoot, close': launchEach,
}
const ways = Object.fromEntries(
  Object.entries(allWays).filter(([name]) => options.ways.split(',').some((way) => name.startsWith(way))),
)

const usual = (url: string) => ({ url, look: USUAL_LOOK, scale: 1 })

async function inOneBrowser(plan: BrowserPlan, wayOf: (seat: Seat) => Way): Promise<Figures> {
  await using running = await startBrowser(plan)
  const way = wayOf({ browser: running.browser, condemn: () => undefined })
  for (const url of PAGES) await way(url) // what every browser does once
  const cpuBefore = cpuSeconds([running.pid]) + ownCpuSeconds()
  const seconds = await renderAll(way)
  const cpuMs = ((cpuSeconds([running.pid]) + ownCpuSeconds() - cpuBefore) * 1_000) / PAGES_EACH
  return { perSecond: PAGES_EACH / seconds, cpuMs }
}

async function launchEach(): Promise<Figures> {
  let browserCpuSeconds = 0
  const cpuBefore = ownCpuSeconds()
  const seconds = await renderAll(async (url) => {
    await using running = await startBrowser(bare)
    const page = await running.browser.newPage()
    await page.goto(url, { waitUntil: 'load' })
    await page.screenshot({ type: 'jpeg', quality: 92 })
    browserCpuSeconds += cpuSeconds([running.pid])
  })
  return {
    perSecond: PAGES_EACH / seconds,
    cpuMs: ((browserCpuSeconds + ownCpuSeconds() - cpuBefore) * 1_000) / PAGES_EACH,
  }
}

/** @returns how long it took, seconds */
async function renderAll(way: Way): Promise<number> {
  const urls = Array.from({ length: PAGES_EACH }, (_, at) => PAGES[at % PAGES.length] as string)
  const begunMs = performance.now()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let url = urls.shift(); url !== undefined; url = urls.shift()) {
        const outcome = await way(url)
        if (typeof outcome === 'object' && outcome !== null && 'failed' in outcome)
          throw new Error(JSON.stringify(outcome))
      }
    }),
  )
  return (performance.now() - begunMs) / 1_000
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const rounds: Record<string, Figures>[] = []
for (let round = 0; round < ROUNDS; round += 1) {
  const figures: Record<string, Figures> = {}
  for (const [name, measure] of Object.entries(ways)) figures[name] = await measure()
  rounds.push(figures)
}

const [first] = Object.keys(ways) as [string]
say(`${'way'.padEnd(28)} pictures/s   CPU ms each   CPU beside the guarded, by round`)
for (const name of Object.keys(ways)) {
  const all = rounds.map((round) => round[name] as Figures)
  const ratios = rounds.map((round) =>
    ((round[name] as Figures).cpuMs / (round[first] as Figures).cpuMs).toFixed(2),
  )
  const rate = median(all.map(({ perSecond }) => perSecond)).toFixed(2)
  say(
    `${name.padEnd(28)} ${rate.padStart(10)}   ${median(all.map(({ cpuMs }) => cpuMs))
      .toFixed(0)
      .padStart(11)}   ${ratios.join('  ')}`,
  )
}
const bareFigures = rounds.flatMap((round) => round['without the guard'] ?? [])
if (bareFigures.length === rounds.length) {
  const cost = median(
    rounds.map((round, at) => (round[first] as Figures).cpuMs / (bareFigures[at] as Figures).cpuMs),
  )
  say(`\nThe guard costs ${((cost - 1) * 100).toFixed(0)} % of CPU time (at most 15 % is the aim).`)
}

await guard[Symbol.asyncDispose]()
server.disconnect()
