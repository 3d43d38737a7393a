import { describe, expect, test, vi } from 'vitest'
import { accessSettings } from '../../analytics/api/access.ts'
import { type AccessLog, type LogRow, openAccessLog, viewBut } from './access-log.ts'
import { infoApiOn } from './info-api.ts'

vi.setConfig({ testTimeout: 60_000 })

const PIXEL = 'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36'
const EDGE =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0'
const IPAD =
  'Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1 Version/17.5 Mobile/15E148 Safari/604.1'

/** A row with the columns that only reports read. */
function answered(difference: Record<string, unknown> = {}): LogRow {
  const more = { method: 'GET', scheme: 'https', protocol_version: 'HTTP/2.0', tls_protocol: 'TLSv1.3' }
  return { ...viewBut(), ...more, result_type: 'Hit', bytes_received: 100, ...difference } as LogRow
}

/** What is billed isn't for everybody unless the operator says so. */
const OPEN = { access: accessSettings.parse({ anonymous: ['reports:read'] }) }

const PATH = '/v1/distributions/docs'

describe('of a distribution', () => {
  test('cache statistics tell hits as CloudFront does, statuses, and how long the origin took', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log, OPEN)
    await log.insert([
      answered(),
      answered({ result_type: 'RefreshHit', bytes_sent: 500 }),
      answered({
        result_type: 'Miss',
        bytes_sent: 3_000,
        origin_time_us: 20_000,
        time: '2026-07-25 10:59:59',
      }),
      answered({ result_type: 'Miss', method: 'POST', origin_time_us: 40_000 }),
      answered({ result_type: 'Error', status: 404 }),
      answered({ result_type: 'Error', status: 0, bytes_sent: 0 }),
      answered({ result_type: 'Redirect', status: 301, scheme: 'http' }),
      answered({ bytes_sent: 700, content_length: 9_000 }),
      answered({ distribution: 'other' }),
      answered({ time: '2026-07-20 12:00:00' }),
    ])

    const report = await api.ask(`${PATH}/reports/cache-statistics?from=2026-07-25&granularity=hour`)

    expect(report).toMatchObject({
      distribution: 'docs',
      from: '2026-07-25',
      to: '2026-07-25',
      total: {
        requests: 8,
        hits: 3,
        refreshHits: 1,
        misses: 1,
        errors: 2,
        redirects: 1,
        other: 1,
        hitRatio: 0.75,
        byteHitRatio: 0.423077,
        bytes: 8_200,
        bytesFromMisses: 4_000,
        statuses: { '2xx': 5, '3xx': 1, '4xx': 1, '5xx': 0, other: 1 },
        incompleteDownloads: 2,
        originLatencyMs: { p50: 20, p99: 40 },
      },
    })
    const { items } = report as { items: { at: string; requests: number; hitRatio: number | null }[] }
    expect(items).toHaveLength(13)
    expect(items[10]).toMatchObject({ at: '2026-07-25T10:00:00Z', requests: 1, hitRatio: 0 })
    expect(items[11]).toMatchObject({ requests: 0, hitRatio: null, originLatencyMs: { p50: null } })
    expect(items[12]).toMatchObject({ at: '2026-07-25T12:00:00Z', requests: 7, hitRatio: 1 })
  })

  test('metrics have the names and units of CloudWatch', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log, OPEN)
    await log.insert([
      ...[1, 2, 3].map(() => answered()),
      answered({ result_type: 'Miss', origin_time_us: 12_500 }),
      answered({ result_type: 'Error', status: 503 }),
      answered({ result_type: 'Miss', method: 'PUT', bytes_received: 5_000 }),
    ])

    const answer = await api.ask(`${PATH}/metrics?from=2026-07-25`)

    const { timestamps, metrics } = answer as {
      timestamps: string[]
      metrics: { name: string; statistic: string; values: number[] }[]
    }
    const noon = timestamps.indexOf('2026-07-25T12:00:00Z')
    const atNoon = metrics.map(({ name, statistic, values }) => [`${name} ${statistic}`, values[noon]])
    expect(Object.fromEntries(atNoon)).toMatchObject({
      'Requests Sum': 6,
      'BytesDownloaded Sum': 5_000,
      'BytesUploaded Sum': 5_000,
      '4xxErrorRate Average': 0,
      '5xxErrorRate Average': 16.6667,
      'TotalErrorRate Average': 16.6667,
      'CacheHitRate Average': 75,
      'OriginLatency p50': 12.5,
      '503ErrorRate Average': 16.6667,
    })
  })

  test('objects come without their query, and referrers as hosts', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log, OPEN)
    await log.insert([
      answered({ path: '/a', query: 'x=1', referer: 'https://News.example/story?id=1' }),
      answered({ path: '/a', query: 'x=2', result_type: 'Miss', referer: 'http://news.example:8080/' }),
      answered({ path: "/'; DROP TABLE x --", status: 404, result_type: 'Error', referer: 'nonsense' }),
      answered({ path: '/b' }),
      answered({ path: '/b', referer: 'https://b.example/' }),
      answered({ path: '/b' }),
    ])

    const objects = await api.ask(`${PATH}/reports/popular-objects?limit=2`)
    const referrers = await api.ask(`${PATH}/reports/top-referrers?limit=1`)

    expect(objects).toMatchObject({
      items: [
        { object: '/b', requests: 3, hits: 3, hitRatio: 1, bytes: 3_000, bytesFromMisses: 0 },
        { object: '/a', requests: 2, hits: 1, misses: 1, hitRatio: 0.5, bytesFromMisses: 1_000 },
      ],
    })
    expect(referrers).toMatchObject({
      requests: 6,
      withoutReferrer: 3,
      items: [{ host: 'news.example', requests: 2, bytes: 2_000, share: 0.333333 }],
    })
  })

  test('viewers are told by country, HTTP, TLS, and by what their User-Agent says', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log, OPEN)
    await log.insert([
      answered({ user_agent: PIXEL }),
      answered({ user_agent: PIXEL, country: '' }),
      answered({ user_agent: EDGE, scheme: 'http', tls_protocol: '', protocol_version: 'HTTP/1.1' }),
      answered({ user_agent: IPAD }),
      answered({ user_agent: 'Googlebot/2.1', is_bot: true }),
      answered({ user_agent: '' }),
    ])

    const report = (await api.ask(`${PATH}/reports/viewers`)) as Record<
      string,
      { value: string; requests: number }[]
    >

    const told = (trait: string) =>
      Object.fromEntries((report[trait] ?? []).map(({ value, requests }) => [value, requests]))
    expect(told('country')).toEqual({ DE: 5, null: 1 })
    expect(told('http')).toEqual({ 'HTTP/2.0': 5, 'HTTP/1.1': 1 })
    expect(told('tls')).toEqual({ 'TLSv1.3': 5, null: 1 })
    expect(told('device')).toEqual({ Mobile: 2, Desktop: 1, Tablet: 1, Bot: 1, Unknown: 1 })
    expect(told('browser')).toEqual({ Chrome: 2, Edge: 1, Safari: 1, Bot: 1, Unknown: 1 })
    expect(told('os')).toEqual({ Android: 2, Windows: 1, iOS: 1, Bot: 1, Unknown: 1 })
  })

  test('usage tells what came with TLS and without; the list has distributions that had nothing', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log, { ...OPEN, distributions: ['docs', 'quiet'] })
    await log.insert([answered(), answered({ scheme: 'wss' }), answered({ scheme: 'http', bytes_sent: 50 })])

    const usage = await api.ask(`${PATH}/reports/usage?from=2026-07-24`)
    const list = await api.ask('/v1/distributions')
    const quiet = await api.get('/v1/distributions/quiet/reports/viewers')

    const day = { http: 1, https: 2, httpBytes: 50, httpsBytes: 2_000, bytesIn: 300, bytesOut: 2_050 }
    expect(usage).toMatchObject({
      total: day,
      items: [
        { at: '2026-07-24T00:00:00Z', bytesOut: 0 },
        { at: '2026-07-25T00:00:00Z', ...day },
      ],
    })
    expect(list).toMatchObject({
      items: [
        { id: 'docs', requests: 3, lastHour: '2026-07-25T12:00:00Z' },
        { id: 'quiet', requests: 0, lastHour: null },
      ],
    })
    expect(quiet.status).toBe(200)
  })
})

