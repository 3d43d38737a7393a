import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AccessLog, openAccessLog } from '../analytics/access-log.ts'
import { type InfoApi, infoApiOn } from '../analytics/info-api.ts'
import { startNameServer } from '../show/hostile/name-server.ts'
import { KEY, type RunningThumbnailer, startThumbnailer } from './program.ts'
import { type Site, startSite } from './site.ts'

/** The whole way: the info API, a thumbnailer that renders any page, and a name server that knows no name. */
const parts = new AsyncDisposableStack()
let api: InfoApi

beforeAll(async () => {
  const log: AccessLog = parts.use(await openAccessLog())
  const site: Site = parts.use(await startSite({}))
  const names = parts.use(await startNameServer(() => []))
  const egress = { nameServers: [names.address] }
  const thumbnailer: RunningThumbnailer = parts.use(await startThumbnailer(site, { allow: 'any', egress }))
  // Signatures are of now.
  api = parts.use(await infoApiOn(log, { key: KEY, thumbnailerUrl: thumbnailer.url, now: Date.now }))
})

afterAll(() => parts.disposeAsync())

test.each([
  ['a'.repeat(10_000), 400, 'bad-parameter'],
  ['no host at all', 400, 'bad-parameter'],
  ['me:secret@docs.example', 400, 'bad-parameter'],
  ['file:///etc/passwd', 400, 'bad-parameter'],
  ['www.аpple.example', 400, 'bad-url'], // a Cyrillic а
  ['nowhere.example', 502, 'site-unreachable'],
  ['127.0.0.1', 403, 'site-refused'],
])('a picture of %s is a clear problem', async (site, status, code) => {
  const answer = await api.get(`/v1/sites/${encodeURIComponent(site)}/thumbnail?wait=1`)

  expect(answer.headers.get('content-type')).toContain('application/problem+json')
  expect(await answer.json()).toMatchObject({ status, code, detail: expect.stringMatching(/./) })
  expect(answer.status).toBe(status)
})
