import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type AccessLog, type LogRow, openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { type InfoApi, infoApiOn } from './info-api.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let log: AccessLog
let api: InfoApi

beforeAll(async () => {
  log = await openAccessLog()
})

afterAll(async () => {
  await log[Symbol.asyncDispose]()
})

beforeEach(async () => {
  for (const table of ['access_log', 'site_hour', 'site_host'])
    await log.upkeep.command({ query: `TRUNCATE TABLE selvedge.${table}` })
  // A new one each time: answers are remembered for 2 s.
  await api?.[Symbol.asyncDispose]()
  api = await infoApiOn(log)
})

afterAll(async () => {
  await api[Symbol.asyncDispose]()
})

describe('GET /v1/sites/{site}/pages', () => {
  test('has what people opened, on which host, and nothing else', async () => {
    await log.insert([
      ...viewsBy(3, { path: '/a' }),
      viewBut({ path: '/a', query: 'q=1' }),
      viewBut({ path: '/b', host: 'www.a.example' }),
      viewBut({ path: '/bot', is_bot: true }),
      viewBut({ path: '/style.css', is_page_view: false }),
      viewBut({ path: '/old', time: '2026-06-01 12:00:00' }),
      viewBut({ path: '/other', site: 'b.example' }),
    ])

    expect(await api.ask('/v1/sites/a.example/pages')).toEqual({
      site: 'a.example',
      window: '28d',
      from: '2026-06-28',
      to: '2026-07-25',
      items: [
        { host: 'a.example', path: '/a', pageViews: 4, visitors: 3, share: 0.8 },
        { host: 'www.a.example', path: '/b', pageViews: 1, visitors: 1, share: 0.2 },
      ],
      next: null,
    })
  })

  test('can be followed to its end, each once, and a cursor is of one question only', async () => {
    await log.insert(Array.from({ length: 7 }, (_, at) => viewBut({ path: `/${at}`, visitor: at + 1 })))

    const found: string[] = []
    let path: string | undefined = '/v1/sites/a.example/pages?limit=3'
    while (path !== undefined) {
      const response = await api.get(path)
      const { items } = (await response.json()) as { items: { path: string }[] }
      found.push(items.map((item) => item.path).join(' '))
      path = /^<(.+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1]
    }
    const { next } = (await api.ask('/v1/sites/a.example/pages?limit=3')) as { next: string }
    const others = [`window=7d&cursor=${next}`, `cursor=${'x'.repeat(12)}3`, 'cursor=x', 'cursor=']
    const refused = await Promise.all(others.map((query) => api.ask(`/v1/sites/a.example/pages?${query}`)))

    expect(found).toEqual(['/0 /1 /2', '/3 /4 /5', '/6'])
    expect(refused).toEqual(others.map(() => expect.objectContaining({ status: 400, field: 'cursor' })))
  })
})

test('rankings can be followed, at another limit too', async () => {
  await log.insert([1, 2, 3, 4].flatMap((people) => viewsBy(people, { site: `s${people}.example` })))

  const first = (await api.ask('/v1/rankings?limit=1')) as { items: unknown[]; next: string }
  const rest = await api.ask(`/v1/rankings?limit=10&cursor=${first.next}`)

  expect(first.items).toMatchObject([{ site: 's4.example' }])
  expect(rest).toMatchObject({
    items: [{ site: 's3.example', rank: 2 }, { site: 's2.example' }, { site: 's1.example', rank: 4 }],
    next: null,
  })
})

test('an unchanged part of a list is not sent again', async () => {
  await log.insert(viewsBy(2))
  const path = '/v1/sites/a.example/pages?limit=1'

  const first = await api.get(path)
  const again = await api.get(path, { headers: { 'If-None-Match': first.headers.get('etag') ?? '' } })

  expect([first.status, again.status, await again.text()]).toEqual([200, 304, ''])
})

test('GET /v1/sites/{site}/referrers puts hosts together to registrable domains', async () => {
  const from = (referer: string, visitors = 1) => viewsBy(visitors, { referer })
  await log.insert([
    ...from('https://www.news.co.uk/front?a=1', 2),
    ...from('https://m.News.co.uk/'),
    ...from('https://alice.github.io/x', 2),
    ...from('http://192.0.2.7:8080/'),
    ...from('https://a.example/before'),
    ...from('https://shop.a.example/'),
    ...from(''),
    ...from('about:blank'),
    viewBut({ referer: 'https://spam.example/', is_bot: true }),
  ])

  const answer = await api.ask('/v1/sites/a.example/referrers?limit=3')

  expect(answer).toMatchObject({
    pageViews: 10,
    direct: 2,
    internal: 2,
    items: [
      { domain: 'news.co.uk', pageViews: 3, share: 0.3 },
      { domain: 'alice.github.io', pageViews: 2, share: 0.2 },
      { domain: '192.0.2.7', pageViews: 1, share: 0.1 },
    ],
  })
})

