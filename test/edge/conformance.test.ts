import { once } from 'node:events'
import { request as ask } from 'node:http'
import { describe, expect, test } from 'vitest'
import { HOST, type House, houseInFrontOf } from './house.ts'
import { site } from './site.ts'

/** What RFC 9111 and its kin ask of a cache, beyond what the public suite asks: through both tiers. */
describe('a stale response', () => {
  test.each(['must-revalidate', 'proxy-revalidate', 'no-cache', 's-maxage=2'])(
    'is not served to a viewer when the origin hangs up and %s forbids it (RFC 9111 §4.2.4)',
    async (directive) => {
      await using origin = await site({ 'cache-control': `max-age=2, ${directive}`, etag: '"v1"' })
      await using house = await houseInFrontOf(origin.url)
      await house.get('/page')
      house.clock.advanceSeconds(5)
      origin.answers((request) => request.socket.destroy())

      const answer = await house.get('/page')

      expect([answer.status, answer.body.includes('answer 1')]).toEqual([502, false])
    },
  )
})

describe('what may be kept', () => {
  test.each([
    ['a status that nobody knows, with a lifetime', 299, { 'cache-control': 'max-age=60' }, true],
    [
      'a status that must be understood, and is',
      404,
      { 'cache-control': 'max-age=60, no-store, must-understand' },
      true,
    ],
    [
      'a status that must be understood, and is not',
      299,
      { 'cache-control': 'max-age=60, must-understand' },
      false,
    ],
    ['a 429, whatever it says (RFC 6585 §4)', 429, { 'cache-control': 'public, max-age=60' }, false],
    [
      'a Set-Cookie with a lifetime (RFC 9111 §7.3)',
      200,
      { 'cache-control': 'max-age=60', 'set-cookie': 'a=1' },
      true,
    ],
    [
      'what CDN-Cache-Control allows and Cache-Control forbids',
      200,
      { 'cache-control': 'no-store', 'cdn-cache-control': 'max-age=60' },
      true,
    ],
    [
      'what CDN-Cache-Control forbids',
      200,
      { 'cache-control': 'max-age=60', 'cdn-cache-control': 'no-store' },
      false,
    ],
    [
      'what our own field allows, before CDN-Cache-Control',
      200,
      { 'cdn-cache-control': 'no-store', 'selvedge-cdn-cache-control': 'max-age=60' },
      true,
    ],
    [
      'a malformed CDN-Cache-Control counts as none',
      200,
      { 'cache-control': 'no-store', 'cdn-cache-control': 'max-age=60, &&&' },
      false,
    ],
    ['half a rule with a semicolon', 200, { 'cache-control': 'no-store; max-age=60' }, false],
    [
      'what Surrogate-Control allows us',
      200,
      { 'cache-control': 'no-store', 'surrogate-control': 'max-age=60;selvedge' },
      true,
    ],
    ['what Surrogate-Control allows another', 200, { 'surrogate-control': 'max-age=60;other' }, false],
  ] as const)('%s', async (_, status, headers, kept) => {
    await using origin = await site(headers, status)
    await using house = await houseInFrontOf(origin.url)

    await house.get('/page')
    await house.get('/page')

    expect(origin.requests.length).toBe(kept ? 1 : 2)
  })

  test('fields that private and no-cache name reach the viewer they were made for, and nobody else', async () => {
    await using origin = await site({
      'cache-control': 'max-age=60, private="x-user, Set-Cookie", no-cache="x-token"',
      'x-user': 'alice',
      'x-token': 'once',
      'x-page': 'for all',
      'set-cookie': 'session=alice',
    })
    await using house = await houseInFrontOf(origin.url)

    const alice = await house.get('/page')
    const bob = await house.get('/page')

    expect(alice.headers).toMatchObject({
      'x-user': 'alice',
      'x-token': 'once',
      'set-cookie': 'session=alice',
    })
    expect(bob.headers).toMatchObject({ 'x-page': 'for all', 'x-cache': 'Hit from selvedge' })
    expect(['x-user', 'x-token', 'set-cookie'].filter((name) => name in bob.headers)).toEqual([])
  })

  test('a POST that shows what a GET would answers the next GET (RFC 9110 §9.3.3)', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60', 'content-location': '/thing' })
    await using house = await houseInFrontOf(origin.url)

    const posted = await house.ask('POST', '/thing', {}, 'new')
    const got = await house.get('/thing')
    await house.ask('POST', '/other', {}, 'new')
    await house.get('/other')

    expect([posted.body, got.body, got.headers['x-cache']]).toEqual([
      'answer 1',
      'answer 1',
      'Hit from selvedge',
    ])
    expect(origin.requests).toEqual(['POST /thing', 'POST /other', 'GET /other'])
  })
})

