import { setTimeout as delay } from 'node:timers/promises'
import { startThumbnailer } from '../../thumbnailer/program.ts'
import { startSite, twoColours } from '../../thumbnailer/site.ts'
import { addressesOf, HOSTS, PUBLIC_ADDRESS } from './addresses.ts'
import { type Canary, startCanary } from './canary.ts'
import { startNameServer } from './name-server.ts'
import type { HostilePage } from './pages.ts'

/** How it went with an ordinary page while the kit was rendered. */
export interface Beside {
  /** Each answer's time, ms. */
  ms: number[]
  /** Not answered with a picture. */
  failed: number
  canaryHits: number
}

const BESIDE_EACH_OTHER = 4
const ORDINARY = '/ordinary'

/**
 * Asks the thumbnailer, set up as by default but for its patience, for all pages of the kit, four at once, while an
 * ordinary page of another site, a new one each time, is asked for every second.
 */
export async function askBeside(pages: readonly HostilePage[]): Promise<Beside> {
  await using parts = new AsyncDisposableStack()
  const site = parts.use(await startSite({}))
  const canaries = await Promise.all(pages.map(async () => parts.use(await startCanary(PUBLIC_ADDRESS))))
  for (const [at, page] of pages.entries()) {
    const { port } = canaries[at] as Canary
    site.pages[`/${at}`] = page.answer(HOSTS.map((host) => `${host}:${port}`))
  }
  const names = parts.use(await startNameServer(addressesOf))
  const thumbnailer = parts.use(
    await startThumbnailer(site, {
      ...{ browsers: undefined, perSiteConcurrency: undefined, rendersPerSite: 10_000, loadSecondsMax: 3 },
      // Not the port is to be what keeps pages out.
      egress: { nameServers: [names.address], ports: [80, 443, ...canaries.map(({ port }) => port)] },
    }),
  )
  const ask = async (url: string) => {
    const begunMs = performance.now()
    const answer = await thumbnailer.ask({ url })
    await answer.arrayBuffer()
    return { status: answer.status, ms: Math.round(performance.now() - begunMs) }
  }

  let isOver = false
  const ordinary = (async () => {
    const asked: ReturnType<typeof ask>[] = []
    while (!isOver) {
      const path = `${ORDINARY}?${asked.length}`
      site.pages[path] = twoColours()
      asked.push(ask(`http://a.sites.example${path}`))
      await delay(1_000)
    }
    return Promise.all(asked)
  })()
  const waiting = pages.map((_, at) => `http://docs.example/${at}`)
  const askNext = async () => {
    for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) await ask(url)
  }
  await Promise.all(Array.from({ length: BESIDE_EACH_OTHER }, askNext))
  isOver = true
  const answers = await ordinary
  return {
    ms: answers.map(({ ms }) => ms),
    failed: answers.filter(({ status }) => status !== 200).length,
    canaryHits: canaries.reduce((sum, { hits }) => sum + hits, 0),
  }
}