describe('GET /v1/sites/{site}/links', () => {
  test('knows whose page it was by the host, and leaves out who is not fronted', async () => {
    await log.insert([
      viewBut({ site: 'b.example', host: 'WWW.b.example' }),
      viewBut({ site: 'c.example', host: 'c.example', time: '2026-07-20 12:00:00' }),
      viewBut({ site: 'gone.example', time: '2026-05-01 12:00:00' }),
      viewBut({ site: 'bot.example', is_bot: true }),
      viewBut({ site: '', host: 'nobody.example' }),
      ...viewsBy(2, { referer: 'https://www.b.example/to' }),
      ...['c', 'gone', 'bot', 'nobody', 'elsewhere'].map((name) =>
        viewBut({ referer: `https://${name}.example/` }),
      ),
      viewBut({ referer: 'https://a.example/self' }),
    ])

    expect(await api.ask('/v1/sites/a.example/links')).toEqual({
      site: 'a.example',
      items: [
        { site: 'b.example', page: 'https://www.b.example/to', visits: 2 },
        { site: 'c.example', page: 'https://c.example/', visits: 1 },
      ],
    })
  })

  test('a host that moved to another site counts for the one that has it now', async () => {
    await log.insert([
      viewBut({ site: 'before.example', host: 'w.example', time: '2026-07-10 12:00:00' }),
      viewBut({ site: 'after.example', host: 'w.example', time: '2026-07-20 12:00:00' }),
      viewBut({ referer: 'https://w.example/' }),
    ])

    expect(await api.ask('/v1/sites/a.example/links')).toMatchObject({ items: [{ site: 'after.example' }] })
  })
})

describe('GET /v1/sites/{site}/devices', () => {
  const PIXEL =
    'Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0 Mobile Safari/537.36'
  const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0'

  test('has the page views of people by device, browser and system', async () => {
    await log.insert([
      ...viewsBy(3, { user_agent: PIXEL }),
      viewBut({ user_agent: FIREFOX }),
      viewBut({ user_agent: FIREFOX, is_page_view: false }),
      viewBut({ user_agent: 'Googlebot/2.1', is_bot: true }),
      viewBut({ user_agent: FIREFOX, site: 'b.example' }),
      viewBut({ user_agent: FIREFOX, time: '2026-06-01 12:00:00' }),
    ])

    expect(await api.ask('/v1/sites/a.example/devices')).toEqual({
      site: 'a.example',
      window: '28d',
      from: '2026-06-28',
      to: '2026-07-25',
      device: [
        { value: 'Mobile', pageViews: 3, share: 0.75 },
        { value: 'Desktop', pageViews: 1, share: 0.25 },
      ],
      browser: [
        { value: 'Chrome', pageViews: 3, share: 0.75 },
        { value: 'Firefox', pageViews: 1, share: 0.25 },
      ],
      os: [
        { value: 'Android', pageViews: 3, share: 0.75 },
        { value: 'Linux', pageViews: 1, share: 0.25 },
      ],
    })
  })

  test('of a site that nobody opened there are none', async () => {
    expect(await api.ask('/v1/sites/nobody.example/devices')).toMatchObject({
      device: [],
      browser: [],
      os: [],
    })
  })
})

describe('GET /v1/sites/{site}/speed', () => {
  const took = (times: Record<string, number>, view = viewBut()): LogRow => ({ ...view, ...times })

  test('has percentiles of page views in milliseconds', async () => {
    const views = Array.from({ length: 100 }, (_, at) =>
      took({
        time_to_first_byte_us: (at + 1) * 1_000,
        time_taken_us: (at + 1) * 2_000,
        origin_time_us: at < 2 ? 500 : 0,
      }),
    )
    const beside = took({ time_taken_us: 9_000_000 }, viewBut({ is_page_view: false }))
    await log.insert([...views, beside])

    const {
      views: counted,
      firstByte,
      complete,
      origin,
    } = (await api.ask('/v1/sites/a.example/speed')) as {
      views: number
      firstByte: Record<string, number>
      complete: Record<string, number>
      origin: Record<string, number>
    }

    expect(counted).toBe(100)
    expect(Object.keys(firstByte)).toEqual(['p50', 'p75', 'p95', 'p99'])
    expect(Math.abs((firstByte.p50 ?? 0) - 50.5)).toBeLessThan(1)
    expect(Math.abs((complete.p95 ?? 0) - 190)).toBeLessThan(3)
    expect(origin.p99).toBe(0.5)
  })

  test('without page views there are none, and without an origin none of its', async () => {
    const nobody = await api.ask('/v1/sites/nobody.example/speed')
    await log.insert([took({ time_taken_us: 1_000 })])
    const cached = await api.ask('/v1/sites/a.example/speed')

    expect(nobody).toMatchObject({ views: 0, firstByte: null, complete: null, origin: null })
    expect(cached).toMatchObject({ views: 1, complete: { p50: 1 }, origin: null })
  })
})

test('hostile values are refused in every parameter, and the log is as it was', async () => {
  await log.insert([viewBut()])
  const hostile = ["' OR 1=1 --", '{site:String}', '\\', '\u0000', "'; DROP TABLE selvedge.site_host; --", '']
  const routes = ['pages', 'referrers', 'links', 'devices', 'speed']
  const paths = hostile
    .map(encodeURIComponent)
    .flatMap((value) =>
      routes.flatMap((route) => [
        `/v1/sites/${value}/${route}`,
        ...['window', 'limit', 'cursor'].map((name) => `/v1/sites/a.example/${route}?${name}=${value}`),
      ]),
    )

  const statuses = await Promise.all(paths.map(async (path) => (await api.get(path)).status))

  expect([...new Set(statuses)]).toEqual([400])
  expect(await api.ask('/v1/sites/a.example/pages')).toMatchObject({ items: [{ pageViews: 1 }] })
})
