/**
 * `npm run show:http2-clients`: programs that people use, each with what people do with them, against an edge with
 * its shield over HTTP/2: pages of 200 parts, 100 MB up and 1 GB down, parts, WebSockets, downloads left half way.
 * Was it right, how long did it take, how much memory had the edge's worker at the most?
 *
 * Some of them: `-- --only curl,nghttp`; by node:http2: `-- --http2 node`. Ends with status 1 when something was wrong.
 */
import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { layGround, runInNamespace } from '../../bench/ground.ts'
import { PAGE_PATHS, resourceAt } from '../../bench/page/page-origin.ts'
import { cpuSeconds, residentBytes } from '../../bench/processes.ts'
import { ToolMissing } from '../../bench/tools.ts'
import { type Deployment, deploy } from '../deployment.ts'
import { DEBIAN_BROWSER, NPM_BROWSER } from './browser-client.ts'
import { type Candidate, type Client, uploadBytes, type World } from './client.ts'
import { CURL, H2LOAD, NGHTTP } from './command-line.ts'
import { NODE } from './node-client.ts'
import { downloadHash, startClientsOrigin } from './origin.ts'

const UPLOAD_BYTES = 100_000_000
/** How long one task may take, ms. */
const TASK_MS_MAX = 60_000

const { values: given } = parseArgs({
  options: { only: { type: 'string', default: '' }, http2: { type: 'string' } },
})
const candidates = [CURL, NGHTTP, H2LOAD, NODE, NPM_BROWSER, DEBIAN_BROWSER].filter(({ name }) =>
  given.only.split(',').some((word) => name.includes(word)),
)

const status = await runInNamespace()
if (status !== undefined) process.exit(status)
const ground = layGround()
process.exitCode = (await show()) === 0 ? 0 : 1

/** @returns how many tasks failed */
async function show(): Promise<number> {
  await using parts = new AsyncDisposableStack()
  // Short: the path of a socket of Chromium's below it may have 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'c-'))
  chmodSync(folder, 0o755) // the browser runs as somebody else
  parts.defer(() => rmSync(folder, { recursive: true, force: true }))
  const origin = parts.use(await startClientsOrigin())
  const house = parts.use(
    await deploy({
      directory: join(folder, 'house'),
      origin: { http: { url: origin.url } },
      workers: 1,
      aliases: ['127.0.0.1'],
      ...(given.http2 && { more: { edge: { http2: given.http2 } } }),
      cores: ground.serverCore,
    }),
  )
  const upload = Buffer.from(uploadBytes(UPLOAD_BYTES).buffer)
  const file = join(folder, 'upload')
  writeFileSync(file, upload)
  const world: World = {
    url: `https://127.0.0.1:${house.httpsPort}`,
    port: house.httpsPort,
    origin,
    page: {
      paths: PAGE_PATHS,
      bytes: PAGE_PATHS.reduce((sum, path) => sum + (resourceAt(path)?.[1].byteLength ?? 0), 0),
    },
    upload: {
      file,
      bytes: UPLOAD_BYTES,
      hash: createHash('sha256').update(upload).digest('hex'),
    },
    downloadHash: downloadHash(),
    folder,
  }
  row(['client', 'task', 'time', 'CPU of the worker', 'its memory', 'outcome'])
  let failed = 0
  for (const candidate of candidates) failed += await showClient(candidate, world, house)
  return failed
}

/** @returns how many of its tasks failed */
async function showClient(candidate: Candidate, world: World, house: Deployment): Promise<number> {
  let client: Client
  try {
    client = await candidate.start(world)
  } catch (error) {
    row([candidate.name, '–', '', '', '', (error as Error).message])
    return error instanceof ToolMissing ? 0 : 1
  }
  await using _ends = client
  let failed = 0
  for (const [task, act] of Object.entries(client.tasks)) {
    const { took, outcome, isGood } = await watch(act, house)
    if (!isGood) failed += 1
    row([client.name, task, ...took, outcome])
  }
  return failed
}

/** @returns time, CPU time and memory in words, and the outcome */
async function watch(
  act: () => Promise<string>,
  house: Deployment,
): Promise<{ took: string[]; outcome: string; isGood: boolean }> {
  const worker = house.processes().find(({ program }) => program === 'edge worker')?.pid
  if (worker === undefined)
    return { took: ['', '', ''], outcome: 'FAILED: the worker is gone', isGood: false }
  const megabytes = () => Math.round(residentBytes(worker) / 1_048_576)
  const before = megabytes()
  let peak = before
  const samples = setInterval(() => {
    peak = Math.max(peak, megabytes())
  }, 50)
  const [startedMs, cpuBefore] = [performance.now(), cpuSeconds([worker])]
  const outcome = await within(act()).then(
    (said) => ({ said, isGood: true }),
    (error: Error) => ({ said: `FAILED: ${error.message}`, isGood: false }),
  )
  clearInterval(samples)
  const seconds = (performance.now() - startedMs) / 1_000
  const cpu = cpuSeconds([worker]) - cpuBefore
  const took = [`${seconds.toFixed(2)} s`, `${cpu.toFixed(2)} s`, `${before}–${peak} MB`]
  return { took, outcome: outcome.said, isGood: outcome.isGood }
}

async function within<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('not done in a minute')), TASK_MS_MAX)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function row(cells: readonly string[]): void {
  const widths = [28, 34, 9, 18, 13, 0]
  process.stdout.write(`${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' ')}\n`)
}
