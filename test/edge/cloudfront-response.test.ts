import { describe, expect, test } from 'vitest'
import { distributionOf } from './cloudfront-site.ts'
import { houseInFrontOf } from './house.ts'
import { site } from './site.ts'

describe('an error page', () => {
  const pages = {
    customErrorResponses: [
      { errorCode: 404, responsePagePath: '/errors/404.html', responseCode: 200, errorCachingMinTTL: 5 },
      { errorCode: 502, responsePagePath: '/errors/502.html' },
      { errorCode: 403, responsePagePath: '/errors/none.html' },
    ],
    cacheBehaviors: [{ pathPattern: '/errors/*', targetOriginId: 'pages', allowedMethods: ['GET', 'HEAD'] }],
  }

  test('comes through its own behaviour, with its own status, and stays an Error', async () => {
    await using origin = await site({ 'content-type': 'text/plain' }, 404)
    await using pageSite = await site({
      'content-type': 'text/html',
      'cache-control': 'max-age=60',
      etag: '"p"',
    })
    const origins = [
      { id: 'app', http: { url: origin.url } },
      { id: 'pages', http: { url: pageSite.url } },
    ]
    await using house = await houseInFrontOf(distributionOf(origin.url, {}, { ...pages, origins }))

    const missing = await house.get('/gone', { 'if-none-match': '"p"', range: 'bytes=0-1' })
    const posted = await house.ask('POST', '/gone', {}, 'body')
    const head = await house.ask('HEAD', '/gone')
    const records = await house.records(3)

    expect(missing).toMatchObject({ status: 200, body: 'answer 1' })
    expect(missing.headers).toMatchObject({ 'content-type': 'text/html', 'x-cache': 'Error from selvedge' })
    expect([posted.status, head.status, head.body]).toEqual([200, 200, ''])
    expect(pageSite.requests).toEqual(['GET /errors/404.html'])
    expect(records.map(({ status, resultType }) => `${status} ${resultType}`)).toEqual(
      Array(3).fill('200 Error'),
    )
  })

  test('is answered for an origin that can’t be had, and not when it can’t be had itself', async () => {
    await using origin = await site({}, 403)
    await using pageSite = await site({ 'cache-control': 'max-age=60' })
    pageSite.answers((request, response) => {
      response.writeHead(request.url === '/errors/502.html' ? 200 : 500).end('sorry')
    })
    const origins = [
      { id: 'dead', http: { url: 'http://127.0.0.1:9', connectionAttempts: 1 } },
      { id: 'pages', http: { url: pageSite.url } },
      { id: 'app', http: { url: origin.url } },
    ]
    const cacheBehaviors = [...pages.cacheBehaviors, { pathPattern: '/app/*', targetOriginId: 'app' }]
    await using house = await houseInFrontOf(distributionOf('', {}, { ...pages, origins, cacheBehaviors }))

    const down = await house.get('/page')
    const forbidden = await house.get('/app/x')

    expect(down).toMatchObject({ status: 502, body: 'sorry' })
    expect(down.headers['cache-status']).toContain('detail=OriginConnectError')
    expect(forbidden).toMatchObject({ status: 403, body: 'answer 1' })
  })
})

describe('a response headers policy', () => {
  const answered = async (
    responseHeadersPolicy: unknown,
    fromOrigin: Record<string, string> = {},
    asked = {},
  ) => {
    await using origin = await site({ 'cache-control': 'max-age=60', ...fromOrigin })
    await using house = await houseInFrontOf(distributionOf(origin.url, { responseHeadersPolicy }))
    await house.get('/page', asked)
    const { headers } = await house.get('/page', asked)
    const preflight = await house.ask('OPTIONS', '/page', {
      ...asked,
      'access-control-request-method': 'PUT',
    })
    return { headers, preflight: preflight.headers }
  }

  test('SecurityHeadersPolicy leaves what the origin said, but nosniff', async () => {
    const { headers } = await answered('SecurityHeadersPolicy', {
      'x-frame-options': 'DENY',
      'x-content-type-options': 'sniff',
    })

    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'strict-transport-security': 'max-age=31536000',
      'x-xss-protection': '1; mode=block',
      'x-cache': 'Hit from selvedge',
    })
  })

  test('SimpleCORS answers those who come from another origin', async () => {
    const { headers } = await answered('SimpleCORS')
    const { headers: cross } = await answered('SimpleCORS', {}, { origin: 'https://a.example' })
    const own = { 'access-control-allow-origin': 'https://own.example' }
    const { headers: kept } = await answered('SimpleCORS', own, { origin: 'https://a.example' })

    expect(headers).not.toHaveProperty('access-control-allow-origin')
    expect(cross['access-control-allow-origin']).toBe('*')
    expect(kept['access-control-allow-origin']).toBe('https://own.example')
  })

  test('CORS-With-Preflight says to a preflight which methods, to others which headers', async () => {
    const { headers, preflight } = await answered('CORS-With-Preflight', {}, { origin: 'https://a.example' })

    expect(preflight['access-control-allow-methods']).toBe('DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT')
    expect(headers['access-control-expose-headers']).toBe('*')
    expect(headers).not.toHaveProperty('access-control-allow-methods')
  })

  test('CORS for some origins names the one that asks, and tells caches so', async () => {
    const policy = {
      corsConfig: {
        accessControlAllowOrigins: ['https://*.example'],
        accessControlAllowCredentials: true,
        originOverride: true,
      },
    }
    const own = { 'access-control-allow-origin': 'https://own.example' }
    const { headers } = await answered(policy, own, { origin: 'https://a.example' })
    const { headers: other } = await answered(policy, own, { origin: 'https://a.example.evil' })

    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    })
    expect(other).not.toHaveProperty('access-control-allow-origin')
    expect(other.vary).toBe('Origin')
  })

  test('headers of your own are set or kept, others taken off, timings told', async () => {
    const policy = {
      customHeadersConfig: [
        { header: 'X-Set', value: 'ours', override: true },
        { header: 'X-Kept', value: 'ours' },
      ],
      removeHeadersConfig: ['Server', 'x-powered-by'],
      serverTimingHeadersConfig: { samplingRate: 0 },
    }
    const fromOrigin = { 'x-set': 'theirs', 'x-kept': 'theirs', server: 'x', 'x-powered-by': 'y' }
    const { headers } = await answered(policy, fromOrigin, { pragma: 'Server-Timing' })
    const { headers: unasked } = await answered(policy, fromOrigin)

    expect(headers).toMatchObject({ 'x-set': 'ours', 'x-kept': 'theirs' })
    expect(headers).not.toHaveProperty('server')
    expect(headers).not.toHaveProperty('x-powered-by')
    expect(headers['server-timing']).toBe(
      `cdn-cache-hit,cdn-hit-layer;desc="EDGE",cdn-pop;desc="test",cdn-rid;desc="${headers['x-selvedge-request-id']}"`,
    )
    expect(unasked).not.toHaveProperty('server-timing')
  })
})

