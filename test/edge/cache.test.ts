import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { HOST, houseInFrontOf } from './house.ts'
import { site } from './site.ts'

describe('a cached response', () => {
  test('is a Miss, then a Hit with its Age, and reaches the origin once', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60' })
    await using house = await houseInFrontOf(origin.url)

    const first = await house.get('/page')
    house.clock.advanceSeconds(20)
    const second = await house.get('/page')

    expect(first.headers['x-cache']).toBe('Miss from selvedge')
    expect(second.headers['x-cache']).toBe('Hit from selvedge')
    expect(Number(second.headers.age)).toBeGreaterThanOrEqual(20)
    expect(second.headers['cache-status']).toMatch(/"test"; hit; ttl=(39|40)$/)
    expect(second.body).toBe(first.body)
    expect(origin.requests).toEqual(['GET /page'])
  })

  test('tells of the caches that its request came to, and of those behind the origin', async () => {
    await using origin = await site({
      'cache-control': 'max-age=60',
      via: '1.1 varnish (Varnish/7.1)',
      'cache-status': 'varnish; hit',
    })
    await using house = await houseInFrontOf(origin.url)

    const miss = await house.get('/page')
    const hit = await house.get('/page')

    expect(miss.headers['cache-status']).toMatch(
      /^varnish; hit, "test-shield"; fwd=uri-miss; fwd-status=200; stored, "test"; fwd=uri-miss; /,
    )
    expect(hit.headers['cache-status']).toMatch(/^varnish; hit, "test"; hit; ttl=(59|60)$/)
    for (const { headers } of [miss, hit])
      expect(headers.via).toBe('1.1 varnish (Varnish/7.1), 1.1 test (selvedge)')
  })

  test.each(['on', 'off'] as const)(
    'says of a connection only that it ends, and to HTTP/1.0 that it stays (lane: %s)',
    async (lane) => {
      await using origin = await site({ 'cache-control': 'max-age=60' })
      await using house = await houseInFrontOf(origin.url, { lane })
      const told = async (version: string, connection: string) => {
        const socket = connect({ host: '127.0.0.1', port: house.port })
        socket.write(`GET /page HTTP/${version}\r\nHost: ${HOST}\r\nConnection: ${connection}\r\n\r\n`)
        const [head] = await once(socket, 'data')
        socket.destroy()
        return String(head).match(/^(?:connection|keep-alive):.*(?=\r)/gim)
      }

      for (const _ of ['miss', 'hit']) {
        expect(await told('1.1', 'keep-alive')).toBeNull()
        expect(await told('1.1', 'close')).toEqual(['Connection: close'])
        expect(await told('1.0', 'keep-alive')).toContain('Connection: keep-alive')
      }
    },
  )

  test('is renewed by a 304 once it is stale', async () => {
    await using origin = await site()
    origin.answers((request, response) => {
      const headers = { etag: '"v1"', 'cache-control': 'max-age=10' }
      if (request.headers['if-none-match'] === '"v1"') response.writeHead(304, headers).end()
      else response.writeHead(200, headers).end('the page')
    })
    await using house = await houseInFrontOf(origin.url)

    await house.get('/page')
    house.clock.advanceSeconds(15)
    const renewed = await house.get('/page')
    const after = await house.get('/page')

    expect(renewed.headers['x-cache']).toBe('RefreshHit from selvedge')
    expect(renewed.body).toBe('the page')
    expect(after.headers['x-cache']).toBe('Hit from selvedge')
    expect(origin.headers.map((headers) => headers['if-none-match'])).toEqual([undefined, '"v1"'])
  })

  test('takes over the fields that a 304 brings, through both tiers', async () => {
    await using origin = await site()
    let version = 0
    origin.answers((request, response) => {
      version += 1
      const headers = { etag: '"v1"', 'cache-control': 'max-age=10', 'x-version': String(version) }
      const status = request.headers['if-none-match'] === '"v1"' ? 304 : 200
      response.writeHead(status, headers).end(status === 200 ? 'the page' : undefined)
    })
    await using house = await houseInFrontOf(origin.url)

    await house.get('/page')
    house.clock.advanceSeconds(15)
    const renewed = await house.get('/page')
    const unchanged = await house.get('/page', { 'if-none-match': '"v1"' })

    expect([renewed.body, renewed.headers['x-version']]).toEqual(['the page', '2'])
    // A viewer's 304 has only what RFC 9110 §15.4.5 lists.
    expect([unchanged.status, unchanged.headers['x-version']]).toEqual([304, undefined])
  })

  test.each([
    ['no-store', { 'cache-control': 'no-store' }],
    ['private', { 'cache-control': 'private, max-age=60' }],
    [
      'Set-Cookie and no lifetime',
      { 'last-modified': 'Tue, 24 Nov 2020 12:00:00 GMT', 'set-cookie': 'id=1' },
    ],
    ['Vary: *', { 'cache-control': 'max-age=60', vary: '*' }],
    ['no lifetime and no validator', {}],
  ])('is not kept with %s', async (_, headers) => {
    await using origin = await site(headers)
    await using house = await houseInFrontOf(origin.url)

    const bodies = [await house.get('/page'), await house.get('/page')].map(({ body }) => body)

    expect(bodies).toEqual(['answer 1', 'answer 2'])
  })

  test('to a request with Authorization is kept only when the origin says that it may be', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60' })
    await using house = await houseInFrontOf(origin.url)

    await house.get('/page', { authorization: 'Basic YTpi' })
    const second = await house.get('/page')

    expect(second.body).toBe('answer 2')
  })

  test('is chosen by Vary', async () => {
    await using origin = await site()
    origin.answers((request, response) => {
      response.writeHead(200, { vary: 'Accept-Language', 'cache-control': 'max-age=60' })
      response.end(`in ${request.headers['accept-language']}`)
    })
    await using house = await houseInFrontOf(origin.url)

    const bodies: string[] = []
    for (const language of ['de', 'fr', 'de', 'fr']) {
      bodies.push((await house.get('/page', { 'accept-language': language })).body)
    }

    expect(bodies).toEqual(['in de', 'in fr', 'in de', 'in fr'])
    expect(origin.requests.length).toBe(2)
  })

  test('has the whole query in its key', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60' })
    await using house = await houseInFrontOf(origin.url)

    const bodies: string[] = []
    for (const path of ['/p?a=1', '/p?a=2', '/p', '/p?a=1']) bodies.push((await house.get(path)).body)

    expect(bodies).toEqual(['answer 1', 'answer 2', 'answer 3', 'answer 1'])
  })

  test('is dropped by a POST to its URL that succeeds', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60' })
    await using house = await houseInFrontOf(origin.url)

    await house.get('/page')
    await house.ask('POST', '/page', {}, 'new content')
    const after = await house.get('/page')

    expect(after.body).toBe('answer 3')
    expect(origin.requests).toEqual(['GET /page', 'POST /page', 'GET /page'])
  })

  test('is fetched by a HEAD too, so that whoever asks with curl -I sees a Miss, then a Hit', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60' })
    await using house = await houseInFrontOf(origin.url)

    const answers = [
      await house.ask('HEAD', '/page'),
      await house.ask('HEAD', '/page'),
      await house.get('/page'),
    ]

    expect(answers.map(({ headers }) => headers['x-cache']?.split(' ')[0])).toEqual(['Miss', 'Hit', 'Hit'])
    expect(answers.map(({ body }) => body)).toEqual(['', '', 'answer 1'])
    expect(origin.requests).toEqual(['GET /page'])
  })

  test('answers HEAD, ranges and conditional requests', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60', etag: '"v1"' })
    await using house = await houseInFrontOf(origin.url)
    await house.get('/page')

    const head = await house.ask('HEAD', '/page')
    const range = await house.get('/page', { range: 'bytes=0-5' })
    const beyond = await house.get('/page', { range: 'bytes=100-' })
    const unchanged = await house.get('/page', { 'if-none-match': 'W/"v1"' })

    expect([head.status, head.headers['content-length'], head.body]).toEqual([200, '8', ''])
    expect([range.status, range.headers['content-range'], range.body]).toEqual([206, 'bytes 0-5/8', 'answer'])
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */8'])
    expect([unchanged.status, unchanged.headers.etag, unchanged.body]).toEqual([304, '"v1"', ''])
    expect(origin.requests).toEqual(['GET /page'])
  })
})

