import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  DATA_FOLDER,
  descendantsOf,
  type RunningThumbnailer,
  startThumbnailer,
} from '../../thumbnailer/program.ts'
import { twoColours } from '../../thumbnailer/site.ts'
import { BOMBS, FILES } from './pages.ts'

/** A thumbnailer, set up as by default but for the bounds on time, in front of the bombs and an ordinary site. */
export interface World extends AsyncDisposable {
  thumbnailer: RunningThumbnailer
  /** Renders a page once more. @returns status or problem, and how long it took, ms */
  render(url: string): Promise<{ outcome: string; ms: number }>
}

/** What the browser has of the machine. */
export interface Footprint {
  processes: number
  zombies: number
  /** Proportional set size of the browsers' processes. */
  megabytes: number
  /** In profiles, which are the browser's only place to write to. */
  files: number
}

export async function openWorld(): Promise<World> {
  const parts = new AsyncDisposableStack()
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    const answer = BOMBS[path] ?? FILES[path] ?? (path === '/robots.txt' ? undefined : twoColours())
    response.on('error', () => undefined) // whoever asked may go away
    if (answer === undefined) return void response.writeHead(404).end()
    if (typeof answer === 'function') return answer(request, response)
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  parts.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const thumbnailer = parts.use(
    await startThumbnailer(
      { port },
      {
        ...{ browsers: 2, concurrency: 2, perSiteConcurrency: 1, rendersPerSite: 10_000, failureSeconds: 0 },
        ...{ loadSecondsMax: 4, renderSecondsMax: 12, networkNamespace: true },
      },
    ),
  )
  let count = 0
  return {
    thumbnailer,
    async render(url) {
      const begunMs = performance.now()
      count += 1
      const answer = await thumbnailer.ask({ url: `${url}?${count}` })
      const body = answer.ok ? undefined : ((await answer.json()) as { code: string })
      if (answer.ok) await answer.arrayBuffer()
      return { outcome: `${answer.status} ${body?.code ?? ''}`.trim(), ms: performance.now() - begunMs }
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

export function footprintOf({ pid }: RunningThumbnailer): Footprint {
  const processes = descendantsOf(pid)
  const textOf = (path: string) => {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return '' // it ended meanwhile
    }
  }
  const kilobytes = processes.map(({ pid: one }) =>
    Number(/^Pss:\s+(\d+)/m.exec(textOf(`/proc/${one}/smaps_rollup`))?.[1] ?? 0),
  )
  const profiles = readdirSync(DATA_FOLDER).filter((name) => name.startsWith(`profile-${pid}-`))
  return {
    processes: processes.length,
    zombies: processes.filter(({ pid: one }) => /\) Z /.test(textOf(`/proc/${one}/stat`))).length,
    megabytes: Math.round(kilobytes.reduce((sum, one) => sum + one, 0) / 1_024),
    files: profiles.flatMap((name) =>
      readdirSync(`${DATA_FOLDER}/${name}`, { recursive: true, encoding: 'utf8' }),
    ).length,
  }
}
