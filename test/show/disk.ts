/**
 * `npm run show:disk`: a million objects on the edge's disk. How fast are they written, how long does a
 * restart take and how much memory, and how long until a wildcard and a tag hold on all workers?
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { pino } from 'pino'
import { openDiskStore } from '../../edge/cache/disk/disk-store.ts'
import type { StoredResponse } from '../../edge/cache/stored-response.ts'
import { cacheKey } from '../../edge/distribution/cache-key.ts'
import { type Deployment, DISTRIBUTION, deploy, HOST, memoryMegabytes } from './deployment.ts'
import { invalidate } from './invalidate.ts'

const OBJECTS = Number(process.argv[2] ?? 1_000_000)
/** Of each named kind so many are asked for, by connections of their own, so that all workers are. */
const ASKED = 200
const DISK_BYTES_MAX = 8 * 1024 ** 3

const directory = mkdtempSync(join(tmpdir(), 'selvedge-million-'))
const say = (text: string) => process.stdout.write(`${text}\n`)
const origin = createServer((_, response) => {
  response.writeHead(200, { 'Cache-Control': 'max-age=86400' }).end('from the origin')
})
origin.listen(0, '127.0.0.1')
await once(origin, 'listening')

await fill()
{
  const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
  const more = { edge: { diskMegabytes: DISK_BYTES_MAX / 1024 ** 2 } }
  await using deployment = await deploy({ directory, origin: { http: { url } }, more })
  say(`restart: ready ${Math.round(deployment.readyMs)} ms after the start of all processes`)
  tellMemory(deployment)
  say(
    `asked for ${ASKED} of them at random: ${await filled(deployment, () => targetOf(random()))} were there`,
  )
  await invalidateAndAsk(deployment, 'wildcard', '/section-3/*', 3)
  await invalidateAndAsk(deployment, 'tag', '#topic-5', 5)
  say(`others, asked for again: ${await filled(deployment, () => targetOf(random(7)))} of ${ASKED} are there`)
  tellMemory(deployment)
}
origin.closeAllConnections()
origin.close()
rmSync(directory, { recursive: true })

/** Writes the objects into what will be the edge's store, as an edge would have. */
async function fill(): Promise<void> {
  const store = await openDiskStore({
    directory: join(directory, 'data', 'edge-cache'),
    bytesMax: DISK_BYTES_MAX,
    log: pino({ level: 'error' }),
  })
  const startedMs = performance.now()
  for (let at = 0; at < OBJECTS; at += 1) {
    store.write(
      cacheKey({ distribution: DISTRIBUTION, scheme: 'http', host: HOST, target: targetOf(at) }),
      object(at),
    )
    if (at % 1_000 === 0) await nextTurn()
    if (at % 20_000 === 0) await store.flushed()
    if (at % 100_000 === 0 && at > 0) process.stderr.write(`${at} objects …\n`)
  }
  await store.flushed()
  const seconds = (performance.now() - startedMs) / 1_000
  const file = statSync(join(directory, 'data', 'edge-cache', 'data.mdb')).size
  say(
    `fill: ${store.objects} objects of 1 to 2 KB in ${seconds.toFixed(0)} s, ` +
      `${Math.round(OBJECTS / seconds)} a second; file of ${Math.round(file / 1e6)} MB`,
  )
  await store[Symbol.asyncDispose]()
}

async function invalidateAndAsk(deployment: Deployment, kind: string, name: string, section: number) {
  const before = await filled(deployment, () => targetOf(random(section)))
  const startedMs = performance.now()
  const told = await invalidate(deployment.config, DISTRIBUTION, [name])
  const tookMs = Math.round(performance.now() - startedMs)
  const after = await filled(deployment, () => targetOf(randomUnasked(section)))
  say(`${kind} ${name}: ${told.trim().replaceAll('\n', '; ')} (${tookMs} ms with the command's own start)`)
  say(`  of ${ASKED} that it names ${before} were there before, ${after} right after`)
}

/** How many of so many requests, each by a connection of its own, are answered with what the fill wrote. */
async function filled({ httpPort }: Deployment, target: () => string): Promise<number> {
  let found = 0
  for (let at = 0; at < ASKED; at += 1) {
    const asked = get({
      host: '127.0.0.1',
      port: httpPort,
      path: target(),
      headers: { host: HOST },
      agent: false,
    })
    const [response] = await once(asked, 'response')
    let body = ''
    for await (const chunk of response) body += chunk
    if (body.startsWith('object ')) found += 1
  }
  return found
}

function tellMemory(deployment: Deployment): void {
  for (const { program, pid } of deployment.processes()) {
    const [resident, own] = [memoryMegabytes(pid, 'VmRSS'), memoryMegabytes(pid, 'RssAnon')]
    say(
      `  ${program}: ${resident} MB resident, of which ${own} MB its own (the rest is the mapped file and code)`,
    )
  }
}

/** Ten sections, a tenth of the objects in each. */
function targetOf(at: number): string {
  return `/section-${at % 10}/${at}`
}

/** A number of the objects, of one section where it is named; the lower half of them. */
function random(section = Math.floor(Math.random() * 10)): number {
  return Math.floor((Math.random() * OBJECTS) / 20) * 10 + section
}

/** One of the upper half: nobody has asked for it yet, so memory doesn't have it. */
function randomUnasked(section: number): number {
  return random(section) + Math.floor(OBJECTS / 20) * 10
}

function object(at: number): StoredResponse {
  const nowMs = Date.now()
  const untilMs = nowMs + 86_400_000
  return {
    status: 200,
    fields: [
      ...['Content-Type', 'text/html; charset=utf-8', 'Cache-Control', 'max-age=86400', 'ETag', `"${at}"`],
      ...['Date', new Date(nowMs).toUTCString(), 'Cache-Tag', `topic-${at % 10}`],
    ],
    selection: [],
    deadlines: {
      bornAtMs: nowMs,
      freshUntilMs: untilMs,
      staleUntilMs: untilMs,
      staleIfErrorUntilMs: untilMs,
      staleIfDisconnectedUntilMs: untilMs,
    },
    version: `object-${at}`,
    group: DISTRIBUTION,
    target: targetOf(at),
    tags: [`topic-${at % 10}`],
    validAsOf: 0,
    body: Buffer.alloc(1_000 + (at % 1_000), `object ${at}. `),
  }
}
