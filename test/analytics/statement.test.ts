import { describe, expect, test, vi } from 'vitest'
import { noClickHouse, openAccessLog } from './access-log.ts'
import { answered, MIXED, OPEN, type Told } from './billed-rows.ts'
import { infoApiOn } from './info-api.ts'
import { csvRows, PRICES, priceBookBut } from './usage.ts'

vi.setConfig({ testTimeout: 60_000 })

describe('a statement', () => {
  test('goes by tiers of a region and by what is free in all of them; shares add up to it', async () => {
    await using log = await openAccessLog()
    const prices = priceBookBut({ free: { bytesOut: 4n, requests: 1n } })
    await using api = await infoApiOn(log, { ...OPEN, prices })
    await log.insert([
      answered({ distribution: 'docs', bytes_sent: 6e9 }),
      answered({ distribution: 'shop', bytes_sent: 18e9 + 1 }),
      answered({ distribution: 'docs', bytes_sent: 8e9 + 2, country: 'JP', scheme: 'http' }),
    ])

    const told = (await api.ask('/v1/usage/2026-07')) as Told

    // 4 GB of 32,000,000,003 bytes are free: 3/4 of them in Europe, and the one request where most were.
    const line = (item: string, region: string) =>
      told.lines.find((one) => one.item === item && one.region === region)
    expect(line('bytesOut', 'europe')).toEqual({
      ...{ item: 'bytesOut', region: 'europe', quantity: 24_000_000_001, free: 3_000_000_000 },
      per: 1_000_000_000,
      tiers: [
        { quantity: 10_000_000_000, price: '0.100000000' },
        { quantity: 10_000_000_000, price: '0.050000000' },
        { quantity: 1_000_000_001, price: '0.010000001' },
      ],
      // 1 + 0.5 + 0.010000001 + a billionth of that, rounded
      amount: '1.510000001',
    })
    expect(line('bytesOut', 'japan')).toMatchObject({ free: 1_000_000_000, amount: '0.700000000' })
    expect(line('httpsRequests', 'europe')).toMatchObject({ quantity: 2, free: 1, amount: '0.000000700' })
    expect(line('httpRequests', 'japan')).toMatchObject({ quantity: 1, free: 0, amount: '0.000000500' })
    expect(told).toMatchObject({ amount: '2.210001201', toPay: '2.21' })
    expect(told.distributions).toMatchObject([
      { distribution: 'docs', amount: '1.077500850' },
      { distribution: 'shop', amount: '1.132500351' },
    ])
  })

  test('adds up to the same when it is worked out otherwise, and so does its CSV', async () => {
    await using log = await openAccessLog()
    await log.insert(MIXED)
    await using api = await infoApiOn(log, { ...OPEN, prices: PRICES })

    const told = (await api.ask('/v1/usage/2026-06')) as Told
    const csv = csvRows(
      await (await api.get('/v1/usage/2026-06', { headers: { Accept: 'text/csv' } })).text(),
    )

    const nanos = (amount: string) => BigInt(amount.replace('.', ''))
    const sum = (amounts: readonly string[]) => amounts.reduce((all, one) => all + nanos(one), 0n)
    expect(told.lines.length).toBeGreaterThan(40)
    for (const { item, region, quantity, free, amount } of told.lines) {
      expect([item, region, amount]).toEqual([item, region, plainPrice(item, region, quantity - free)])
    }
    expect(sum(told.lines.map(({ amount }) => amount))).toBe(nanos(told.amount))
    expect(sum(told.distributions.map(({ amount }) => amount))).toBe(nanos(told.amount))
    expect(sum(csv.map(({ amount = '' }) => amount))).toBe(nanos(told.amount))
    expect(told.toPay).toBe((Math.round(Number(told.amount) * 100) / 100).toFixed(2))
  })

  test('of a month without anything is empty; without prices there is usage and no amount', async () => {
    await using log = await openAccessLog()
    await log.insert([answered()])
    await using api = await infoApiOn(log, OPEN)
    await using late = await infoApiOn(log, { ...OPEN, prices: priceBookBut({ from: '2026-08' }) })

    const empty = await api.ask('/v1/usage/2026-02')
    const emptyCsv = await (await api.get('/v1/usage/2026-02?format=csv')).text()
    const unpriced = await api.ask('/v1/usage/2026-07')
    const before = await late.ask('/v1/usage/2026-07')

    expect(empty).toMatchObject({ from: '2026-02-01', to: '2026-02-28', lines: [], distributions: [] })
    expect(empty).toMatchObject({ isOver: true, used: { bytesOut: 0 }, amount: null, toPay: null })
    expect(emptyCsv).toBe('month,distribution,region,item,quantity,amount,currency\r\n')
    for (const told of [unpriced, before]) {
      expect(told).toMatchObject({ isOver: false, prices: null, amount: null, used: { bytesOut: 1_000 } })
    }
  })

  test('is private, has a tag by which it is known again, and comes as what Accept names', async () => {
    await using log = await openAccessLog()
    await log.insert([answered({ distribution: 'docs', bytes_sent: 5 })])
    await using closed = await infoApiOn(log)
    await using api = await infoApiOn(log, { ...OPEN, prices: PRICES })
    const type = async (accept: string) =>
      (await api.get('/v1/usage/2026-07', { headers: { Accept: accept } })).headers.get('content-type')

    const refused = await closed.get('/v1/usage/2026-07')
    const page = await closed.get('/usage/2026-07')
    const first = await api.get('/v1/usage/2026-07')
    const tag = first.headers.get('etag') ?? ''
    const again = await api.get('/v1/usage/2026-07', { headers: { 'If-None-Match': tag } })

    expect([refused.status, page.status]).toEqual([401, 401])
    expect(page.headers.get('www-authenticate')).toMatch(/^Basic /)
    expect(again.status).toBe(304)
    expect(first.headers.get('vary')).toMatch(/Accept/)
    expect(await type('text/csv')).toMatch(/^text\/csv/)
    expect(await type('application/json, text/csv;q=0.5')).toMatch(/^application\/json/)
    expect(await type('*/*')).toMatch(/^application\/json/)
  })

  test.each([
    ['2026-13', 'month'],
    ['2026-7', 'month'],
    ['2026-07-25', 'month'],
    ['1999-12', 'month'],
    ['2026-08', 'month'],
    ["2026-07'--", 'month'],
    ['2026-07?format=xml', 'format'],
    ['2026-07?distribution=docs', 'distribution'],
  ])('of %s is refused as a problem that names %s', async (path, field) => {
    await using api = await infoApiOn(noClickHouse(), OPEN)

    const answer = await api.get(`/v1/usage/${path}`)

    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(await answer.json()).toMatchObject({ code: 'bad-parameter', field, remedy: expect.any(String) })
    const page = await api.get(`/usage/${path}`, { headers: { Accept: 'text/html' } })
    if (field === 'month') expect(page.status).toBe(400)
  })
})

