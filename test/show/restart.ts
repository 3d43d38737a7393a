/**
 * `npm run show:restart`: five SIGHUPs in 30 s, each of which puts new workers in the place of an edge's two,
 * while 64 viewers ask who never try anything twice. Does any request fail, and what does it cost them?
 */
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { linesOf } from '../../edge/log/segment.ts'
import { type Deployment, deploy } from './deployment.ts'
import { quantile, type Seen, view } from './viewer.ts'

const VIEWERS = 64
const EVERY_MS = 40
const QUIET_MS = 10_000
const RESTARTS = 5
const BETWEEN_MS = 6_000

/** One request in so many is for something that is in no cache. */
const MISS_EVERY = 20

const body = Buffer.alloc(1_000, 'selvedge ')
const origin = createServer((incoming, response) => {
  const keep = incoming.url?.startsWith('/new') ? 'no-store' : 'max-age=3600'
  response.writeHead(200, { 'Content-Length': body.length, 'Cache-Control': keep, ETag: '"one"' }).end(body)
})
origin.listen(0, '127.0.0.1')
await once(origin, 'listening')
const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
const directory = mkdtempSync(join(tmpdir(), 'selvedge-restart-'))

let answered = 0
let failed = 0
{
  await using deployment = await deploy({ directory, origin: { http: { url } } })
  process.stdout.write(`${VIEWERS} viewers, half of them with a connection for each request\n`)
  report('quiet', await viewWhile(deployment, () => pause(QUIET_MS)))
  report(`${RESTARTS} restarts`, await viewWhile(deployment, restarts(deployment)))
}
const logged = recordsIn(join(directory, 'data', 'spool'))
process.stdout.write(`log records: ${logged} of ${answered} answers\n`)
process.exitCode = failed === 0 && logged >= answered ? 0 : 1
origin.closeAllConnections()
origin.close()
rmSync(directory, { recursive: true })

function restarts(deployment: Deployment): () => Promise<void> {
  const workers = () =>
    deployment.processes().flatMap(({ program, pid }) => (program === 'edge worker' ? [pid] : []))
  return async () => {
    for (let count = 1; count <= RESTARTS; count += 1) {
      const next = pause(BETWEEN_MS)
      const before = workers()
      const startedMs = performance.now()
      await deployment.reload()
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
      const left = workers().filter((pid) => before.includes(pid)).length
      process.stdout.write(`restart ${count}: new workers after ${seconds} s, ${left} old ones still drain\n`)
      await next
    }
  }
}

/** Both kinds of viewers ask as long as something else goes on. */
async function viewWhile({ httpPort: port }: Deployment, act: () => Promise<void>): Promise<Seen> {
  const end = new AbortController()
  const common = { port, everyMs: EVERY_MS, target: nextTarget(), until: end.signal }
  const viewing = [
    view(VIEWERS / 2, { ...common, closes: false }),
    view(VIEWERS / 2, { ...common, closes: true }),
  ]
  await act()
  end.abort()
  const all = await Promise.all(viewing)
  return { tookMs: all.flatMap(({ tookMs }) => tookMs), failures: all.flatMap(({ failures }) => failures) }
}

function nextTarget(): () => string {
  let asked = 0
  return () => {
    asked += 1
    return asked % MISS_EVERY === 0 ? `/new/${asked}` : `/kept/${asked % 50}`
  }
}

function report(when: string, { tookMs, failures }: Seen): void {
  answered += tookMs.length
  failed += failures.length
  const kinds = [...new Set(failures)].join(', ')
  process.stdout.write(
    `${when}: ${tookMs.length + failures.length} requests, ${failures.length} failed${kinds && ` (${kinds})`}, ` +
      `p50 ${quantile(tookMs, 0.5)}, p99 ${quantile(tookMs, 0.99)}\n`,
  )
}

/** Records that wait for a collector, which doesn't run here. */
function recordsIn(spool: string): number {
  const segments = readdirSync(spool).map((file) => linesOf(readFileSync(join(spool, file))).lines)
  return segments.reduce((sum, lines) => sum + lines.toString('latin1').split('\n').length - 1, 0)
}
