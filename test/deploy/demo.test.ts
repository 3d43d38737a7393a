import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PEOPLE, type Person, person } from './person.ts'
import { type Selvedge, startSelvedge } from './selvedge.ts'

const SITES = ['hello', 'slides', 'swagger']

describe('the demo, end to end', () => {
  let selvedge: Selvedge
  let viewer: Person
  let folder = ''
  const site = (name: string) => `http://${name}.localhost:${selvedge.httpPort}/`
  const api = async (path: string) => {
    const { statusCode, headers, body } = await request(`http://127.0.0.1:${selvedge.apiPort}${path}`)
    return { statusCode, headers, body: Buffer.from(await body.arrayBuffer()) }
  }
  const json = async (path: string) => JSON.parse((await api(path)).body.toString())

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'selvedge-person-'))
    ;[selvedge, viewer] = await Promise.all([startSelvedge([]), person(folder)])
  })
  afterAll(async () => {
    await viewer[Symbol.asyncDispose]()
    expect(await selvedge.stop()).toBe(0)
    await selvedge[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('every site opens in a real browser without a console error or a failed request', async () => {
    expect(selvedge.stdout()).toContain('Selvedge is ready')
    // Three people visit hello, two slides, one swagger: that is the order they must rank in.
    for (const [at, name] of SITES.entries()) {
      for (const userAgent of PEOPLE.slice(at)) expect(await viewer.visits(site(name), userAgent)).toEqual([])
    }
  })

  test('swagger, out of the bucket, shows the info API of this very program', async () => {
    const title = Promise.withResolvers<string>()
    const troubles = await viewer.visits(site('swagger'), PEOPLE[2] as string, async (page) => {
      await page.waitForSelector('.opblock', { timeout: 10_000 })
      title.resolve(await page.$eval('body', (body) => body.textContent ?? ''))
    })

    expect(troubles).toEqual([])
    expect(await title.promise).toContain('/v1/rankings')
  })

  test('the sites are ranked in the order of the visits made', async () => {
    const ranked = async () =>
      (await json('/v1/rankings?window=1d')).items.map((item: { site: string }) => item.site)

    await expect
      .poll(ranked, { timeout: 20_000, interval: 500 })
      .toEqual(SITES.map((name) => `${name}.localhost`))
    const { items, window } = await json('/v1/rankings?window=1d')
    expect(window).toBe('1d')
    expect(items.map((item: { reach: number }) => item.reach)).toEqual([3, 2, 1])
    const traffic = await json('/v1/sites/hello.localhost/traffic?days=1')
    expect(traffic.items[0]).toMatchObject({ visitors: 3, pageViews: 3 })
    expect(traffic.items[0].requests).toBeGreaterThan(3)
  })

  test('each site’s thumbnail is a picture of its page, in the size asked for', async () => {
    for (const name of SITES) {
      const full = await api(`/v1/sites/${name}.localhost/thumbnail?size=full&wait=1`)
      const small = await api(`/v1/sites/${name}.localhost/thumbnail?size=small&wait=1`)

      expect([full.statusCode, small.statusCode]).toEqual([200, 200])
      expect(full.headers['content-type']).toMatch(/^image\//)
      expect(await sharp(full.body).metadata()).toMatchObject({ width: 1024, height: 768 })
      expect(await sharp(small.body).metadata()).toMatchObject({ width: 111, height: 82 })
      // Not one blank colour: something of the page is there.
      const { channels } = await sharp(full.body).stats()
      expect(Math.max(...channels.map(({ stdev }) => stdev))).toBeGreaterThan(10)
    }
  })

  test('a site has a page of its own that a browser shows without an error', async () => {
    const url = `http://localhost:${selvedge.apiPort}/sites/slides.localhost`
    const shown = Promise.withResolvers<string>()

    const troubles = await viewer.visits(url, PEOPLE[0] as string, async (page) => {
      shown.resolve(await page.$eval('body', (body) => body.textContent ?? ''))
    })

    expect(troubles).toEqual([])
    expect(await shown.promise).toContain('slides.localhost')
  })

  test('a site’s title is read from its own page through the edge, by a bot that counts for nobody', async () => {
    const { about } = await json('/v1/sites/slides.localhost')

    expect(about.title).toMatch(/\S/)
    const shown = (await api('/sites/slides.localhost')).body.toString()
    expect(shown).toContain(`<p class="said-title"><bdi>${about.title}</bdi></p>`)
    const { items } = await json('/v1/sites/slides.localhost/traffic?days=1')
    expect(items[0]).toMatchObject({ visitors: 2, pageViews: 2 })
  })

  test('a bot and the thumbnailer rank nobody', async () => {
    const before = await json('/v1/rankings?window=1d')
    await request(site('swagger').replace('swagger.localhost', '127.0.0.1'), {
      headers: { host: 'swagger.localhost', 'user-agent': 'Googlebot/2.1' },
    }).then(({ body }) => body.dump())
    await new Promise((resolve) => setTimeout(resolve, 4_000))

    expect((await json('/v1/rankings?window=1d')).items).toEqual(before.items)
  })
})
