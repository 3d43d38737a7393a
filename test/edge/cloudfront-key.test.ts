import { describe, expect, test } from 'vitest'
import { distributionOf, keyedBy } from './cloudfront-site.ts'
import { HOST, houseInFrontOf } from './house.ts'
import { site } from './site.ts'

/** What a viewer might send to poison a cache. */
const HOSTILE = {
  accept: 'evil/accept',
  'accept-language': 'evil',
  authorization: 'Basic ZXZpbA==',
  cookie: 'evil=1',
  forwarded: 'host=evil',
  origin: 'https://evil.example',
  pragma: 'evil',
  referer: 'https://evil.example/',
  'user-agent': 'evil',
  via: '1.1 evil',
  'x-custom': 'evil',
  'x-edge-location': 'evil',
  'x-forwarded-for': 'evil',
  'x-forwarded-host': 'evil',
  'x-forwarded-proto': 'evil',
  'x-http-method-override': 'evil',
  'x-original-url': '/evil',
  'x-real-ip': 'evil',
  'x-rewrite-url': '/evil',
}

describe('under a cache policy', () => {
  test.each(['CachingOptimized', 'Managed-CachingDisabled', '658327ea-f89d-4fab-a63d-7e88639e58f6'])(
    '%s: nothing that is not in the key reaches the origin',
    async (cachePolicy) => {
      await using origin = await site()
      await using house = await houseInFrontOf(distributionOf(origin.url, { cachePolicy }))

      await house.get('/page?evil=1', HOSTILE)

      expect(origin.requests).toEqual(['GET /page'])
      expect(JSON.stringify(origin.headers)).not.toContain('evil')
      expect(origin.headers[0]).toMatchObject({
        host: new URL(origin.url).host,
        'user-agent': 'Selvedge',
        'x-forwarded-for': '127.0.0.1',
        via: '1.1 test (selvedge)',
      })
      expect(Object.keys(origin.headers[0] ?? {}).sort()).toEqual([
        'cdn-loop',
        'connection',
        'host',
        'surrogate-capability',
        'user-agent',
        'via',
        'x-forwarded-for',
      ])
    },
  )

  test('a query, a cookie or a header that is not listed makes no response of its own', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(distributionOf(origin.url, { cachePolicy: 'CachingOptimized' }))

    const first = await house.get('/page?utm=1', { cookie: 'a=1' })
    const others = [
      await house.get('/page'),
      await house.get('/page?utm=2', { 'x-custom': 'x' }),
      await house.get('/page', { authorization: 'Basic eDp5', cookie: 'b=2' }),
      await house.get('/page', { host: `other.${HOST}` }),
    ]

    expect(first.headers['x-cache']).toBe('Miss from selvedge')
    expect(others.map(({ headers }) => headers['x-cache'])).toEqual(Array(4).fill('Hit from selvedge'))
    expect(origin.requests).toEqual(['GET /page'])
  })

  test('what is listed is in the key and goes to the origin, in one order', async () => {
    await using origin = await site()
    const behavior = keyedBy({
      headersConfig: { headerBehavior: 'whitelist', headers: ['X-Shop', 'CloudFront-Viewer-Country'] },
      cookiesConfig: { cookieBehavior: 'whitelist', cookies: ['shop', 'lang'] },
      queryStringsConfig: { queryStringBehavior: 'allExcept', queryStrings: ['utm'] },
    })
    await using house = await houseInFrontOf(distributionOf(origin.url, behavior))

    await house.get('/p?b=2&utm=1&a=1&b=1', { cookie: 'shop=1; x=2; lang=de', 'x-shop': 'one' })
    const same = await house.get('/p?a=1&b=2&b=1', { cookie: 'lang=de; shop=1', 'x-shop': 'one' })
    const others = [
      await house.get('/p?a=1&b=1&b=2', { cookie: 'lang=de; shop=1', 'x-shop': 'one' }),
      await house.get('/p?a=1&b=2&b=1', { cookie: 'lang=en; shop=1', 'x-shop': 'one' }),
      await house.get('/p?a=1&b=2&b=1', { cookie: 'lang=de; shop=1', 'x-shop': 'two' }),
      await house.get('/p?a=1&b=2&b=1', { cookie: 'lang=de; shop=1' }),
    ]

    expect(origin.requests[0]).toBe('GET /p?a=1&b=2&b=1')
    expect(origin.headers[0]).toMatchObject({ cookie: 'lang=de; shop=1', 'x-shop': 'one' })
    expect(same.headers['x-cache']).toBe('Hit from selvedge')
    expect(others.map(({ headers }) => headers['x-cache'])).toEqual(Array(4).fill('Miss from selvedge'))
  })

  test('an invalidation finds what is stored however it spells the query', async () => {
    await using origin = await site()
    const behavior = keyedBy({
      queryStringsConfig: { queryStringBehavior: 'whitelist', queryStrings: ['a', 'b'] },
    })
    await using house = await houseInFrontOf(distributionOf(origin.url, behavior))

    await house.get('/p?b=2&a=1&z=1')
    await house.get('/p?a=3')
    await house.invalidate({ paths: ['/p?b=2&z=2&a=1'] })
    const dropped = await house.get('/p?a=1&b=2')
    const kept = await house.get('/p?a=3')

    expect([dropped.headers['x-cache'], kept.headers['x-cache']]).toEqual([
      'Miss from selvedge',
      'Hit from selvedge',
    ])
  })

  test('an origin request policy adds what is in no key', async () => {
    await using origin = await site()
    const behavior = {
      cachePolicy: 'CachingOptimized',
      originRequestPolicy: {
        headersConfig: {
          headerBehavior: 'whitelist',
          headers: ['Referer', 'X-Real-IP', 'CloudFront-Viewer-Address'],
        },
        cookiesConfig: { cookieBehavior: 'whitelist', cookies: ['a'] },
        queryStringsConfig: { queryStringBehavior: 'whitelist', queryStrings: ['q'] },
      },
    }
    await using house = await houseInFrontOf(distributionOf(origin.url, behavior))

    await house.get('/p?q=1&z=1', {
      cookie: 'a=1; b=2',
      referer: 'http://r/',
      'x-real-ip': '::1',
      accept: 'x/y',
    })
    const second = await house.get('/p?q=2')

    expect(origin.requests).toEqual(['GET /p?q=1'])
    expect(origin.headers[0]).toMatchObject({ cookie: 'a=1', referer: 'http://r/', 'x-real-ip': '::1' })
    expect(origin.headers[0]?.['cloudfront-viewer-address']).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(origin.headers[0]).not.toHaveProperty('accept')
    expect(second.headers['x-cache']).toBe('Hit from selvedge')
  })

  test('AllViewer sends all that the viewer sent but poisoners, and the Host, which then is in the key', async () => {
    await using origin = await site()
    const behavior = { cachePolicy: 'CachingOptimized', originRequestPolicy: 'AllViewer' }
    await using house = await houseInFrontOf(distributionOf(origin.url, behavior))

    await house.get('/p?z=1&a=1', { ...HOSTILE, cookie: 'b=1; a=2', authorization: 'Basic eDp5' })
    const other = await house.get('/p', { host: `other.${HOST}` })

    expect(origin.requests[0]).toBe('GET /p?a=1&z=1')
    expect(origin.headers[0]).toMatchObject({
      host: HOST,
      'x-custom': 'evil',
      'user-agent': 'evil',
      cookie: 'a=2; b=1',
      'x-forwarded-for': '127.0.0.1',
    })
    expect(origin.headers[0]).not.toHaveProperty('x-original-url')
    expect(origin.headers[0]).not.toHaveProperty('x-forwarded-host')
    expect(origin.headers[1]).toMatchObject({ host: `other.${HOST}` })
    expect(other.headers['x-cache']).toBe('Miss from selvedge')
  })

  test('AllViewerExceptHostHeader asks the origin under its own name', async () => {
    await using origin = await site()
    const behavior = { cachePolicy: 'CachingDisabled', originRequestPolicy: 'AllViewerExceptHostHeader' }
    await using house = await houseInFrontOf(distributionOf(origin.url, behavior))

    await house.get('/p', { 'x-custom': 'kept' })

    expect(origin.headers[0]).toMatchObject({ host: new URL(origin.url).host, 'x-custom': 'kept' })
  })

  test('Accept-Encoding has a handful of forms, each with a response of its own', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(distributionOf(origin.url, { cachePolicy: 'CachingOptimized' }))

    for (const coding of ['gzip, deflate, br', 'br;q=0.5,  gzip', 'gzip', 'gzip;q=0, identity', 'zstd']) {
      await house.get('/page', { 'accept-encoding': coding })
    }

    expect(origin.headers.map((headers) => headers['accept-encoding'])).toEqual([
      'br,gzip',
      'gzip',
      undefined,
    ])
  })

  test('a POST takes its body along, and no other header', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(distributionOf(origin.url, { cachePolicy: 'CachingOptimized' }))

    await house.ask(
      'POST',
      '/form',
      { 'content-type': 'text/x', 'x-custom': 'x', authorization: 'Basic eDp5' },
      'body',
    )

    expect(origin.headers[0]).toMatchObject({ 'content-type': 'text/x', authorization: 'Basic eDp5' })
    expect(origin.headers[0]).not.toHaveProperty('x-custom')
  })

  test('a GET with a body is refused with 403; without a policy it goes on', async () => {
    await using origin = await site()
    const distribution = distributionOf(
      origin.url,
      {},
      { cacheBehaviors: [{ pathPattern: '/cached/*', cachePolicy: 'CachingOptimized' }] },
    )
    await using house = await houseInFrontOf(distribution)

    const refused = await house.ask('GET', '/cached/x', {}, 'body')
    const passed = await house.ask('GET', '/x', {}, 'body')

    expect([refused.status, passed.status]).toEqual([403, 200])
  })
})

