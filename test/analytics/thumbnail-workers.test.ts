import { expect, test } from 'vitest'
import { shareAmong } from '../../analytics/api/thumbnail-workers.ts'
import { openAccessLog } from './access-log.ts'
import { infoApiOn } from './info-api.ts'
import { playThumbnailer } from './thumbnailer.ts'

const SITES = Array.from({ length: 400 }, (_, at) => `site-${at}.example`)
const always = () => true

/** Who is asked first about each site. */
const firstOf = (urls: readonly string[]) => {
  const workers = shareAmong(urls, () => 0)
  return Promise.all(SITES.map((site) => workers.ask(site, async (worker) => worker, always)))
}

test('each site has a worker of its own, all have as many, and one more takes its share from all', async () => {
  const three = await firstOf(['http://a', 'http://b', 'http://c'])
  const four = await firstOf(['http://d', 'http://c', 'http://b', 'http://a'])

  for (const url of ['http://a', 'http://b', 'http://c']) {
    expect(three.filter((one) => one === url).length).toBeGreaterThan(SITES.length / 6)
  }
  const moved = four.filter((one, at) => one !== three[at])
  expect(moved.length).toBeLessThan(SITES.length / 2)
  expect(new Set(moved)).toEqual(new Set(['http://d']))
})

test('a worker that does not answer is asked last for a while', async () => {
  let nowMs = 0
  const workers = shareAmong(['http://a', 'http://b'], () => nowMs)
  const asked: string[] = []
  const askOne = async (worker: string) => {
    asked.push(worker)
    if (worker === 'http://a') throw new Error('connect ECONNREFUSED')
    return worker
  }
  const site = SITES[(await firstOf(['http://a', 'http://b'])).indexOf('http://a')] as string

  for (const atMs of [0, 1_000, 6_000]) {
    nowMs = atMs
    expect(await workers.ask(site, askOne, always)).toBe('http://b')
  }

  expect(asked).toEqual(['http://a', 'http://b', 'http://b', 'http://a', 'http://b'])
})

test('a picture that was under way in a worker that dies, or that a busy one refuses, comes from the next', async () => {
  await using log = await openAccessLog()
  let isFirst = true
  const answer: Parameters<typeof playThumbnailer>[0] = (_, response) => {
    // Whichever is asked first dies at once with the request in its hands.
    if (isFirst) response.destroy()
    else response.writeHead(200, { 'Content-Type': 'image/webp' }).end('RIFF')
    isFirst = false
  }
  await using a = await playThumbnailer(answer)
  await using b = await playThumbnailer(answer)
  await using busy = await playThumbnailer((_, response) => response.writeHead(503).end())
  await using api = await infoApiOn(log, { thumbnailerUrl: [a.url, b.url] })
  await using other = await infoApiOn(log, { thumbnailerUrl: [busy.url, b.url] })

  expect((await api.get('/v1/sites/a.example/thumbnail?wait=1')).status).toBe(200)
  expect(a.asked.length + b.asked.length).toBe(2)
  const statuses = await Promise.all(
    SITES.slice(0, 8).map(async (site) => (await other.get(`/v1/sites/${site}/thumbnail`)).status),
  )
  expect(new Set(statuses)).toEqual(new Set([200]))
})
