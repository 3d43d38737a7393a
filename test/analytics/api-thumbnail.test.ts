import { afterAll, describe, expect, test } from 'vitest'
import { accessSettings } from '../../analytics/api/access.ts'
import { newKey } from '../../analytics/api/keyring.ts'
import { isSignedBy } from '../../edge/program/shared-key.ts'
import { openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { infoApiOn, KEY, NOON } from './info-api.ts'
import { playThumbnailer } from './thumbnailer.ts'

/** One for all tests of this file: each asks about sites of its own. */
const log = await openAccessLog()
afterAll(() => log[Symbol.asyncDispose]())

const PICTURE = Buffer.from('RIFF, and so on')

describe('a picture', () => {
  test('is passed on with what describes it, and nothing else', async () => {
    await using thumbnailer = await playThumbnailer((_request, response) => {
      response
        .writeHead(200, {
          'Content-Type': 'image/webp',
          ETag: '"a"',
          'Last-Modified': 'Sat, 25 Jul 2026 10:00:00 GMT',
          'Cache-Control': 'public, max-age=60',
          Vary: 'Accept',
          'Set-Cookie': 'secret=1',
        })
        .end(PICTURE)
    })
    await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url })

    const response = await api.get('/v1/sites/a.example/thumbnail?size=small', {
      headers: { Accept: 'image/webp,*/*;q=0.8', Cookie: 'mine=1' },
    })

    expect(response.status).toBe(200)
    expect(Buffer.from(await response.arrayBuffer())).toEqual(PICTURE)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/webp',
      etag: '"a"',
      'last-modified': 'Sat, 25 Jul 2026 10:00:00 GMT',
      'cache-control': 'public, max-age=60',
      vary: 'Accept',
      'cross-origin-resource-policy': 'cross-origin',
    })
    expect(response.headers.get('set-cookie')).toBeNull()
    expect(thumbnailer.asked[0]?.headers).toMatchObject({ accept: 'image/webp,*/*;q=0.8' })
    expect(thumbnailer.asked[0]?.headers.cookie).toBeUndefined()
  })

  test('is asked for by a signed request, of the host with most page views', async () => {
    await using thumbnailer = await playThumbnailer((_request, response) => response.writeHead(404).end())
    await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url })
    await log.insert([
      viewBut(),
      ...viewsBy(2, { host: 'www.a.example' }),
      ...viewsBy(9, { host: 'bots.a.example', is_bot: true }),
      ...viewsBy(9, { host: 'no host/../?', site: 'odd.example' }),
    ])

    await api.get('/v1/sites/a.example/thumbnail?size=full')
    await api.get('/v1/sites/odd.example/thumbnail?scale=2&format=avif&scheme=dark')
    await api.get('/v1/sites/unseen.example/thumbnail?wait=1')

    expect(thumbnailer.asked.map(({ url }) => url)).toEqual([
      '/thumbnail?url=http%3A%2F%2Fwww.a.example%2F&size=full&wait=0',
      '/thumbnail?url=http%3A%2F%2Fodd.example%2F&size=large&scale=2&format=avif&scheme=dark&wait=0',
      '/thumbnail?url=http%3A%2F%2Funseen.example%2F&size=large',
    ])
    const signed = thumbnailer.asked.map(({ url = '', headers }) =>
      isSignedBy(KEY, 'thumbnailer', ['GET', url], String(headers['selvedge-signature']), NOON),
    )
    expect(signed).toEqual([true, true, true])
  })

  test('is not sent again to who has it', async () => {
    await using thumbnailer = await playThumbnailer((request, response) => {
      const known = request.headers['if-none-match'] === '"a"'
      response.writeHead(known ? 304 : 200, { 'Content-Type': 'image/webp', ETag: '"a"' })
      response.end(known ? undefined : PICTURE)
    })
    await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url })

    const response = await api.get('/v1/sites/a.example/thumbnail', { headers: { 'If-None-Match': '"a"' } })

    expect([response.status, await response.text()]).toEqual([304, ''])
    expect(response.headers.get('etag')).toBe('"a"')
  })
})

