import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type House, houseInFrontOf } from './house.ts'
import { type Site, site } from './site.ts'

/** An origin that begins each answer when it is asked and ends it when the test says so. */
interface Held {
  response: ServerResponse
  target: string
  /** `if-none-match` of the request. */
  validator: string | undefined
}

describe('an invalidation', () => {
  let origin: Site
  let house: House
  let version: number

  beforeEach(async () => {
    version = 1
    origin = await site()
    house = await houseInFrontOf(origin.url)
  })

  afterEach(async () => {
    await house[Symbol.asyncDispose]()
    await origin[Symbol.asyncDispose]()
  })

  function answersWith(headers: Record<string, string>): void {
    origin.answers((_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=3600', ...headers }).end(`version ${version}`)
    })
  }

  /** From now on requests wait at the origin. @returns the next one that comes */
  function holdsAnswers(): () => Promise<Held> {
    const waiting: Held[] = []
    origin.answers((request, response) => {
      waiting.push({ response, target: request.url ?? '', validator: request.headers['if-none-match'] })
    })
    return async () => {
      await expect.poll(() => waiting.length).toBeGreaterThan(0)
      return waiting.shift() as Held
    }
  }

  describe('names', () => {
    test.each([
      [['/a/b'], ['/a/b', '/a/b?q=1'], ['/a/b/', '/a', '/A/b']],
      [['/a/b?q=1'], ['/a/b?q=1'], ['/a/b', '/a/b?q=2']],
      [['/a/*'], ['/a/', '/a/b', '/a/b?q=1'], ['/a', '/b']],
      [['/a*'], ['/a', '/a?q', '/ab/c'], ['/b']],
      [['/*'], ['/', '/a', '/a?q=1'], []],
      [['/*', '/a'], ['/', '/a'], []],
      [['/caf%c3%a9', '/%7euser/*'], ['/caf%C3%A9', '/~user/a'], ['/cafe']],
      [['/.*'], ['/.well-known/a'], ['/a']],
    ])('%s: %s and not %s', async (paths, gone, kept) => {
      answersWith({})
      for (const path of [...gone, ...kept]) await house.get(path)
      version = 2

      expect(await house.invalidate({ paths })).toMatchObject({ status: 201 })

      for (const path of gone) expect((await house.get(path)).body, path).toBe('version 2')
      for (const path of kept) expect((await house.get(path)).body, path).toBe('version 1')
    })

    test.each([
      [{ 'cache-tag': 'News, Sport' }, { tags: ['news'] }],
      [{ 'cache-tag': 'news,sport' }, { paths: ['#SPORT'] }],
      [{ 'surrogate-key': 'news sport' }, { tags: ['sport'] }],
    ])('%o is named by %o at both tiers, and nothing else is', async (headers, asked) => {
      answersWith(headers)
      await house.get('/tagged')
      answersWith({ 'cache-tag': 'other' })
      await house.get('/other')
      version = 2

      await house.invalidate(asked)

      expect((await house.get('/tagged')).body).toBe('version 2')
      expect((await house.get('/other')).body).toBe('version 1')
    })

    test('tags are between origin and caches: no viewer sees them', async () => {
      answersWith({ 'cache-tag': 'news', 'surrogate-key': 'sport' })

      const [miss, hit] = [await house.get('/a'), await house.get('/a')]

      for (const { headers } of [miss, hit]) {
        expect(headers).not.toHaveProperty('cache-tag')
        expect(headers).not.toHaveProperty('surrogate-key')
      }
    })
  })

  describe('soft', () => {
    test('makes stale: asked about again, and kept when it still holds', async () => {
      const next = holdsAnswers()
      const first = house.get('/a')
      ;(await next()).response.writeHead(200, { 'cache-control': 'max-age=3600', etag: '"1"' }).end('one')
      await first

      await house.invalidate({ paths: ['/a'], soft: true })
      const second = house.get('/a')
      const asked = await next()
      asked.response.writeHead(304, { 'cache-control': 'max-age=3600', etag: '"1"' }).end()

      expect(asked.validator).toBe('"1"')
      expect((await second).body).toBe('one')
      expect((await house.get('/a')).headers['x-cache']).toBe('Hit from selvedge')
      expect(origin.requests).toEqual(['GET /a', 'GET /a'])
    })

    test('lets a stale one be served while it is renewed (RFC 5861 §3)', async () => {
      answersWith({ 'cache-control': 'max-age=60, stale-while-revalidate=600' })
      await house.get('/a')
      version = 2

      await house.invalidate({ paths: ['/a'], soft: true })

      expect((await house.get('/a')).body).toBe('version 1')
      await expect.poll(async () => (await house.get('/a')).body).toBe('version 2')
    })

    test('a hard one beside it counts', async () => {
      answersWith({ 'cache-control': 'max-age=60, stale-while-revalidate=600', 'cache-tag': 't' })
      await house.get('/a')
      version = 2

      await house.invalidate({ paths: ['/a'], soft: true })
      await house.invalidate({ tags: ['t'] })

      expect((await house.get('/a')).body).toBe('version 2')
    })
  })

  describe('while a fetch is under way', () => {
    test('asked for before and answered after: that viewer has it, nobody else', async () => {
      const next = holdsAnswers()
      const first = house.get('/a')
      const held = await next()

      await house.invalidate({ paths: ['/*'] })
      held.response.writeHead(200, { 'cache-control': 'max-age=3600' }).end('old')
      expect((await first).body).toBe('old')

      const second = house.get('/a')
      ;(await next()).response.writeHead(200, { 'cache-control': 'max-age=3600' }).end('new')
      expect((await second).body).toBe('new')
      expect((await house.get('/a')).body).toBe('new')
    })

    test('half of the body is there: the rest arrives, and is not kept', async () => {
      const next = holdsAnswers()
      const first = house.get('/a')
      const held = await next()
      held.response.writeHead(200, { 'cache-control': 'max-age=3600', 'cache-tag': 't' }).write('old ')

      await house.invalidate({ tags: ['t'] })
      held.response.end('content')
      expect((await first).body).toBe('old content')

      const second = house.get('/a')
      ;(await next()).response.writeHead(200, { 'cache-control': 'max-age=3600' }).end('new')
      expect((await second).body).toBe('new')
    })

    test('who asks after it doesn’t wait for what was asked for before', async () => {
      const next = holdsAnswers()
      const first = house.get('/a')
      const held = await next()
      held.response.writeHead(200, { 'cache-control': 'max-age=3600' }).write('old ')
      await house.invalidate({ paths: ['/a'] })

      const later = [house.get('/a'), house.get('/a'), house.get('/a')]
      ;(await next()).response.writeHead(200, { 'cache-control': 'max-age=3600' }).end('new')

      // The old response is still arriving.
      expect((await Promise.all(later)).map(({ body }) => body)).toEqual(['new', 'new', 'new'])
      expect(origin.requests).toEqual(['GET /a', 'GET /a'])
      held.response.end('content')
      expect((await first).body).toBe('old content')
    })

    test('soft, it is kept as stale: asked about before it is served', async () => {
      const next = holdsAnswers()
      const first = house.get('/a')
      const held = await next()

      await house.invalidate({ paths: ['/a'], soft: true })
      held.response.writeHead(200, { 'cache-control': 'max-age=3600', etag: '"1"' }).end('old')
      await first

      const second = house.get('/a')
      const asked = await next()
      asked.response.writeHead(200, { 'cache-control': 'max-age=3600', etag: '"2"' }).end('new')
      expect(asked.validator).toBe('"1"')
      expect((await second).body).toBe('new')
    })

    test('a renewal in the background that was under way brings nothing old back', async () => {
      answersWith({ 'cache-control': 'max-age=60, stale-while-revalidate=600', etag: '"1"' })
      await house.get('/a')
      house.clock.advanceSeconds(70)
      const next = holdsAnswers()
      expect((await house.get('/a')).body).toBe('version 1')
      const held = await next()

      await house.invalidate({ paths: ['/a'] })
      held.response.writeHead(200, { 'cache-control': 'max-age=60', etag: '"1b"' }).end('old')

      const second = house.get('/a')
      const asked = await next()
      asked.response.writeHead(200, { 'cache-control': 'max-age=60', etag: '"2"' }).end('new')
      expect((await second).body).toBe('new')
      expect((await house.get('/a')).body).toBe('new')
    })

    test('a 304 that was under way confirms nothing', async () => {
      answersWith({ 'cache-control': 'max-age=60', etag: '"1"' })
      await house.get('/a')
      house.clock.advanceSeconds(70)
      const next = holdsAnswers()
      const first = house.get('/a')
      const held = await next()

      await house.invalidate({ paths: ['/a'] })
      held.response.writeHead(304, { 'cache-control': 'max-age=60', etag: '"1"' }).end()
      expect((await first).body).toBe('version 1')

      const second = house.get('/a')
      const asked = await next()
      asked.response.writeHead(200, { 'cache-control': 'max-age=60', etag: '"2"' }).end('new')
      expect(asked.validator).toBeUndefined()
      expect((await second).body).toBe('new')
    })
  })
})
