import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type RunningThumbnailer, startThumbnailer } from '../../thumbnailer/program.ts'
import { twoColours } from '../../thumbnailer/site.ts'
import { BOMBS, FILES } from './pages.ts'

/** A thumbnailer in front of the bombs and of ordinary pages, which all other paths are. */
export interface World extends AsyncDisposable {
  thumbnailer: RunningThumbnailer
  /** Renders a page once more. @returns status or problem, and how long it took, ms */
  render(url: string): Promise<{ outcome: string; ms: number }>
}

/** @param but settings of the thumbnailer other than its tests' usual ones */
export async function openWorld(but: Record<string, unknown>): Promise<World> {
  const parts = new AsyncDisposableStack()
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    const answer = BOMBS[path]?.answer ?? FILES[path] ?? (path === '/robots.txt' ? undefined : twoColours())
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
      { rendersPerSite: 10_000, failureSeconds: 0, networkNamespace: true, ...but },
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
