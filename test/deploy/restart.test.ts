import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { site } from '../edge/site.ts'
import { pidsOf } from './processes.ts'
import { startSelvedge } from './selvedge.ts'

const INVALIDATE = new URL('../../deploy/invalidate.ts', import.meta.url).pathname

/** Edge and shield in front of an origin, with data that outlives them. */
async function selvedgeOn(data: string, originUrl: string) {
  const config = join(data, 'selvedge.yaml')
  const origins = [{ id: 'origin', http: { url: originUrl } }]
  const distributions = [{ id: 'site', aliases: ['site.example'], origins }]
  await writeFile(config, JSON.stringify({ data: join(data, 'kept'), distributions }))
  const selvedge = await startSelvedge(
    ['--config', config, '--only', 'origin-shield,edge', '--workers', '2'],
    ['--data', join(data, 'kept')],
  )
  return {
    config,
    async get(path: string) {
      const { headers, body } = await request(`http://127.0.0.1:${selvedge.httpPort}${path}`, {
        headers: { host: 'site.example' },
      })
      return { xCache: headers['x-cache'], body: await body.text() }
    },
    async invalidate(...paths: string[]) {
      const argv = [INVALIDATE, '--config', config, '--distribution', 'site']
      return promisify(execFile)(process.execPath, [...argv, ...paths])
    },
    /** `kill -9` of all its processes at once. */
    async kill() {
      const { process: first } = selvedge
      const ended = once(first, 'exit')
      for (const pid of [first.pid as number, ...pidsOf(selvedge, '')]) process.kill(pid, 'SIGKILL')
      await ended
    },
    [Symbol.asyncDispose]: () => selvedge[Symbol.asyncDispose](),
  }
}

test('what was cached is a hit right after a restart, and what was invalidated stays gone', {
  timeout: 90_000,
}, async () => {
  await using origin = await site({ 'cache-control': 'max-age=600' })
  const data = await mkdtemp(join(tmpdir(), 'selvedge-restart-'))
  {
    await using before = await selvedgeOn(data, origin.url)
    expect(await before.get('/kept')).toEqual({ xCache: 'Miss from selvedge', body: 'answer 1' })
    expect(await before.get('/purged')).toEqual({ xCache: 'Miss from selvedge', body: 'answer 2' })
    await before.invalidate('/purged*')
  }

  await using after = await selvedgeOn(data, origin.url)
  const [kept, purged] = [await after.get('/kept'), await after.get('/purged')]

  expect(kept).toEqual({ xCache: 'Hit from selvedge', body: 'answer 1' })
  expect(purged).toEqual({ xCache: 'Miss from selvedge', body: 'answer 3' })
  expect(origin.requests).toEqual(['GET /kept', 'GET /purged', 'GET /purged'])
  await rm(data, { recursive: true, maxRetries: 3 })
})

test('what was invalidated a moment before everything is killed stays gone', {
  timeout: 90_000,
}, async () => {
  await using origin = await site({ 'cache-control': 'max-age=600', 'cache-tag': 'news' })
  const data = await mkdtemp(join(tmpdir(), 'selvedge-restart-'))
  const before = await selvedgeOn(data, origin.url)
  const paths = Array.from({ length: 40 }, (_, at) => `/page/${at}`)
  const old = await Promise.all(paths.map((path) => before.get(path)))

  await before.invalidate('#news')
  await before.kill()

  await using after = await selvedgeOn(data, origin.url)
  const bodies = new Set(old.map(({ body }) => body))
  for (const path of paths) expect(bodies.has((await after.get(path)).body), path).toBe(false)
  await rm(data, { recursive: true, maxRetries: 3 })
})