test.each([
  ['docs/reports/usage?from=2026-07-26', 400, 'from'],
  ['docs/reports/usage?to=2026-07-26', 400, 'to'],
  ['docs/reports/usage?from=2026-01-01', 400, 'from'],
  ['docs/reports/usage?from=1970-01-01&to=1970-01-02', 400, 'from'],
  ['docs/reports/usage?from=2026-07-01&granularity=hour', 400, 'granularity'],
  ['docs/reports/usage?granularity=minute', 400, 'granularity'],
  ['docs/reports/popular-objects?limit=1e9', 400, 'limit'],
  ["docs'--/reports/viewers", 400, 'id'],
  ['nobody/reports/viewers', 404, 'id'],
])('/v1/distributions/%s is refused with %i, which names %s', async (path, status, field) => {
  await using log = await seen()
  await using api = await infoApiOn(log, OPEN)

  const response = await api.get(`/v1/distributions/${path}`)

  expect([response.status, await response.json()]).toMatchObject([
    status,
    { field, remedy: expect.any(String) },
  ])
})

test('sums beyond what a JSON number holds exactly are told, not refused', async () => {
  await using log = await openAccessLog()
  await using api = await infoApiOn(log, {
    access: accessSettings.parse({ anonymous: ['reports:read', 'sites:read', 'traffic:read'] }),
  })
  const most = answered({ bytes_sent: Number.MAX_SAFE_INTEGER, bytes_received: Number.MAX_SAFE_INTEGER })
  await log.insert([most, most])
  const reports = ['cache-statistics', 'usage', 'popular-objects', 'viewers'].map((name) => `reports/${name}`)

  const answers = await Promise.all(
    [...reports, 'metrics'].map(async (name) => JSON.stringify(await api.ask(`${PATH}/${name}`))),
  )
  const others = await Promise.all(
    [
      '/v1/distributions',
      '/v1/sites/a.example',
      '/v1/sites/a.example/traffic',
      '/v1/compare?sites=a.example',
    ].map(async (path) => JSON.stringify(await api.ask(path))),
  )

  for (const answer of [...answers, ...others]) expect(answer).toContain('18014398509481982')
})

