import { pino } from 'pino'
import { chooseBrowser } from '../../../thumbnailer/browser/choose.ts'
import { renderGuarded } from '../../../thumbnailer/browser/guarded.ts'
import type { Seat } from '../../../thumbnailer/browser/keeper.ts'
import { type RenderFailure, type Rendering, renderPage } from '../../../thumbnailer/browser/render.ts'
import { type BrowserPlan, startBrowser } from '../../../thumbnailer/browser/start.ts'
import { createJudge } from '../../../thumbnailer/egress/destination.ts'
import { portGates } from '../../../thumbnailer/egress/gates.ts'
import { type Guard, startGuard } from '../../../thumbnailer/egress/guard.ts'
import { raiseNetworkWall } from '../../../thumbnailer/egress/namespace.ts'
import { resolveBy } from '../../../thumbnailer/egress/resolve.ts'
import { USUAL_LOOK } from '../../../thumbnailer/look.ts'
import { DATA_FOLDER } from '../../thumbnailer/program.ts'
import { startSite } from '../../thumbnailer/site.ts'
import { addressesOf, HOSTS, hasOwnNetwork, PUBLIC_ADDRESS, UNGUARDED_RULES } from './addresses.ts'
import { type Canary, startCanary } from './canary.ts'
import { startNameServer } from './name-server.ts'
import type { HostilePage } from './pages.ts'

/** What became of a page. */
export interface Visit {
  page: HostilePage
  outcome: string
  canaryHits: number
  ms: number
}

const LIMITS = { loadMsMax: 3_000, totalMsMax: 20_000 }
const BESIDE_EACH_OTHER = 4

/** Visits each page, with all walls or with none. The name server's memory begins anew. */
export async function visitAll(
  pages: readonly HostilePage[],
  how: 'guarded' | 'unguarded',
): Promise<Visit[]> {
  await using parts = new AsyncDisposableStack()
  const site = parts.use(await startSite({}))
  const canaries = await Promise.all(pages.map(async () => parts.use(await startCanary(PUBLIC_ADDRESS))))
  for (const [at, page] of pages.entries()) {
    const { port } = canaries[at] as Canary
    site.pages[`/${at}`] = page.answer(HOSTS.map((host) => `${host}:${port}`))
  }
  const names = parts.use(await startNameServer(addressesOf))
  const network = await raiseNetworkWall()
  const gates = typeof network === 'string' ? portGates() : network.gates
  const guard = parts.use(await guardOf({ site, names, canaries, gates }))
  const plan = await planOf({ proxy: guard.shut, network })
  const running = parts.use(
    await startBrowser(
      how === 'guarded' ? plan : { ...plan, enter: undefined, walls: [UNGUARDED_RULES, '--no-proxy-server'] },
    ),
  )
  const seat: Seat = { browser: running.browser, condemn: () => undefined }
  const open = (path: string): Promise<Rendering | RenderFailure> =>
    how === 'guarded'
      ? renderGuarded(guard, seat, usual(`http://docs.localhost${path}`), LIMITS)
      : renderPage(seat, usual(`http://localhost:${site.port}${path}`), LIMITS)

  const visits: Visit[] = []
  const waiting = [...pages.entries()]
  const visitNext = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, page] = next
      const begunMs = performance.now()
      const outcome = await open(`/${at}`).then(
        (result) => ('failed' in result ? result.failed : result.kind),
        (error: Error) => `error: ${error.message.slice(0, 60)}`,
      )
      const ms = Math.round(performance.now() - begunMs)
      visits[at] = { page, outcome, ms, canaryHits: 0 }
    }
  }
  await Promise.all(Array.from({ length: BESIDE_EACH_OTHER }, visitNext))
  // Counted at the end: a worker or a beacon may come after its page.
  return visits.map((visit, at) => ({ ...visit, canaryHits: canaries[at]?.hits ?? 0 }))
}

const usual = (url: string) => ({ url, look: USUAL_LOOK, scale: 1 })

const silent = pino({ level: 'silent' })

function guardOf(world: {
  site: { port: number }
  names: { address: string }
  canaries: readonly Canary[]
  gates: Parameters<typeof startGuard>[0]['gates']
}): Promise<Guard> {
  return startGuard({
    judge: createJudge({
      isFronted: (host) => host === 'docs.localhost',
      edge: { host: '127.0.0.1', httpPort: world.site.port },
      resolve: resolveBy([world.names.address]),
      // Not the port is to be what keeps pages out.
      ports: [80, 443, ...world.canaries.map(({ port }) => port)],
      deny: [],
      // In a network of the test's own what stands for the internet is this machine's as well.
      ...(hasOwnNetwork && { own: () => [] }),
    }),
    limits: { bytesMax: 64_000_000, requestsMax: 3_000, connectionsMax: 256, msMax: 30_000 },
    gates: world.gates,
    onRefused: () => undefined,
    onBytes: () => undefined,
    log: silent,
  })
}

async function planOf(outside: Parameters<typeof chooseBrowser>[1]): Promise<BrowserPlan> {
  const settings = {
    dataFolder: DATA_FOLDER,
    browserUid: 61_700,
    browser: undefined,
    contact: undefined,
    sandbox: true,
  }
  const plan = await chooseBrowser(settings, outside, silent)
  if (plan === undefined) throw new Error('no browser starts on this machine')
  return plan
}
