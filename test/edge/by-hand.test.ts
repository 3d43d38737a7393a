import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { freePort } from '../free-port.ts'

const MAIN = new URL('../../edge/main.ts', import.meta.url).pathname

/** An edge that was started with a file of settings. No shield is behind it: a site that it knows is 502. */
async function edgeByHand(nodeOptions: readonly string[] = []) {
  const folder = await mkdtemp(join(tmpdir(), 'selvedge-by-hand-'))
  const file = join(folder, 'settings.json')
  const admin = { port: await freePort() }
  const settings = {
    node: 'by-hand',
    key: 'k'.repeat(32),
    admin,
    host: '127.0.0.1',
    httpPort: await freePort(),
    httpsPort: 1,
    workers: 1,
    cacheBytes: 1_048_576,
    limits: { drainMs: 1_000 },
    invalidation: { shields: [], edges: [] },
    shields: ['http://127.0.0.1:9'],
    spool: { directory: join(folder, 'spool') },
    distributions: [{ id: 'one', aliases: ['one.example'] }],
  }
  await writeFile(file, JSON.stringify(settings))
  const command = [...nodeOptions, MAIN, '--settings', file]
  const edge = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  edge.stderr.on('data', (chunk) => {
    log += chunk
  })
  await expect.poll(() => log, { timeout: 30_000 }).toContain('edge is ready')
  return {
    settings,
    log: () => log,
    worker: () =>
      execFileSync('pgrep', ['-P', String(edge.pid)])
        .toString()
        .trim(),
    async status(host: string, port = settings.httpPort): Promise<number> {
      const { statusCode, body } = await request(`http://127.0.0.1:${port}/`, {
        headers: { host },
        reset: true,
      })
      await body.dump()
      return statusCode
    },
    async reload(text: string, until: string): Promise<void> {
      await writeFile(file, text)
      log = ''
      edge.kill('SIGHUP')
      await expect.poll(() => log, { timeout: 30_000 }).toContain(until)
    },
    async [Symbol.asyncDispose]() {
      const ended = once(edge, 'exit')
      edge.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true })
    },
  }
}

test('SIGHUP: the file is read anew, for a site, a port and what has to wait for a start', {
  timeout: 120_000,
}, async () => {
  await using edge = await edgeByHand()
  const { settings, status, worker, log } = edge
  const first = worker()
  expect([await status('one.example'), await status('two.example')]).toEqual([502, 421])

  const distributions = [...settings.distributions, { id: 'two', aliases: ['two.example'] }]
  const httpPort = await freePort()
  const next = { ...settings, node: 'other', httpPort, distributions }
  await edge.reload(JSON.stringify(next), 'edge has taken over its settings')

  expect(log()).toContain('node: taken over at the next start of the edge only')
  expect([await status('one.example', httpPort), await status('two.example', httpPort)]).toEqual([502, 502])
  await expect.poll(worker, { timeout: 20_000 }).not.toContain(first)
  await expect(status('one.example')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('SIGHUP with a file that can’t be used: it says why, and nothing changes', {
  timeout: 120_000,
}, async () => {
  await using edge = await edgeByHand()
  const first = edge.worker()

  await edge.reload('{', 'edge goes on as it was: --settings: ')
  await edge.reload(
    JSON.stringify({ ...edge.settings, workers: 0 }),
    'goes on as it was: settings of edge: workers',
  )
  // Somebody else has this port.
  const taken = { ...edge.settings, httpPort: edge.settings.admin.port }
  await edge.reload(JSON.stringify(taken), 'is already in use')

  expect(edge.worker()).toBe(first)
  expect(await edge.status('one.example')).toBe(502)
})

test('a worker has one helper of V8’s, and what its first process was started with', {
  timeout: 60_000,
}, async () => {
  await using edge = await edgeByHand(['--max-semi-space-size=8'])
  const proc = `/proc/${edge.worker()}`

  const threads = readdirSync(`${proc}/task`).map((id) => readFileSync(`${proc}/task/${id}/comm`, 'utf8'))
  expect(threads.filter((name) => name.includes('V8Worker'))).toHaveLength(1)
  expect(readFileSync(`${proc}/cmdline`, 'utf8')).toContain('--max-semi-space-size=8')
})