test('reports take a key where the operator does not open them', async () => {
  await using log = await seen()
  await using api = await infoApiOn(log)

  const paths = ['', '/docs/reports/usage', '/docs/reports/viewers', '/docs/metrics', '/nobody/metrics']
  const statuses = await Promise.all(
    paths.map(async (path) => (await api.get(`/v1/distributions${path}`)).status),
  )

  expect(statuses).toEqual([401, 401, 401, 401, 401])
})

async function seen(): Promise<AccessLog> {
  const log = await openAccessLog()
  await log.insert([answered()])
  return log
}

test('the hours of distributions are what the log says, and are made anew as the view makes them', async () => {
  const { matchHours } = await import('../../analytics/daily/hours.ts')
  const { createUpkeep } = await import('../../analytics/daily/upkeep.ts')
  await using log = await openAccessLog()
  const types = ['Hit', 'Miss', 'Error']
  const methods = ['GET', 'POST', 'BREW']
  await log.insert(
    Array.from({ length: 300 }, (_, at) =>
      answered({
        result_type: types[at % 3],
        method: methods[at % 5] ?? 'GET',
        status: at % 7 === 0 ? 404 : 200,
        content_length: at * 20,
        origin_time_us: (at % 3) * 1_000,
        time: `2026-07-24 0${at % 9}:00:00`,
      }),
    ),
  )
  const hours = async () => {
    const query = `SELECT * EXCEPT (requests, bytes_sent, bytes_received, incomplete, origin_time), sum(requests),
      sum(h.bytes_sent), sum(h.incomplete), quantilesTDigestMerge(0.5, 0.9, 0.99)(h.origin_time)
      FROM selvedge.distribution_hour AS h GROUP BY ALL ORDER BY ALL`
    return await (await log.query.query({ query, format: 'JSONCompactEachRow' })).json()
  }
  const right = await hours()
  await log.upkeep.command({ query: `ALTER TABLE selvedge.distribution_hour DROP PARTITION '2026-07-24'` })

  const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })
  const madeAnew = await matchHours(upkeep, { today: '2026-07-25', forgotten: '2026-01-01' })

  expect(madeAnew).toEqual(['2026-07-24'])
  expect(right.length).toBeGreaterThan(50)
  expect(await hours()).toEqual(right)
})

describe('the page of a distribution', () => {
  const page = async (rows: LogRow[], query = '') => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log, { ...OPEN, distributions: ['docs'] })
    await log.insert(rows)
    return (await api.get(`/distributions/docs${query}`)).text()
  }
  const many = (count: number, time: string, more = {}) =>
    Array.from({ length: count }, () => answered({ time, ...more }))

  test('compares with the days before, the hour that isn’t over and its like left out', async () => {
    const text = await page([
      ...many(6, '2026-07-25 11:59:59', { bytes_sent: 500 }),
      ...many(50, '2026-07-25 12:00:00'),
      ...many(3, '2026-07-18 11:59:59', { result_type: 'Miss', bytes_sent: 500 }),
      ...many(1, '2026-07-12 00:00:00'),
      ...many(70, '2026-07-18 12:00:00'),
      ...many(90, '2026-07-11 23:59:59'),
    ])

    expect(text).toContain('56 <small class="change">+50%</small>')
    expect(text).toContain('<small class="change">+75 points</small>')
    expect(text).toContain('Changes are against the 7 days before')
  })

  test('tells a day by the hour, a week as one likes, more by the day', async () => {
    const rows = [...many(2, '2026-07-25 10:00:00'), ...many(1, '2026-07-24 09:00:00')]
    const axis = (text: string) =>
      /<div class="plot-x"[^>]*>(.*?)<\/div>/.exec(text)?.[1]?.match(/[^<>]+(?=<\/)/g)

    expect(axis(await page(rows, '?days=1'))).toEqual(['25 Jul, 00:00', '25 Jul, 06:00', '25 Jul, 12:00'])
    expect(axis(await page(rows, '?by=hour'))).toEqual(['19 Jul, 00:00', '22 Jul, 06:00', '25 Jul, 12:00'])
    expect(axis(await page(rows))).toEqual(['19 Jul', '22 Jul', '25 Jul'])
    expect(axis(await page(rows, '?days=28&by=hour'))).toEqual(['28 Jun', '11 Jul', '25 Jul'])
  })

  test('is short when nobody came', async () => {
    const text = await page([])

    expect(text).toContain('Nobody asked for anything in these days.')
    expect(text).not.toContain('Popular objects')
  })

  test('takes a key, and tells a person how to give it', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)

    const response = await api.get('/distributions', { headers: { accept: 'text/html' } })

    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain('Basic')
    const text = await response.text()
    expect(text).toContain('your browser asks for a name and a password')
    expect(text).toContain('npm run analytics -- key NAME --scope reports:read')
  })
})