describe('several responses for one URL', () => {
  test('one viewer’s page doesn’t keep everybody else’s out of the cache', async () => {
    await using origin = await site()
    origin.answers((request, response) => {
      const control = request.headers.cookie === undefined ? 'max-age=60' : 'private'
      response.writeHead(200, { 'cache-control': control }).end(`for ${request.headers.cookie ?? 'all'}`)
    })
    await using house = await houseInFrontOf(origin.url)

    await house.get('/page', { cookie: 'alice' })
    await house.get('/page')
    const hit = await house.get('/page')

    expect([hit.body, hit.headers['x-cache'], origin.requests.length]).toEqual([
      'for all',
      'Hit from selvedge',
      2,
    ])
  })

  test('of those that match the one with the newest Date is served (RFC 9111 §4)', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(origin.url)
    const nowMs = Date.now()
    const said = (vary: string, agoSeconds: number, body: string) =>
      origin.answers((_, response) => {
        const date = new Date(nowMs - agoSeconds * 1000).toUTCString()
        response.writeHead(200, { vary, date, 'cache-control': 'max-age=600' }).end(body)
      })
    said('x-a', 10, 'newer')
    await house.get('/page', { 'x-a': '1', 'x-b': '1' })
    said('x-b', 100, 'older')
    await house.get('/page', { 'x-a': '2', 'x-b': '2' })

    const both = await house.get('/page', { 'x-a': '1', 'x-b': '2' })

    expect([both.body, origin.requests.length]).toEqual(['newer', 2])
  })
})

describe('a request’s own Cache-Control, where the behaviour obeys it (RFC 9111 §5.2.1)', () => {
  const obeying = (url: string) => [
    {
      id: 'site',
      aliases: [HOST],
      origins: [{ id: 'origin', http: { url } }],
      defaultCacheBehavior: { requestDirectives: 'obey' },
    },
  ]

  test('asks the origin, says so in Cache-Status, and gets 504 where nothing may be served', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60' })
    await using house = await houseInFrontOf(obeying(origin.url))

    const nothing = await house.get('/page', { 'cache-control': 'only-if-cached' })
    await house.get('/page')
    const stored = await house.get('/page', { 'cache-control': 'only-if-cached' })
    const reloaded = await house.get('/page', { 'cache-control': 'no-cache' })
    await house.get('/page', { 'cache-control': 'no-store' })
    await house.get('/page', { pragma: 'no-cache' })
    const old = await house.get('/page', { 'cache-control': 'min-fresh=600' })
    house.clock.advanceSeconds(100)
    const stale = await house.get('/page', { 'cache-control': 'max-stale' })

    expect([nothing.status, stored.body, reloaded.body]).toEqual([504, 'answer 1', 'answer 2'])
    expect(reloaded.headers['cache-status']).toContain('fwd=request')
    expect([old.body, stale.body]).toEqual(['answer 5', 'answer 5'])
  })

  test('is passed over by default', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60' })
    await using house = await houseInFrontOf(origin.url)
    await house.get('/page')

    const reloaded = await house.get('/page', { 'cache-control': 'no-cache, no-store', pragma: 'no-cache' })

    expect([reloaded.body, origin.requests.length]).toEqual(['answer 1', 1])
  })
})

describe('what a 304 changes', () => {
  test('what the response varies by, too', async () => {
    await using origin = await site({ 'cache-control': 'max-age=2', etag: '"v1"' })
    await using house = await houseInFrontOf(origin.url)
    await house.get('/page', { 'x-a': '1' })
    house.clock.advanceSeconds(5)
    origin.answers((request, response) => {
      const etag = `"v${request.headers['x-a']}"`
      const isSame = request.headers['if-none-match'] === etag
      const fields = { 'cache-control': 'max-age=60', etag, vary: 'x-a' }
      response.writeHead(isSame ? 304 : 200, fields).end(isSame ? undefined : `for ${request.headers['x-a']}`)
    })

    await house.get('/page', { 'x-a': '1' })
    const same = await house.get('/page', { 'x-a': '1' })
    const other = await house.get('/page', { 'x-a': '2' })

    expect([same.body, other.body]).toEqual(['answer 1', 'for 2'])
  })

  test('its fields, but not the tag and the digests of the bytes that are kept (RFC 9111 §3.2)', async () => {
    await using origin = await site({
      'cache-control': 'max-age=2',
      etag: '"v1-gzip"',
      'content-digest': 'sha-256=:a:',
    })
    await using house = await houseInFrontOf(origin.url)
    await house.get('/page')
    house.clock.advanceSeconds(5)
    origin.answers((_, response) => {
      response.writeHead(304, { etag: '"v1"', 'content-digest': 'sha-256=:b:', 'x-new': '1' }).end()
    })

    const { headers, body } = await house.get('/page')

    expect([headers.etag, headers['content-digest'], headers['x-new'], body]).toEqual([
      '"v1-gzip"',
      'sha-256=:a:',
      '1',
      'answer 1',
    ])
  })
})