describe('the target', () => {
  test('is the same for the behaviour, the key and the origin, however it is spelt', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60' })
    const distribution = distributionOf(
      origin.url,
      {},
      { cacheBehaviors: [{ pathPattern: '/static/*', viewerProtocolPolicy: 'https-only' }] },
    )
    await using house = await houseInFrontOf(distribution)

    const statuses: number[] = []
    for (const path of [
      '/a/../p%61ge',
      '/page',
      '/%73tatic/x',
      '/x/%2e%2e/static/y',
      '/page%00',
      '/static/..%2fpage',
    ]) {
      statuses.push((await house.get(path)).status)
    }

    expect(statuses).toEqual([200, 200, 403, 403, 400, 400])
    expect(origin.requests).toEqual(['GET /page'])
  })

  test('too long a URL or head is refused with 413, and the connection ends', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(origin.url)

    const url = await house.get(`/${'x'.repeat(8_192)}`)
    const head = await house.get('/', { 'x-long': 'x'.repeat(20_480) })
    const fits = await house.get(`/${'x'.repeat(8_000)}`, { 'x-long': 'x'.repeat(7_000) })

    expect([url.status, head.status, fits.status]).toEqual([413, 413, 200])
    expect([url.headers.connection, head.headers.connection]).toEqual(['close', 'close'])
    expect(origin.requests).toHaveLength(1)
  })
})

describe('documents that stand for folders', () => {
  test('a folder index for every slash at the end, the root object for the root', async () => {
    await using origin = await site()
    const indexes = { defaultRootObject: 'home.html', folderIndex: 'index.html' }
    await using house = await houseInFrontOf(distributionOf(origin.url, {}, indexes))

    for (const path of ['/', '/docs/?x', '/docs', '/a/b/']) await house.get(path)

    expect(origin.requests).toEqual([
      'GET /home.html',
      'GET /docs/index.html?x',
      'GET /docs',
      'GET /a/b/index.html',
    ])
  })
})