describe('what a 304 brings for one viewer', () => {
  test.each([
    ['a Set-Cookie', { 'cache-control': 'max-age=60', 'set-cookie': 'session=alice' }],
    ['private', { 'cache-control': 'private, max-age=60', 'x-for': 'alice' }],
  ])('%s: the next viewer doesn’t get it', async (_, headers) => {
    await using origin = await site()
    origin.answers((request, response) => {
      const isConditional = request.headers['if-none-match'] !== undefined
      const mine = request.headers.cookie === 'alice' ? headers : { 'cache-control': 'max-age=1' }
      response
        .writeHead(isConditional ? 304 : 200, { etag: '"v"', ...mine })
        .end(isConditional ? undefined : 'page')
    })
    await using house = await houseInFrontOf(origin.url)
    await house.get('/page')
    house.clock.advanceSeconds(5)

    const alice = await house.get('/page', { cookie: 'alice' })
    const bob = await house.get('/page', { cookie: 'bob' })

    expect([alice.status, alice.body]).toEqual([200, 'page'])
    expect(alice.headers['set-cookie'] ?? alice.headers['x-for']).toContain('alice')
    expect([bob.status, bob.body]).toEqual([200, 'page'])
    expect(bob.headers['set-cookie'] ?? bob.headers['x-for']).toBeUndefined()
  })
})