describe('what an origin says, under a cache policy', () => {
  test('Set-Cookie is dropped unless cookies go to the origin; Vary holds what could matter', async () => {
    const fields = {
      'set-cookie': 'session=1',
      vary: 'Cookie, Accept-Encoding, X-A, Origin',
      'cache-control': 'max-age=60',
    }
    await using origin = await site(fields)
    const distribution = distributionOf(
      origin.url,
      { cachePolicy: 'CachingOptimized', originRequestPolicy: 'CORS-CustomOrigin' },
      {
        cacheBehaviors: [
          { pathPattern: '/me', cachePolicy: 'UseOriginCacheControlHeaders' },
          { pathPattern: '/plain' },
        ],
      },
    )
    await using house = await houseInFrontOf(distribution)

    const shared = await house.get('/page')
    const own = await house.get('/me')
    const plain = await house.get('/plain')

    expect(shared.headers).not.toHaveProperty('set-cookie')
    expect(shared.headers.vary).toBe('accept-encoding, origin')
    expect(own.headers).toMatchObject({ 'set-cookie': 'session=1', vary: 'cookie, accept-encoding, origin' })
    expect(plain.headers).toMatchObject({ 'set-cookie': 'session=1', vary: fields.vary })
  })
})

describe('an origin group', () => {
  const group = (urls: string[], statusCodes?: number[]) => ({
    origins: urls.map((url, at) => ({
      id: `o${at}`,
      http: { url, connectionAttempts: 1, originReadTimeout: 0.3 },
    })),
    originGroups: [
      {
        id: 'group',
        members: urls.map((_, at) => `o${at}`),
        ...(statusCodes && { failoverCriteria: { statusCodes } }),
      },
    ],
  })
  const behavior = { targetOriginId: 'group' }

  test('asks the next member on a status, a failed connection or a timeout; each request tries the first first', async () => {
    await using first = await site({}, 500)
    await using second = await site()
    await using house = await houseInFrontOf(distributionOf('', behavior, group([first.url, second.url])))

    const onStatus = await house.get('/a')
    first.answers((request) => request.socket.destroy())
    const onReset = await house.get('/b')
    first.answers(() => undefined)
    const onTimeout = await house.get('/c')
    first.answers((_, response) => response.writeHead(404).end('mine'))
    const back = await house.get('/d')

    expect([onStatus.status, onReset.status, onTimeout.status]).toEqual([200, 200, 200])
    expect(second.requests).toEqual(['GET /a', 'GET /b', 'GET /c'])
    expect([back.status, back.body]).toEqual([404, 'mine'])
  })

  test('goes on only on the statuses listed, and never with a POST; the last one’s word is the answer', async () => {
    await using first = await site({}, 404)
    await using second = await site({}, 503)
    await using house = await houseInFrontOf(
      distributionOf('', behavior, group([first.url, second.url], [404])),
    )

    const got = await house.get('/a')
    const posted = await house.ask('POST', '/a', {}, 'body')

    expect([got.status, posted.status]).toEqual([503, 404])
    expect(second.requests).toEqual(['GET /a'])
  })
})

describe('custom headers of an origin', () => {
  test('go with every request instead of the viewer’s, and never back to the viewer', async () => {
    await using origin = await site()
    const customHeaders = [{ headerName: 'X-Secret', headerValue: 'ours' }]
    const origins = [{ id: 'o', http: { url: origin.url }, customHeaders }]
    await using house = await houseInFrontOf(distributionOf('', {}, { origins }))

    const got = await house.get('/a', { 'x-secret': 'theirs' })

    expect(origin.headers[0]).toMatchObject({ 'x-secret': 'ours' })
    expect(JSON.stringify(got)).not.toContain('ours')
  })
})
