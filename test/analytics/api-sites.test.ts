import { describe, expect, test } from 'vitest'
import { closeDays } from '../../analytics/daily/days.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { FORMULA, infoApiOn } from './info-api.ts'

describe('GET /v1/sites/{site}', () => {
  test('tells ranks, today, when it was seen, hosts, countries and where to go on', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([
      viewBut({ time: '2026-06-01 08:00:00', host: 'old.a.example' }),
      ...viewsBy(3, { host: 'www.a.example', bytes_sent: 500 }),
      viewBut({ host: 'www.a.example', country: '', visitor: 9, time: '2026-07-24 10:00:00' }),
      viewBut({ is_page_view: false, path: '/style.css', time: '2026-07-25 12:00:01' }),
      ...viewsBy(8, { site: 'b.example' }),
    ])

    const answer = await api.ask('/v1/sites/a.example')

    const asOf = '2026-07-25T12:00:00Z'
    expect(answer).toEqual({
      site: 'a.example',
      about: null,
      ranks: {
        '1d': {
          from: '2026-07-25',
          to: '2026-07-25',
          asOf,
          rank: 2,
          of: 2,
          score: 3,
          reach: 3,
          pageViews: 3,
        },
        '7d': {
          from: '2026-07-19',
          to: '2026-07-25',
          asOf,
          rank: 2,
          of: 2,
          score: 2,
          reach: 2,
          pageViews: 2,
        },
        '28d': {
          from: '2026-06-28',
          to: '2026-07-25',
          asOf,
          rank: 2,
          of: 2,
          score: 2,
          reach: 2,
          pageViews: 2,
        },
        '91d': expect.objectContaining({ from: '2026-04-26', rank: 2, reach: 1.67 }),
      },
      today: { date: '2026-07-25', visitors: 3, pageViews: 3, requests: 4, bytes: 2_500 },
      firstSeen: '2026-06-01T08:00:00Z',
      lastSeen: '2026-07-25T12:00:01Z',
      hosts: [
        { host: 'www.a.example', pageViews: 4, requests: 4 },
        { host: 'old.a.example', pageViews: 1, requests: 1 },
        { host: 'a.example', pageViews: 0, requests: 1 },
      ],
      countries: {
        window: '7d',
        from: '2026-07-19',
        to: '2026-07-25',
        items: [
          { country: 'DE', visitors: 3, pageViews: 3, share: 0.75 },
          { country: null, visitors: 1, pageViews: 1, share: 0.25 },
        ],
      },
      links: {
        page: '/sites/a.example',
        traffic: '/v1/sites/a.example/traffic',
        thumbnail: '/v1/sites/a.example/thumbnail?size=large',
      },
    })
  })

  test('a site that only bots asked for is known and has no rank', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([viewBut({ is_bot: true, is_page_view: false })])

    const answer = await api.ask('/v1/sites/a.example')

    expect(answer).toMatchObject({
      ranks: { '1d': { rank: null, of: 0, score: 0 }, '7d': { rank: null } },
      today: { visitors: 0, pageViews: 0, requests: 1 },
    })
  })

  test('a site that was never seen is a 404 that says so', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)

    const response = await api.get('/v1/sites/never.example')

    expect(response.status).toBe(404)
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    expect(await response.json()).toMatchObject({ code: 'unknown-site', field: 'site' })
  })

  test('a name is taken in any case, with a final dot, and in its own script', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([viewBut(), viewBut({ site: 'xn--bcher-kva.example' }), viewBut({ site: '[::1]' })])

    const sites = await Promise.all(
      ['A.EXAMPLE.', 'bücher.example', '[::1]'].map((name) =>
        api.ask(`/v1/sites/${encodeURIComponent(name)}`),
      ),
    )

    expect(sites).toMatchObject([{ site: 'a.example' }, { site: 'xn--bcher-kva.example' }, { site: '[::1]' }])
  })
})