describe('a cookie that a 304 brings', () => {
  test('reaches the viewer whose request it answers, in a 304 too, and no other', async () => {
    await using origin = await site({ 'cache-control': 'max-age=2', etag: '"v"' })
    await using house = await houseInFrontOf(origin.url)
    await house.get('/page')
    house.clock.advanceSeconds(5)
    origin.answers((_, response) => {
      response
        .writeHead(304, { etag: '"v"', 'cache-control': 'max-age=60', 'set-cookie': 'session=alice' })
        .end()
    })

    const alice = await house.get('/page', { 'if-none-match': '"v"' })
    const bob = await house.get('/page', { 'if-none-match': '"v"' })

    expect([alice.status, alice.headers['set-cookie']]).toEqual([304, 'session=alice'])
    expect([bob.status, bob.headers['set-cookie']]).toEqual([304, undefined])
  })
})

describe('parts and preconditions', () => {
  test('a part has no digest of the whole content, but that of the representation (RFC 9530)', async () => {
    await using origin = await site({
      'cache-control': 'max-age=60',
      'content-digest': 'a=:a:',
      'repr-digest': 'a=:b:',
    })
    await using house = await houseInFrontOf(origin.url)
    await house.get('/page')

    const part = await house.get('/page', { range: 'bytes=0-2' })

    expect([part.status, part.headers['content-digest'], part.headers['repr-digest']]).toEqual([
      206,
      undefined,
      'a=:b:',
    ])
  })

  test('without Last-Modified a date is held against the Date of what is stored (RFC 9111 §4.3.2)', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(origin.url)
    origin.answers((_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', date: new Date().toUTCString() }).end('page')
    })
    const { headers } = await house.get('/page')
    const date = headers.date as string

    const same = await house.get('/page', { 'if-modified-since': date })
    const older = await house.get('/page', { 'if-modified-since': 'Tue, 24 Nov 2020 12:00:00 GMT' })

    expect([same.status, older.status]).toEqual([304, 200])
  })
})

describe('a request that has been here before', () => {
  test('is refused with 508, whatever Connection says; others’ loops are theirs (RFC 8586)', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(origin.url)
    await house.get('/page', { 'cdn-loop': 'other-cdn; a=1' })
    const seen = origin.headers[0]?.['cdn-loop'] as string

    const again = await house.get('/page', { 'cdn-loop': seen })
    await house.get('/stripped', { 'cdn-loop': 'other-cdn', connection: 'cdn-loop' })

    expect(seen).toMatch(/^other-cdn; a=1, selvedge-[0-9a-f]{12}$/)
    expect(again.status).toBe(508)
    expect(origin.headers[1]?.['cdn-loop']).toContain('other-cdn')
  })
})

describe('interim responses', () => {
  test('reach the viewer through both tiers, and the final one is kept', async () => {
    await using origin = await site()
    origin.answers((_, response) => {
      response.writeProcessing()
      response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style', 'x-hint': '1' })
      response.writeHead(200, { 'cache-control': 'max-age=60' }).end('page')
    })
    await using house = await houseInFrontOf(origin.url)

    const first = await interimOf(house)
    const second = await interimOf(house)

    expect(first).toEqual([
      [102, undefined],
      [103, '</style.css>; rel=preload; as=style'],
    ])
    expect([second, origin.requests.length]).toEqual([[], 1])
  })
})

/** Statuses and `Link` of the interim responses to a GET. */
async function interimOf(house: House): Promise<[number, string | undefined][]> {
  const interim: [number, string | undefined][] = []
  const asked = ask({ port: house.port, path: '/page', headers: { host: HOST }, agent: false })
  asked.on('information', ({ statusCode, headers }) =>
    interim.push([statusCode, headers.link as string | undefined]),
  )
  asked.end()
  const [response] = await once(asked, 'response')
  response.resume()
  await once(response, 'end')
  return interim
}
