import { createServer } from 'node:http'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { createInfoApi } from '../../analytics/api/info-api.ts'
import { listenOn } from '../../edge/program/admin.ts'
import { PortInUse } from '../../edge/program/errors.ts'
import { noClickHouse, openAccessLog, viewBut } from './access-log.ts'
import { FORMULA, infoApiOn, KEY } from './info-api.ts'

describe('bad parameters', () => {
  test.each([
    ['/v1/rankings?window=3d', 'window', 'Allowed: 1d, 7d, 28d, 91d.'],
    ['/v1/rankings?limit=0', 'limit', 'At least 1 is needed.'],
    ['/v1/rankings?limit=1001', 'limit', 'At most 1000 is allowed.'],
    ['/v1/rankings?limit=ten', 'limit', 'Give one number.'],
    ['/v1/rankings?limit=1.5', 'limit', 'Give one whole number.'],
    ['/v1/rankings?limit=1&limit=2', 'limit', 'Give one number.'],
    ['/v1/rankings?country=Germany', 'country', 'What is allowed is in /openapi.json.'],
    ['/v1/rankings?colour=red', 'colour', 'Leave it out: there is no such parameter here.'],
    ['/v1/sites/a.example/traffic?days=93', 'days', 'At most 92 is allowed.'],
    ['/v1/sites/a.example/thumbnail?size=huge', 'size', 'Allowed: small, large, 400x300, 800x600, full.'],
  ])('%s names the field and the remedy', async (path, field, remedy) => {
    await using api = await infoApiOn(noClickHouse())

    const response = await api.get(path)

    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      title: 'A parameter can not be used',
      status: 400,
      code: 'bad-parameter',
      detail: expect.stringContaining(`${field}: `),
      field,
      remedy,
    })
  })

  const hostile = [
    "'; DROP TABLE selvedge.access_log; --",
    '{site:String}',
    '\\',
    '%00',
    '\u0000',
    '../../etc/passwd',
    '<script>alert(1)</script>',
    'a'.repeat(254),
    'a.'.repeat(4_000),
    '-a.example',
    'a..example',
    ' ',
    '\u{1F577}\u202E.example',
  ]

  test('hostile values are refused in every parameter, and the log is as it was', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([viewBut()])
    const paths = hostile
      .map(encodeURIComponent)
      .flatMap((value) => [
        `/v1/rankings?window=${value}`,
        `/v1/rankings?limit=${value}`,
        `/v1/rankings?country=${value}`,
        `/v1/sites/${value}`,
        `/v1/sites/${value}/traffic`,
        `/v1/sites/a.example/traffic?days=${value}`,
        `/v1/sites/${value}/thumbnail`,
        `/v1/sites/a.example/thumbnail?size=${value}`,
      ])

    const statuses = await Promise.all(paths.map(async (path) => (await api.get(path)).status))

    const answered = paths.filter((_, index) => (statuses[index] ?? 500) < 400)
    expect(answered).toEqual([])
    expect(Math.max(...statuses)).toBeLessThan(500)
    expect(await api.ask('/v1/rankings')).toMatchObject({ items: [{ site: 'a.example' }] })
  })

  test('a path that can not be decoded is a problem too', async () => {
    await using api = await infoApiOn(noClickHouse())

    const response = await api.get('/v1/sites/%zz')

    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'bad-request', status: 400 })
  })
})

