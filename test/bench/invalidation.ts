/**
 * `npm run bench:invalidation`: how long an invalidation takes until it holds on every worker, with few and
 * with many objects on the edge's disk. It should make no difference.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { request } from 'undici'
import { askNode } from '../../edge/invalidation/ask-node.ts'
import { pidsOf } from '../deploy/processes.ts'
import { type Selvedge, startSelvedge } from '../deploy/selvedge.ts'
import { fillDisk } from './fill-disk.ts'
import { timeInvalidation } from './time-invalidation.ts'

const HOST = 'bench.example'
const MEGABYTE = 1_048_576
const DISK_MEGABYTES = 8_192
/** Objects that viewers ask for while it is measured, spread over all. */
const WATCHED = 20

const { values } = parseArgs({ options: { objects: { type: 'string', default: '100000' } } })

let version = 1
const pathOf = (at: number) => `/o/${at}`
const tagsOf = (at: number) => ['Cache-Control', 'max-age=86400', 'Cache-Tag', `all, t${at % 10}`]
const origin = createServer((asked, response) => {
  response.writeHead(200, tagsOf(Number(asked.url?.slice(3)))).end(`${asked.url} version ${version}`)
})
origin.listen({ host: '127.0.0.1', port: 0 })
await once(origin, 'listening')

for (const objects of [1_000, Number(values.objects)]) await measureWith(objects)
origin.close()
origin.closeAllConnections()

async function measureWith(objects: number): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'selvedge-bench-'))
  const directory = join(data, 'edge-cache')
  const what = { distribution: 'bench', host: HOST, pathOf, fieldsOf: tagsOf }
  const bodyOf = (at: number) => `${pathOf(at)} version ${version}`
  const filledMs = await fillDisk({
    ...what,
    directory,
    bytesMax: DISK_MEGABYTES * MEGABYTE,
    objects,
    bodyOf,
  })

  const config = join(data, 'bench.yaml')
  const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
  const distributions = [{ id: 'bench', aliases: [HOST], origins: [{ id: 'o', http: { url } }] }]
  await writeFile(config, JSON.stringify({ edge: { diskMegabytes: DISK_MEGABYTES }, distributions }))
  const startedMs = performance.now()
  const argv = ['--config', config, '--only', 'origin-shield,edge', '--workers', '2']
  const selvedge = await startSelvedge(argv, ['--data', data])
  const readyMs = performance.now() - startedMs
  const first = await request(`http://127.0.0.1:${selvedge.httpPort}${pathOf(objects - 1)}`, {
    headers: { host: HOST },
  })
  await first.body.dump()
  say(`\n${objects} objects on disk, written in ${(filledMs / 1000).toFixed(1)} s`)
  say(`  ready after ${(readyMs / 1000).toFixed(1)} s; the first answer is a ${first.headers['x-cache']}`)
  say(`  resident: ${residentMegabytes(selvedge).join(', ')} MB (workers)`)
  say(
    `  a wildcard and a tag without viewers: applied by all workers after ${(await idleMs(data)).toFixed(1)} ms`,
  )
  for (const item of [pathOf(0), '/o/*', '#t0', '#all', '/*']) await measure(selvedge, data, objects, item)
  await selvedge[Symbol.asyncDispose]()
  await rm(data, { recursive: true, maxRetries: 3 })
}

/** The median of several that name nothing that is there, ms. */
async function idleMs(data: string): Promise<number> {
  const { admin, key } = nodeOn(data)
  const times: number[] = []
  for (let at = 0; at < 11; at += 1) {
    const startedMs = performance.now()
    const body = { distribution: 'bench', paths: [`/none/${at}/*`, `#none${at}`] }
    await askNode(admin, { path: '/invalidations', body }, { key, msMax: 30_000 })
    times.push(performance.now() - startedMs)
  }
  return times.sort((a, b) => a - b)[5] ?? 0
}

function nodeOn(data: string): { admin: string; key: string } {
  const ports = JSON.parse(readFileSync(join(data, 'ports.json'), 'utf8'))
  const key = readFileSync(join(data, 'key'), 'utf8').trim()
  return { admin: `http://127.0.0.1:${ports.edgeAdmin}`, key }
}

async function measure(selvedge: Selvedge, data: string, objects: number, item: string): Promise<void> {
  // Each of them named by every item: the first by its path, and all divisible by ten have the tag t0.
  const watched = Array.from({ length: WATCHED }, (_, at) =>
    pathOf(10 * Math.floor((at * objects) / WATCHED / 10)),
  )
  const { answeredMs, lastOldMs, oldAfterAnswer, requests } = await timeInvalidation({
    ...nodeOn(data),
    distribution: 'bench',
    item,
    httpPort: selvedge.httpPort,
    host: HOST,
    paths: item === pathOf(0) ? [item] : watched,
    change: () => {
      version += 1
    },
  })
  say(
    `  ${item.padEnd(5)} applied by all workers after ${answeredMs.toFixed(1)} ms; last old body asked for at ` +
      `${lastOldMs.toFixed(1)} ms, ${oldAfterAnswer} after the answer (${requests} requests)`,
  )
}

/** Of each worker, most of it pages of the store that the kernel takes back when it needs them. */
function residentMegabytes(selvedge: Selvedge): number[] {
  return pidsOf(selvedge, 'edge/worker.ts').map((pid) => {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Math.round(Number(kilobytes) / 1024)
  })
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
