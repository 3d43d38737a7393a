import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { linesOf } from '../../edge/log/segment.ts'
import { site } from '../edge/site.ts'
import { view } from '../show/viewer.ts'
import { pidsOf } from './processes.ts'
import { type Selvedge, startSelvedge } from './selvedge.ts'

const INVALIDATE = new URL('../../deploy/invalidate.ts', import.meta.url).pathname
const HOST = 'site.example'
const TAKEN = 'Selvedge has taken over its configuration'

/** Edge and shield in front of an origin, with a configuration that can be changed while they run. */
async function selvedgeBefore(originUrl: string, edge: object = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'selvedge-reload-'))
  const config = join(folder, 'selvedge.yaml')
  const data = join(folder, 'data')
  const configure = (aliases: string[], more: object = {}) =>
    writeFile(
      config,
      JSON.stringify({
        data,
        edge: { workers: 2, ...edge },
        distributions: aliases.map((alias) => ({
          id: alias.split('.')[0],
          aliases: [alias],
          origins: [{ id: 'origin', http: { url: originUrl } }],
        })),
        ...more,
      }),
    )
  await configure([HOST])
  const only = ['--config', config, '--only', 'origin-shield,edge']
  const selvedge = await startSelvedge(only, ['--data', data])
  const admin = JSON.parse(await readFile(join(data, 'ports.json'), 'utf8')).edgeAdmin
  return {
    selvedge,
    config,
    data,
    configure,
    workers: () => pidsOf(selvedge, 'edge/worker.ts'),
    async get(path: string, host = HOST) {
      const { statusCode, body } = await request(`http://127.0.0.1:${selvedge.httpPort}${path}`, {
        headers: { host },
        reset: true,
      })
      return { status: statusCode, body: await body.text() }
    },
    async readyz() {
      const { statusCode, body } = await request(`http://127.0.0.1:${admin}/readyz`, { reset: true })
      return `${statusCode} ${await body.text()}`
    },
    /** SIGHUP, and what it printed by when it was done. */
    async reload(done: () => boolean = countsUp(selvedge)) {
      selvedge.process.kill('SIGHUP')
      await expect.poll(done, { timeout: 60_000 }).toBe(true)
    },
    async [Symbol.asyncDispose]() {
      await selvedge[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** Whether it says once more that it has taken over its configuration. */
function countsUp({ stdout }: Selvedge): () => boolean {
  const count = () => stdout().split(TAKEN).length
  const before = count()
  return () => count() > before
}

test('SIGHUP: new workers, a new site, and not one request fails or goes unlogged', {
  timeout: 180_000,
}, async () => {
  await using origin = await site()
  origin.answers((incoming, response) => {
    const keep = incoming.url?.startsWith('/new') ? 'no-store' : 'max-age=600'
    response.writeHead(200, { 'content-length': '4', 'cache-control': keep }).end('same')
  })
  await using running = await selvedgeBefore(origin.url)
  const { selvedge } = running
  expect((await running.get('/', 'other.example')).status).toBe(421)
  const before = running.workers()

  const end = new AbortController()
  let asked = 0
  const target = () => {
    asked += 1
    return asked % 10 === 0 ? `/new/${asked}` : '/kept'
  }
  const common = { port: selvedge.httpPort, everyMs: 25, target, until: end.signal }
  const viewing = [view(8, { ...common, closes: false }), view(8, { ...common, closes: true })]
  await running.configure([HOST, 'other.example'])
  await running.reload()
  await running.reload()
  end.abort()
  const seen = await Promise.all(viewing)

  expect(seen.flatMap(({ failures }) => failures)).toEqual([])
  expect((await running.get('/', 'other.example')).status).toBe(200)
  await expect.poll(() => running.workers().length, { timeout: 30_000 }).toBe(2)
  expect(running.workers().some((pid) => before.includes(pid))).toBe(false)
  await selvedge.stop()
  // The two that were asked for here, and all that the viewers got.
  const answered = seen.reduce((sum, { tookMs }) => sum + tookMs.length, 2)
  expect(await recordsIn(join(running.data, 'spool'))).toBe(answered)
})

/** Records that wait for a collector, which doesn't run here. */
async function recordsIn(spool: string): Promise<number> {
  const files = await readdir(spool)
  const texts = await Promise.all(
    files.map(async (file) => linesOf(await readFile(join(spool, file))).lines.toString('latin1')),
  )
  return texts.reduce((sum, text) => sum + text.split('\n').length - 1, 0)
}

test('SIGHUP with a broken configuration: it says so, and all goes on', { timeout: 90_000 }, async () => {
  await using origin = await site({ 'cache-control': 'max-age=600' })
  await using running = await selvedgeBefore(origin.url)
  const { selvedge, workers, get } = running
  const before = workers()

  await running.configure([HOST], { egde: {} })
  await running.reload(() => selvedge.stderr().includes('Selvedge goes on as it was'))

  expect(selvedge.stderr()).toMatch(
    /goes on as it was: .*selvedge\.yaml: .*egde[\s\S]*Remove or rename: egde/,
  )
  await running.configure([HOST], { key: 'another key, which has 32 or more' })
  await running.reload(() => selvedge.stderr().includes('key: can’t change while Selvedge runs'))
  expect(workers()).toEqual(before)
  expect((await get('/')).status).toBe(200)
})

test('what was invalidated before SIGHUP, or meanwhile, stays gone', { timeout: 120_000 }, async () => {
  await using origin = await site({ 'cache-control': 'max-age=600' })
  await using running = await selvedgeBefore(origin.url)
  const { get, config } = running
  const invalidate = (path: string) =>
    promisify(execFile)(process.execPath, [INVALIDATE, '--config', config, '--distribution', 'site', path])
  const old = [await get('/before'), await get('/meanwhile'), await get('/kept')].map(({ body }) => body)

  await invalidate('/before')
  const reloaded = running.reload()
  await invalidate('/meanwhile')
  await reloaded

  const now = [await get('/before'), await get('/meanwhile'), await get('/kept')].map(({ body }) => body)
  expect(old).toEqual(['answer 1', 'answer 2', 'answer 3'])
  expect(now[2]).toBe('answer 3')
  expect(now.slice(0, 2).some((body) => old.includes(body))).toBe(false)
})

test('SIGTERM: what is under way is finished, /readyz says at once that we stop; a second one ends at once', {
  timeout: 120_000,
}, async () => {
  await using origin = await site()
  const held: (() => void)[] = []
  origin.answers((_, response) => {
    response.writeHead(200, { 'content-length': '8' }).write('half')
    held.push(() => response.end('half'))
  })
  for (const ending of ['finish', 'again'] as const) {
    await using running = await selvedgeBefore(origin.url, { limits: { drainMs: 60_000 } })
    const { selvedge, readyz, workers } = running
    const pids = workers()
    const viewer = connect(selvedge.httpPort, '127.0.0.1')
    let text = ''
    viewer.on('data', (chunk) => {
      text += chunk
    })
    viewer.on('error', () => undefined)
    viewer.write(`GET /${ending} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    await expect.poll(() => text, { timeout: 20_000 }).toMatch(/half$/)
    expect(await readyz()).toBe('200 ready\n')

    const ended = once(selvedge.process, 'exit')
    const closed = once(viewer, 'close')
    selvedge.process.kill('SIGTERM')
    await expect.poll(readyz, { timeout: 20_000 }).toBe('503 stopping\n')
    if (ending === 'finish') held[0]?.()
    else {
      // Two that come at the same time count as one: npm passes on what the terminal has sent.
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      selvedge.process.kill('SIGTERM')
    }
    await closed
    const [status] = await ended

    expect(status).toBe(ending === 'finish' ? 0 : 1)
    expect(text.endsWith('halfhalf')).toBe(ending === 'finish')
    const alive = () => pids.filter((pid) => isAlive(pid))
    await expect.poll(alive, { timeout: 20_000 }).toEqual([])
  }
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a worker that is killed under load is replaced, and the other goes on', {
  timeout: 120_000,
}, async () => {
  await using origin = await site({ 'cache-control': 'max-age=600' })
  await using running = await selvedgeBefore(origin.url)
  const [first] = running.workers()
  const end = new AbortController()
  const common = { port: running.selvedge.httpPort, everyMs: 25, target: () => '/kept', until: end.signal }
  const viewing = view(16, { ...common, closes: true })

  async function answersInARow(times: number): Promise<number> {
    for (let at = 0; at < times; at += 1) {
      // Nobody may be listening yet: that is no answer.
      const answer = await running.get('/kept').catch(() => undefined)
      if (answer?.status !== 200) return at
    }
    return times
  }

  process.kill(first as number, 'SIGKILL')
  // Once the first process has heard of it, nobody is sent to the one that is gone: the other answers all.
  await expect.poll(() => answersInARow(20), { timeout: 30_000 }).toBe(20)
  await expect.poll(() => running.workers().length, { timeout: 30_000 }).toBe(2)
  end.abort()
  const { tookMs, failures } = await viewing

  // Those whose connection it had, or had in its queue.
  expect(failures.length).toBeLessThanOrEqual(32)
  expect(tookMs.length).toBeGreaterThan(failures.length)
})