describe('a placeholder', () => {
  test('that a key opened is in nobody’s cache but its owner’s, and so is word that a picture is the same', async () => {
    await using thumbnailer = await playThumbnailer((request, response) => {
      const status = request.headers['if-none-match'] === undefined ? 202 : 304
      response.writeHead(status, { 'Content-Type': 'image/webp', 'Cache-Control': 'public, max-age=3' })
      response.end(status === 202 ? PICTURE : undefined)
    })
    const { key, sha256 } = newKey()
    const keys = [{ name: 'mine', sha256, scopes: ['sites:read' as const] }]
    const access = accessSettings.parse({ anonymous: [], keys })
    await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url, access })

    const answers = await Promise.all(
      [{}, { 'If-None-Match': '"a"' }].map((condition) =>
        api.get('/v1/sites/a.example/thumbnail', { headers: { 'X-API-Key': key, ...condition } }),
      ),
    )

    expect(answers.map(({ status, headers }) => [status, headers.get('cache-control')])).toEqual([
      [202, 'private, max-age=3'],
      [304, 'private, max-age=3'],
    ])
  })

  test('is passed on as what it is, with when to look again', async () => {
    await using thumbnailer = await playThumbnailer((_request, response) => {
      response
        .writeHead(202, {
          'Content-Type': 'image/webp',
          'Cache-Control': 'public, max-age=3',
          'Retry-After': '3',
        })
        .end(PICTURE)
    })
    await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url })

    const response = await api.get('/v1/sites/a.example/thumbnail')

    expect(response.status).toBe(202)
    expect(response.headers.get('cache-control')).toBe('public, max-age=3')
    expect(response.headers.get('retry-after')).toBe('3')
    expect(Buffer.from(await response.arrayBuffer())).toEqual(PICTURE)
  })
})

describe('how a site looked', () => {
  const version = {
    digest: 'a'.repeat(32),
    scale: 1,
    renderedAtMs: NOON - 1_000,
    checkedAtMs: NOON,
    finalUrl: 'http://a.example/home',
    status: 200,
    title: '<b>A</b>',
    kind: 'page',
    colour: '#faf7f0',
    thumbhash: 'AAAA',
  }

  test('is told with its colours, and where each picture is', async () => {
    await using thumbnailer = await playThumbnailer((_request, response) => {
      const failure = {
        code: 'site-error',
        detail: 'Status 500.',
        times: 2,
        atMs: NOON,
        untilMs: NOON + 60_000,
      }
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify({ url: 'http://a.example/', versions: [version], failure }))
    })
    await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url })

    const answer = await api.ask('/v1/sites/a.example/thumbnail/history?scheme=dark')

    expect(thumbnailer.asked[0]?.url).toMatch(/^\/history\?url=http%3A%2F%2F.*a\.example%2F&scheme=dark$/)
    expect(answer).toMatchObject({
      site: 'a.example',
      url: 'http://a.example/',
      items: [
        {
          version: 'a'.repeat(32),
          renderedAt: '2026-07-25T11:59:59.000Z',
          checkedAt: '2026-07-25T12:00:00.000Z',
          title: '<b>A</b>',
          favicon: null,
          colour: '#faf7f0',
          thumbhash: 'AAAA',
          picture: `/v1/sites/a.example/thumbnail?size=large&scheme=dark&version=${'a'.repeat(32)}`,
        },
      ],
      failure: { code: 'site-error', times: 2, nextTryAt: '2026-07-25T12:01:00.000Z' },
    })
  })

  test('an answer that is no history is a 502', async () => {
    await using thumbnailer = await playThumbnailer((_request, response) => response.end('{"versions":7}'))
    await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url })

    expect((await api.get('/v1/sites/a.example/thumbnail/history')).status).toBe(502)
  })
})