describe('GET /v1/sites/{site}/traffic', () => {
  test('one item a day, oldest first; people and requests are told apart', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([
      viewBut(),
      viewBut(), // the same page again is a page view here
      viewBut({ visitor: 2, status: 500, is_page_view: false }),
      ...viewsBy(5, { is_bot: true, bytes_sent: 10 }),
      ...viewsBy(2, { time: '2026-07-23 23:59:59' }),
      viewBut({ site: 'b.example' }),
    ])

    const answer = await api.ask('/v1/sites/a.example/traffic?days=4')

    expect(answer).toEqual({
      site: 'a.example',
      items: [
        { date: '2026-07-22', visitors: 0, pageViews: 0, requests: 0, bytes: 0 },
        { date: '2026-07-23', visitors: 2, pageViews: 2, requests: 2, bytes: 2_000 },
        { date: '2026-07-24', visitors: 0, pageViews: 0, requests: 0, bytes: 0 },
        { date: '2026-07-25', visitors: 1, pageViews: 2, requests: 8, bytes: 3_050 },
      ],
    })
  })

  test('thirty days unless asked otherwise, and today even where rankings leave it out', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log, { includeToday: false })

    const answer = await api.ask('/v1/sites/a.example/traffic')

    const items = (answer as { items: { date: string }[] }).items
    expect(items).toHaveLength(30)
    expect([items[0]?.date, items.at(-1)?.date]).toEqual(['2026-06-26', '2026-07-25'])
  })

  test('sums beyond 32 bits are exact', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert(viewsBy(3, { bytes_sent: 3_000_000_000_000 }))

    const answer = await api.ask('/v1/sites/a.example/traffic?days=1')

    expect(answer).toMatchObject({ items: [{ bytes: 9_000_000_000_000 }] })
  })
})

describe('GET /v1/sites/{site}/visits', () => {
  const at = (time: string, different = {}) => viewBut({ time: `2026-07-${time}`, ...different })
  const visits = [
    at('24 08:00:00'),
    at('24 08:29:59'), // a second short of half an hour: the same visit
    at('24 08:59:59'), // half an hour: another, a bounce
    at('24 08:10:00', { visitor: 2 }),
    at('24 08:10:00', { visitor: 3, asn: 24_940 }), // a machine of a data centre
    at('24 23:59:50', { visitor: 4 }),
    at('25 00:00:10', { visitor: 4 }), // a day has its own
    at('24 08:00:00', { site: 'b.example' }),
  ]
  const none = { visits: 0, bounceRate: null, pageViewsPerVisit: null, secondsPerVisit: null }
  const items = [
    { date: '2026-07-23', ...none },
    { date: '2026-07-24', visits: 4, bounceRate: 0.75, pageViewsPerVisit: 1.25, secondsPerVisit: 449.8 },
    { date: '2026-07-25', visits: 1, bounceRate: 1, pageViewsPerVisit: 1, secondsPerVisit: 0 },
  ]

  test('a gap of 30 minutes begins another, today and on days that are over', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert(visits)

    const counted = await api.ask('/v1/sites/a.example/visits?days=3')
    const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })
    await closeDays(upkeep, FORMULA, { today: '2026-07-25', forgotten: '2026-01-01' })
    await using later = await infoApiOn(log)
    const published = await later.ask('/v1/sites/a.example/visits?days=3')

    expect(counted).toEqual({ site: 'a.example', items })
    expect(published).toEqual(counted)
  })

  test('a site nobody knows has none', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)

    const answer = await api.ask('/v1/sites/never.example/visits?days=1')

    expect(answer).toEqual({ site: 'never.example', items: [{ date: '2026-07-25', ...none }] })
  })
})

test('GET /v1/sites/{site}/hosts tells what each host name brings', async () => {
  await using log = await openAccessLog()
  await using api = await infoApiOn(log)
  await log.insert([
    ...viewsBy(3, { host: 'www.a.example' }),
    ...viewsBy(2, { host: 'blog.a.example' }),
    viewBut({ host: 'www.a.example', visitor: 4, time: '2026-07-24 12:00:00' }),
    viewBut({ host: 'www.a.example', visitor: 4, time: '2026-07-24 12:30:00' }),
    ...viewsBy(9, { host: 'img.a.example', is_page_view: false }),
    viewBut({ host: 'old.a.example', time: '2026-05-01 12:00:00' }),
  ])

  const answer = await api.ask('/v1/sites/a.example/hosts?window=28d')

  expect(answer).toEqual({
    site: 'a.example',
    window: '28d',
    from: '2026-06-28',
    to: '2026-07-25',
    items: [
      { host: 'www.a.example', reachShare: 1, pageViewsShare: 0.7143, pageViewsPerVisitor: 1.25 },
      { host: 'blog.a.example', reachShare: 0.5, pageViewsShare: 0.2857, pageViewsPerVisitor: 1 },
    ],
  })
})
