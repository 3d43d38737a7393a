import { describe, expect, test } from 'vitest'
import { cacheControlOf } from '../../edge/cache/rules/cache-control.ts'
import { deadlinesOf } from '../../edge/cache/rules/freshness.ts'
import { mayStore } from '../../edge/cache/rules/storing.ts'
import { preparedBehavior } from '../../edge/distribution/prepared-behavior.ts'
import { distributionSchema } from '../../edge/distribution/schema.ts'
import { distributionOf, keyedBy } from './cloudfront-site.ts'
import { houseInFrontOf } from './house.ts'
import { site } from './site.ts'

const AT_MS = Date.parse('Tue, 24 Nov 2026 12:00:00 GMT')
const DATE = ['Date', 'Tue, 24 Nov 2026 12:00:00 GMT']

/** How long a response is kept under a policy, seconds; or why it isn't. */
function kept(
  ttl: object | undefined,
  fields: string[],
  status = 200,
  errors: object[] = [],
  date = DATE,
): number | string {
  const distribution = distributionSchema.parse({
    id: 'site',
    aliases: ['*'],
    defaultCacheBehavior: ttl && { cachePolicy: ttl },
    customErrorResponses: errors,
  })
  const { rules } = preparedBehavior(distribution, {
    ...distribution.defaultCacheBehavior,
    pathPattern: '*',
  })
  const response = { status, fields: [...date, ...fields] }
  const control = cacheControlOf(response.fields)
  const request = { method: 'GET', scheme: 'http', host: 'h', target: '/', fields: [] }
  const decision = mayStore(request, response, control, rules)
  if (!decision.store) return decision.because
  const exchange = { requestedAtMs: AT_MS, receivedAtMs: AT_MS }
  return (deadlinesOf(response, control, exchange, rules).freshUntilMs - AT_MS) / 1000
}

const bounds = { minTTL: 60, defaultTTL: 600, maxTTL: 3_600 }
const without = { minTTL: 0, defaultTTL: 600, maxTTL: 3_600 }
const expires = ['Expires', 'Tue, 24 Nov 2026 12:10:00 GMT']

describe('how long a response is kept (CloudFront: MinTTL, DefaultTTL, MaxTTL)', () => {
  test.each([
    ['max-age within the bounds', bounds, ['Cache-Control', 'max-age=100'], 100],
    ['max-age below', bounds, ['Cache-Control', 'max-age=1'], 60],
    ['max-age above', bounds, ['Cache-Control', 'max-age=9999'], 3_600],
    ['s-maxage before max-age', bounds, ['Cache-Control', 'max-age=100, s-maxage=200'], 200],
    ['Expires less Date', bounds, expires, 600],
    ['max-age before Expires', bounds, ['Cache-Control', 'max-age=100', ...expires], 100],
    ['nothing said: the default', bounds, [], 600],
    ['nothing is guessed', bounds, ['Last-Modified', 'Mon, 23 Nov 2026 12:00:00 GMT'], 600],
    ['a default above the most', { ...bounds, defaultTTL: 9_999 }, [], 3_600],
    ['a default below the least', { ...bounds, defaultTTL: 1 }, [], 60],
    ['no-store with a least time', bounds, ['Cache-Control', 'no-store'], 60],
    ['no-cache with a least time', bounds, ['Cache-Control', 'no-cache, max-age=500'], 60],
    ['private with a least time', bounds, ['Cache-Control', 'private'], 60],
    ['no-store without', without, ['Cache-Control', 'no-store'], 'no-store'],
    ['no-cache without', without, ['Cache-Control', 'no-cache'], 'no-store'],
    ['private without', without, ['Cache-Control', 'private, max-age=60'], 'private'],
    ['max-age=0 without', without, ['Cache-Control', 'max-age=0'], 'no-lifetime'],
    ['CachingDisabled', 'CachingDisabled', ['Cache-Control', 'max-age=60'], 'no-lifetime'],
    ['CachingOptimized, nothing said', 'CachingOptimized', [], 86_400],
    ['CachingOptimized, no-store', 'CachingOptimized', ['Cache-Control', 'no-store'], 1],
    ['UseOriginCacheControlHeaders, nothing said', 'UseOriginCacheControlHeaders', [], 'no-lifetime'],
    ['one viewer’s cookie', bounds, ['Set-Cookie', 'a=1'], 'set-cookie'],
    ['no policy: as the origin says', undefined, ['Cache-Control', 'max-age=100'], 100],
    ['no policy, nothing said', undefined, [], 'no-lifetime'],
  ])('%s', (_, ttl, fields, seconds) => {
    expect(kept(ttl as object, fields)).toBe(seconds)
  })
})

