import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { request } from 'undici'
import { expect, test, vi } from 'vitest'
import { site } from '../edge/site.ts'
import { startSelvedge } from './selvedge.ts'

vi.setConfig({ testTimeout: 180_000 })

const INVALIDATE = new URL('../../deploy/invalidate.ts', import.meta.url).pathname
const PRICES = new URL('../../deploy/prices.example.yaml', import.meta.url).pathname
const HOST = 'docs.example'

interface Told {
  used: Record<string, number>
  toPay: string | null
  distributions: { distribution: string | null }[]
}

test('requests, invalidations and pictures of a running Selvedge are on its statement, once', async () => {
  await using origin = await site()
  origin.answers((_asking, response) => {
    response.writeHead(200, { 'cache-control': 'max-age=3600', 'content-type': 'text/html' })
    response.end('<!doctype html><title>Docs</title><p>Hello')
  })
  const folder = await mkdtemp(join(tmpdir(), 'selvedge-usage-'))
  const config = join(folder, 'my.yaml')
  await writeFile(
    config,
    JSON.stringify({
      analytics: { prices: PRICES, access: { anonymous: ['sites:read', 'usage:read'] } },
      distributions: [{ id: 'docs', aliases: [HOST], origins: [{ id: 'o', http: { url: origin.url } }] }],
    }),
  )
  await using selvedge = await startSelvedge(['--config', config, '--workers', '1'])
  const visit = async (path: string) => {
    const headers = { host: HOST, 'user-agent': 'Mozilla/5.0 Firefox/140.0' }
    await (await request(`http://127.0.0.1:${selvedge.httpPort}${path}`, { headers })).body.dump()
  }
  const info = (path: string) => fetch(`http://127.0.0.1:${selvedge.apiPort}${path}`)
  const invalidate = () =>
    promisify(execFile)(process.execPath, [
      ...[
        INVALIDATE,
        '--distribution',
        'docs',
        '/',
        '#tag',
        '--reference',
        'the same',
        '--data',
        selvedge.data,
      ],
    ])
  const month = new Date().toISOString().slice(0, 7)

  for (const path of ['/', '/', '/other']) await visit(path)
  // `/` is spelled in two ways inside; and asked for again it is the same invalidation.
  for (const _time of [1, 2]) await invalidate()
  const picture = async () => (await info(`/v1/sites/${HOST}/thumbnail?size=small`)).status
  await expect.poll(picture, { timeout: 120_000, interval: 500 }).toBe(200)

  const told = async () => (await (await info(`/v1/usage/${month}`)).json()) as Told
  await expect
    .poll(async () => (await told()).used, { timeout: 30_000, interval: 500 })
    .toMatchObject({ invalidationPaths: 2, renders: 1 })
  const { used, toPay, distributions } = await told()
  expect(used.httpRequests).toBeGreaterThanOrEqual(3)
  expect(used.shieldRequests).toBeGreaterThanOrEqual(2)
  expect(toPay).toBe('0.00')
  expect(distributions.map(({ distribution }) => distribution)).toContain('docs')
  await rm(folder, { recursive: true })
})