describe('request collapsing', () => {
  test('a request that joins a revalidation gets its own variant', async () => {
    await using origin = await site()
    const held: (() => void)[] = []
    let isHolding = false
    origin.answers((request, response) => {
      const language = request.headers['accept-language']
      const vary = request.headers.cookie === undefined ? 'Accept-Language' : 'Cookie'
      const headers = { vary, 'cache-control': 'max-age=10', etag: `"${language}"` }
      const isSame = request.headers['if-none-match'] === headers.etag
      const answer = () =>
        response.writeHead(isSame ? 304 : 200, headers).end(isSame ? undefined : `in ${language}`)
      if (isHolding) held.push(answer)
      else answer()
    })
    await using house = await houseInFrontOf(origin.url)
    await house.get('/page', { 'accept-language': 'de' })
    await house.get('/page', { 'accept-language': 'xx', cookie: 'a' })
    house.clock.advanceSeconds(20)

    isHolding = true
    const answers = ['de', 'fr'].map((language) => house.get('/page', { 'accept-language': language }))
    await expect.poll(() => held.length).toBeGreaterThan(0)
    isHolding = false
    for (const answer of held) answer()

    expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(['in de', 'in fr'])
  })

  test('a crowd on one cold object makes one request, and all get the same bytes while they arrive', async () => {
    await using origin = await site()
    let finish = () => {}
    origin.answers((_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60' }).write('first half, ')
      finish = () => response.end('second half')
    })
    await using house = await houseInFrontOf(origin.url)

    const crowd = Promise.all(Array.from({ length: 50 }, () => house.get('/page')))
    await expect.poll(() => origin.requests.length).toBe(1)
    finish()
    const answers = await crowd

    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['first half, second half']))
    expect(answers.filter(({ headers }) => headers['x-cache'] === 'Miss from selvedge')).toHaveLength(1)
    expect(origin.requests).toEqual(['GET /page'])
  })

  test('a response for one viewer is never given to another who waited for it', async () => {
    await using origin = await site()
    origin.answers((request, response) => {
      response.writeHead(200, { 'cache-control': 'private' }).end(`for ${request.headers.cookie}`)
    })
    await using house = await houseInFrontOf(origin.url)

    const names = Array.from({ length: 20 }, (_, at) => `viewer=${at}`)
    const answers = await Promise.all(names.map((cookie) => house.get('/page', { cookie })))

    expect(answers.map(({ body }) => body)).toEqual(names.map((name) => `for ${name}`))
  })

  test('an origin that breaks off breaks the response off, and nothing is kept', async () => {
    await using origin = await site()
    origin.answers((_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': '1000' }).write('a part')
      setTimeout(() => response.destroy(), 20)
    })
    await using house = await houseInFrontOf(origin.url)

    await expect(house.get('/page')).rejects.toThrow()
    origin.answers((_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60' }).end('the whole')
    })
    const after = await house.get('/page')

    expect(after.body).toBe('the whole')
    expect(after.headers['x-cache']).toBe('Miss from selvedge')
  })
})

describe('stale responses', () => {
  test('stale-while-revalidate: served at once while a single fetch renews them (RFC 5861 §3)', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60, stale-while-revalidate=30' })
    await using house = await houseInFrontOf(origin.url)

    await house.get('/page')
    house.clock.advanceSeconds(75) // 15 s stale, 15 s left in which stale is allowed
    const answers = await Promise.all([house.get('/page'), house.get('/page'), house.get('/page')])

    expect(answers.map(({ body }) => body)).toEqual(['answer 1', 'answer 1', 'answer 1'])
    await expect.poll(async () => (await house.get('/page')).body).not.toBe('answer 1')
  })

  test('stand in when the origin can’t be reached, unless they must be revalidated (RFC 9111 §4.2.4)', async () => {
    const origin = await site()
    origin.answers((request, response) => {
      const more = request.url === '/strict' ? ', must-revalidate' : ''
      response.writeHead(200, { 'cache-control': `max-age=10${more}` }).end('before')
    })
    await using house = await houseInFrontOf(origin.url)
    await house.get('/page')
    await house.get('/strict')

    await origin[Symbol.asyncDispose]()
    house.clock.advanceSeconds(60)
    const lenient = await house.get('/page')
    const strict = await house.get('/strict')

    expect([lenient.status, lenient.body]).toEqual([200, 'before'])
    expect(strict.status).toBe(502)
    expect(strict.body).toMatch(/could not be reached.*Request id: \S+/)
    expect(strict.headers['cache-status']).toContain('detail=OriginConnectError')
    expect(strict.headers['x-cache']).toBe('Error from selvedge')
  })

  test('stand in for a 5xx within stale-if-error (RFC 5861 §4)', async () => {
    await using origin = await site({ 'cache-control': 'max-age=10, stale-if-error=100' })
    await using house = await houseInFrontOf(origin.url)
    await house.get('/page')

    origin.answers((_, response) => response.writeHead(503).end('down'))
    house.clock.advanceSeconds(50)
    const within = await house.get('/page')
    house.clock.advanceSeconds(100)
    const beyond = await house.get('/page')

    expect([within.status, within.body]).toEqual([200, 'answer 1'])
    expect(beyond.status).toBe(503)
  })
})