describe('how long an error is kept (CloudFront: ErrorCachingMinTTL)', () => {
  const maxAge = ['Cache-Control', 'max-age=100']
  const nothing: string[] = []

  test.each([
    [404, nothing, [], 10],
    [414, nothing, [], 10],
    [500, nothing, [], 10],
    [503, nothing, [], 10],
    [503, maxAge, [], 100],
    [404, nothing, [{ errorCode: 404, errorCachingMinTTL: 300 }], 300],
    [404, maxAge, [{ errorCode: 404, errorCachingMinTTL: 300 }], 300],
    [404, ['Cache-Control', 'no-store'], [], 'no-store'],
    [403, nothing, [], 'status'],
    [403, maxAge, [], 100],
    [403, nothing, [{ errorCode: 403, errorCachingMinTTL: 300 }], 'status'],
    [400, maxAge, [{ errorCode: 400, errorCachingMinTTL: 300 }], 300],
    [412, nothing, [], 'status'],
    [415, maxAge, [], 100],
    [416, maxAge, [], 'status'],
  ])('%i with %j and %j: %s', (status, fields, errors, seconds) => {
    expect(kept(without, fields, status, errors)).toBe(seconds)
  })

  test('without a policy only by the RFC, unless configured', () => {
    expect(kept(undefined, nothing, 503)).toBe('no-lifetime')
    expect(kept(undefined, nothing, 503, [{ errorCode: 503, errorCachingMinTTL: 30 }])).toBe(30)
  })
})