/** By the prices of `PRICES`, one after the other, in whole billionths of billionths. */
function plainPrice(item: string, region: string | null, billed: number): string {
  const [per, tiers] = (
    {
      bytesOut: [
        1e9,
        [
          [10e9, '0.100000000'],
          [20e9, '0.050000000'],
          [Infinity, '0.010000001'],
        ],
      ],
      httpRequests: [10_000, [[Infinity, '0.005000000']]],
      httpsRequests: [10_000, [[Infinity, '0.007000000']]],
      httpOtherRequests: [10_000, [[Infinity, '0.008000000']]],
      httpsOtherRequests: [10_000, [[Infinity, '0.010000000']]],
      shieldRequests: [10_000, [[Infinity, '0.003000000']]],
    } as Record<string, [number, [number, string][]]>
  )[item] ?? [1, []]
  let product = 0n
  let below = 0
  for (const [end, price] of tiers) {
    const within = Math.max(0, Math.min(end, billed) - below)
    const there = region === 'india' ? price.replace(/^0/, '1') : price
    product += BigInt(within) * BigInt(there.replace('.', ''))
    below = Math.max(below, Math.min(end, billed))
  }
  const whole = product / BigInt(per)
  const rest = product - whole * BigInt(per)
  const nanos = rest * 2n >= BigInt(per) ? whole + 1n : whole
  const text = String(nanos).padStart(10, '0')
  return `${text.slice(0, -9)}.${text.slice(-9)}`
}