describe('what is not there', () => {
  test('programs get a problem, people a page', async () => {
    await using api = await infoApiOn(noClickHouse())

    const forPrograms = await api.get('/v1/nothing', { headers: { Accept: 'text/html' } })
    const forPeople = await api.get('/nothing', { headers: { Accept: 'text/html' } })

    expect([forPrograms.status, forPeople.status]).toEqual([404, 404])
    expect(await forPrograms.json()).toMatchObject({ code: 'not-found' })
    expect(await forPeople.text()).toContain('<h1>There is nothing here</h1>')
  })

  test('nothing can be changed', async () => {
    await using api = await infoApiOn(noClickHouse())

    const responses = await Promise.all(
      ['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => api.get('/v1/rankings', { method, body: '{}' })),
    )

    expect(responses.map(({ status }) => status)).toEqual([405, 405, 405, 405])
    expect(responses.map(({ headers }) => headers.get('allow'))).toEqual(Array(4).fill('GET, HEAD, OPTIONS'))
  })
})

describe('ClickHouse is away', () => {
  test('figures are a 503 that says when to come back, the document is there', async () => {
    await using api = await infoApiOn(noClickHouse())

    const figures = await api.get('/v1/rankings')
    const page = await api.get('/', { headers: { Accept: 'text/html' } })
    const document = await api.get('/openapi.json')

    expect([figures.status, page.status, document.status]).toEqual([503, 503, 200])
    expect([figures, page].map(({ headers }) => headers.get('retry-after'))).toEqual(['5', '5'])
    expect(await figures.json()).toMatchObject({ code: 'figures-unavailable' })
    expect(await page.text()).toContain('The figures can not be had right now')
  })
})

describe('many requests', () => {
  test('the 1,201st of a minute from one network is refused; others and loopback are not', async () => {
    const app = await createInfoApi({
      query: noClickHouse().query,
      key: KEY,
      thumbnailerUrl: 'http://127.0.0.1:9',
      includeToday: true,
      formula: FORMULA,
      log: pino({ level: 'silent' }),
    })
    const ask = (remoteAddress: string) => app.inject({ url: '/healthz', remoteAddress })

    for (let count = 0; count < 1_200; count++) await ask('2001:db8::1')
    const neighbour = await ask('2001:db8::2')
    const others = await Promise.all(['2001:db8:1::1', '203.0.113.1', '127.0.0.1', '::1'].map(ask))
    await app.close()

    expect(neighbour.statusCode).toBe(429)
    expect(neighbour.headers['retry-after']).toMatch(/^\d+$/)
    expect(neighbour.json()).toMatchObject({ code: 'too-many-requests', status: 429 })
    expect(others.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200])
  })

  test('the same question asked by a hundred at once is put to ClickHouse once', async () => {
    await using log = await openAccessLog()
    let put = 0
    const counting = {
      query: ((...asked: Parameters<typeof log.query.query>) => {
        put += 1
        return log.query.query(...asked)
      }) as typeof log.query.query,
      exec: log.query.exec,
      command: log.query.command,
    }
    await using api = await infoApiOn({ query: counting })

    await Promise.all(Array.from({ length: 100 }, () => api.ask('/v1/rankings')))

    expect(put).toBe(3) // which days have final figures, the ranking, and how many sites have a rank in it
  })
})

describe('headers', () => {
  test('scripts of any origin may read, and ask before they do', async () => {
    await using api = await infoApiOn(noClickHouse())
    const headers = { Origin: 'https://elsewhere.example', 'Access-Control-Request-Method': 'GET' }

    const preflight = await api.get('/v1/rankings', { method: 'OPTIONS', headers })
    const document = await api.get('/openapi.json', { headers })

    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toContain('GET')
    expect(document.headers.get('access-control-allow-origin')).toBe('*')
  })

  test('an answer that has not changed is not sent again', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    const first = await api.get('/v1/rankings')

    const tag = first.headers.get('etag') ?? ''
    const same = await api.get('/v1/rankings', { headers: { 'If-None-Match': `"other", W/${tag}` } })
    const other = await api.get('/v1/rankings?window=1d', { headers: { 'If-None-Match': tag } })

    expect(first.headers.get('cache-control')).toBe('public, max-age=10')
    expect([same.status, await same.text()]).toEqual([304, ''])
    expect(same.headers.get('etag')).toBe(tag)
    expect(other.status).toBe(200)
  })
})

test('a port that is taken is an error that names the option', async () => {
  await using taken = await listenOn(createServer(), { host: '127.0.0.1', port: 0 }, 'test', 'none')

  const attempt = infoApiOn(noClickHouse(), { at: { host: '127.0.0.1', port: taken.port } })

  await expect(attempt).rejects.toThrow(PortInUse)
  await expect(attempt).rejects.toMatchObject({ remedy: expect.stringContaining('--api-port') })
})