describe('a new picture on demand', () => {
  const { key, sha256 } = newKey()
  const access = accessSettings.parse({ keys: [{ name: 'desk', sha256, scopes: ['sites:refresh'] }] })
  const path = '/v1/sites/a.example/thumbnail/refresh'

  test('is for who has a key for it', async () => {
    await using thumbnailer = await playThumbnailer((_request, response) => response.writeHead(202).end('{}'))
    await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url, access })
    const post = (headers: Record<string, string>) => api.get(path, { method: 'POST', headers })

    const [without, within] = [await post({}), await post({ 'X-API-Key': key })]

    expect([without.status, within.status]).toEqual([401, 202])
    expect(await within.json()).toEqual({
      site: 'a.example',
      state: 'rendering',
      history: '/v1/sites/a.example/thumbnail/history',
    })
    expect(thumbnailer.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      expect.stringMatching(/^POST \/refresh\?url=http%3A%2F%2F.*a\.example%2F&scheme=light$/),
    ])
    const [asked] = thumbnailer.asked
    const signature = String(asked?.headers['selvedge-signature'])
    expect(isSignedBy(KEY, 'thumbnailer', ['POST', asked?.url ?? ''], signature, NOON)).toBe(true)
  })

  test('a site that had enough of them is a 429 that says when', async () => {
    await using thumbnailer = await playThumbnailer((_request, response) => {
      response.writeHead(429, { 'Content-Type': 'application/problem+json', 'Retry-After': '9' })
      response.end(JSON.stringify({ title: 'Busy', status: 429, code: 'site-busy', detail: 'Enough.' }))
    })
    await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url, access })

    const response = await api.get(path, { method: 'POST', headers: { 'X-API-Key': key } })

    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '9'])
  })
})

describe('no picture', () => {
  test.each([
    [403, '7'],
    [404, undefined],
    [422, '7'],
    [429, '7'],
    [502, '7'],
    [503, '7'],
    [504, '7'],
  ])('a %i of the thumbnailer reaches who asked, in its own words', async (status, retryAfter) => {
    await using thumbnailer = await playThumbnailer((_request, response) => {
      response.writeHead(status, {
        'Content-Type': 'application/problem+json',
        ...(retryAfter !== undefined && { 'Retry-After': retryAfter }),
      })
      response.end(JSON.stringify({ title: 'Busy', status, code: 'busy', detail: 'Wait a little.' }))
    })
    await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url })

    const response = await api.get('/v1/sites/a.example/thumbnail')

    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    expect(response.headers.get('retry-after')).toBe(retryAfter ?? null)
    expect(await response.json()).toEqual({ title: 'Busy', status, code: 'busy', detail: 'Wait a little.' })
  })

  test.each([
    ['an answer that is no picture', 200, { 'Content-Type': 'text/html' }, '<script>'],
    ['a picture that may hold scripts', 200, { 'Content-Type': 'image/svg+xml' }, '<svg/>'],
    ['a picture without end', 200, { 'Content-Type': 'image/png' }, Buffer.alloc(9_000_000)],
    ['a redirect', 302, { Location: 'http://127.0.0.1:1/' }, ''],
    ['a refused signature', 401, {}, 'secret of the inside'],
  ])('%s is a 502 that gives nothing of it away', async (_what, status, headers, body) => {
    await using thumbnailer = await playThumbnailer((_request, response) => {
      response.writeHead(status, headers).end(body)
    })
    await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url })

    const response = await api.get('/v1/sites/a.example/thumbnail')

    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({
      code: 'thumbnailer-failed',
      detail: 'The thumbnailer gave no picture.',
    })
  })

  test('a thumbnailer that is down is a 503 that says when to come back', async () => {
    await using api = await infoApiOn(log, { thumbnailerUrl: 'http://127.0.0.1:9' })

    const response = await api.get('/v1/sites/a.example/thumbnail')

    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('10')
    expect(await response.json()).toMatchObject({ code: 'thumbnailer-down' })
  })

  test.each([
    ['never answers', false],
    ['stops in the middle', true],
  ])('a thumbnailer that %s is a 504', async (_what, begins) => {
    await using thumbnailer = await playThumbnailer((_request, response) => {
      if (begins) response.writeHead(200, { 'Content-Type': 'image/png' }).write('PNG')
    })
    await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url, thumbnailWaitMsMax: 200 })

    const response = await api.get('/v1/sites/a.example/thumbnail')

    expect(response.status).toBe(504)
    expect(await response.json()).toMatchObject({ code: 'thumbnailer-slow' })
  })

  test('a thumbnailer that breaks off is a 503', async () => {
    await using thumbnailer = await playThumbnailer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'image/png', 'Content-Length': 100 }).write('PNG')
      setImmediate(() => response.destroy())
    })
    await using api = await infoApiOn(log, { thumbnailerUrl: thumbnailer.url })

    const response = await api.get('/v1/sites/a.example/thumbnail')

    expect(response.status).toBe(503)
  })
})