describe('through edge and shield', () => {
  test('a response is kept as long as the policy says, by both together', async () => {
    await using origin = await site({ 'cache-control': 'no-store' })
    const behavior = keyedBy({}, { minTTL: 60 })
    await using house = await houseInFrontOf(distributionOf(origin.url, behavior))

    await house.get('/page')
    house.clock.advanceSeconds(40)
    const fresh = await house.get('/page')
    house.clock.advanceSeconds(40)
    const renewed = await house.get('/page')

    expect(fresh.headers).toMatchObject({ 'x-cache': 'Hit from selvedge', age: '40' })
    expect(renewed.headers['x-cache']).toBe('Miss from selvedge')
    expect(origin.requests).toHaveLength(2)
  })

  test('an error is answered out of the cache for ten seconds, and is still an Error', async () => {
    await using origin = await site({}, 404)
    await using house = await houseInFrontOf(distributionOf(origin.url, { cachePolicy: 'CachingOptimized' }))

    await house.get('/gone')
    house.clock.advanceSeconds(8)
    const kept = await house.get('/gone')
    house.clock.advanceSeconds(8)
    await house.get('/gone')

    expect([kept.status, kept.headers['x-cache']]).toEqual([404, 'Error from selvedge'])
    expect(origin.requests).toHaveLength(2)
  })

  test('that an origin can’t be had is remembered for ten seconds; without a policy it is not', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60' })
    origin.answers((request) => request.socket.destroy())
    const distribution = distributionOf(
      origin.url,
      { cachePolicy: 'CachingOptimized' },
      {
        origins: [{ id: 'origin', http: { url: origin.url, connectionAttempts: 1 } }],
        cacheBehaviors: [{ pathPattern: '/plain' }],
      },
    )
    await using house = await houseInFrontOf(distribution)

    for (const path of ['/page', '/page', '/plain', '/plain'])
      expect((await house.get(path)).status).toBe(502)
    const asked = [...origin.requests]
    house.clock.advanceSeconds(11)
    await house.get('/page')

    expect(asked).toEqual(['GET /page', 'GET /plain', 'GET /plain'])
    expect(origin.requests).toHaveLength(4)
  })

  test('what is stale stands in for an origin that fails, and a 4xx does not', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(distributionOf(origin.url, keyedBy({}, { defaultTTL: 60 })))

    const first = await house.get('/page')
    house.clock.advanceSeconds(61)
    origin.answers((_, response) => response.writeHead(503).end('down'))
    const stale = await house.get('/page')
    house.clock.advanceSeconds(11)
    origin.answers((_, response) => response.writeHead(403).end('no'))
    const refused = await house.get('/page')

    expect([stale.status, stale.body]).toEqual([200, first.body])
    expect([refused.status, refused.body]).toEqual([403, 'no'])
  })

  test('an origin that is down is asked again every ten seconds, not by everybody who gets what is stale', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(distributionOf(origin.url, keyedBy({}, { defaultTTL: 60 })))

    const first = await house.get('/page')
    house.clock.advanceSeconds(61)
    origin.answers((_, response) => response.writeHead(503).end('down'))
    const bodies: string[] = []
    for (let at = 0; at < 5; at += 1) {
      bodies.push((await house.get('/page')).body)
      house.clock.advanceSeconds(4)
    }

    expect(bodies).toEqual(Array(5).fill(first.body))
    expect(origin.requests).toHaveLength(1 + 2)
  })

  test('an old Date of the origin’s does not shorten it; an Age does', async () => {
    const old = ['Date', 'Tue, 24 Nov 2026 02:00:00 GMT']

    expect(kept(bounds, ['Cache-Control', 'max-age=100'], 200, [], old)).toBe(100)
    expect(kept(bounds, ['Cache-Control', 'max-age=100', 'Age', '30'])).toBe(70)
  })

  test('what Authorization is in the key for is kept; without that only what is public', async () => {
    await using origin = await site()
    const behavior = keyedBy({ headersConfig: { headerBehavior: 'whitelist', headers: ['Authorization'] } })
    const distribution = distributionOf(origin.url, behavior, {
      cacheBehaviors: [
        { pathPattern: '/all/*', cachePolicy: 'CachingOptimized', originRequestPolicy: 'AllViewer' },
      ],
    })
    await using house = await houseInFrontOf(distribution)

    const results: (string | undefined)[] = []
    for (const [path, authorization] of [
      ['/page', 'Basic eDp5'],
      ['/page', 'Basic eDp5'],
      ['/page', 'Basic ejp6'],
      ['/all/x', 'Basic eDp5'],
      ['/all/x', 'Basic eDp5'],
    ] as const) {
      results.push((await house.get(path, { authorization })).headers['x-cache']?.split(' ')[0])
    }

    expect(results).toEqual(['Miss', 'Hit', 'Miss', 'Miss', 'Miss'])
  })

  test('OPTIONS is passed on, and kept apart where it is a cached method', async () => {
    await using origin = await site()
    const distribution = distributionOf(
      origin.url,
      { cachePolicy: 'CachingOptimized' },
      {
        cacheBehaviors: [
          {
            pathPattern: '/api/*',
            cachePolicy: 'CachingOptimized',
            cachedMethods: ['GET', 'HEAD', 'OPTIONS'],
          },
        ],
      },
    )
    await using house = await houseInFrontOf(distribution)

    for (const path of ['/page', '/page', '/api/x', '/api/x']) await house.ask('OPTIONS', path)
    await house.get('/api/x')

    expect(origin.requests).toEqual(['OPTIONS /page', 'OPTIONS /page', 'OPTIONS /api/x', 'GET /api/x'])
  })
})
