import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { accessSettings } from '../../analytics/api/access.ts'
import { matchHours } from '../../analytics/daily/hours.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { readPriceBook } from '../../analytics/usage/price-book.ts'
import { REGION_OF } from '../../analytics/usage/regions.ts'
import { ConfigError } from '../../edge/program/errors.ts'
import { freePort } from '../free-port.ts'
import { type AccessLog, type LogRow, noClickHouse, openAccessLog, viewBut } from './access-log.ts'
import { directory, startAnalytics } from './analytics.ts'
import { infoApiOn } from './info-api.ts'
import { linesOf, NOON_MS, recordBut } from './segment.ts'
import { bookBut, csvRows, PRICES, priceBookBut } from './usage.ts'

vi.setConfig({ testTimeout: 60_000 })

/** What is billed isn't for everybody unless the operator says so. */
const OPEN = { access: accessSettings.parse({ anonymous: ['usage:read'] }) }

/** A row with the columns that only billing reads. */
function answered(difference: Record<string, unknown> = {}): LogRow {
  const more = { node: 'cdg1', method: 'GET', scheme: 'https', result_type: 'Hit', bytes_received: 100 }
  return { ...viewBut(), ...more, ...difference } as LogRow
}

const pick = <Value>(values: readonly Value[], at: number) => values[at % values.length] as Value

/** Rows as they come: of all methods, schemes and countries, over three months. */
const MIXED = Array.from({ length: 3_000 }, (_, at) =>
  answered({
    distribution: pick(['docs', 'shop', ''], at * 7 + (at >> 3)),
    country: pick(['DE', 'US', 'JP', 'IN', 'BR', 'ZA', 'AU', 'SG', '', 'XX'], at * 3 + (at >> 4)),
    method: pick(['GET', 'HEAD', 'POST', 'OPTIONS', 'BREW'], at + (at >> 5)),
    scheme: pick(['http', 'https', 'ws', 'wss'], at + (at >> 2)),
    time: `2026-0${5 + (at % 3)}-${String(1 + (at % 25)).padStart(2, '0')} ${String(at % 12).padStart(2, '0')}:30:00`,
    bytes_sent: (at * 7_919_777) % 90_000_001,
    bytes_received: at % 997,
    origin_time_us: at % 4 === 0 ? 900 : 0,
    cache_status: at % 8 === 0 ? 'cdg1; fwd=uri-miss; stored; collapsed' : 'cdg1; fwd=uri-miss',
    is_bot: at % 5 === 0,
    status: pick([200, 404, 500, 0], at),
  }),
) as (LogRow & Record<string, never>)[]

interface Told {
  used: Record<string, number>
  lines: { item: string; region: string | null; quantity: number; free: number; amount: string }[]
  distributions: {
    distribution: string | null
    used: Record<string, number>
    amount: string
    regions: { region: string; used: Record<string, number> }[]
  }[]
  amount: string
  toPay: string
}

/** What some rows used, counted one by one. */
function plainlyUsed(rows: readonly (LogRow & Record<string, unknown>)[]): Record<string, number> {
  const used: Record<string, number> = {
    ...{ bytesOut: 0, bytesIn: 0, shieldRequests: 0, invalidationPaths: 0, renders: 0 },
    ...{ httpRequests: 0, httpsRequests: 0, httpOtherRequests: 0, httpsOtherRequests: 0 },
  }
  const add = (name: string, quantity: number) => {
    used[name] = (used[name] ?? 0) + quantity
  }
  for (const row of rows) {
    const scheme = ['https', 'wss'].includes(String(row.scheme)) ? 'https' : 'http'
    add(['GET', 'HEAD'].includes(String(row.method)) ? `${scheme}Requests` : `${scheme}OtherRequests`, 1)
    add('bytesOut', row.bytes_sent)
    add('bytesIn', Number(row.bytes_received))
    const asked = Number(row.origin_time_us) > 0 && !String(row.cache_status).includes('collapsed')
    add('shieldRequests', asked ? 1 : 0)
  }
  return used
}

describe('usage of a month', () => {
  test('is what its records say, to the byte, in all and by distribution and region; CSV adds up to it', async () => {
    await using log = await openAccessLog()
    await log.insert(MIXED)
    await using api = await infoApiOn(log, { ...OPEN, prices: PRICES })

    for (const month of ['2026-05', '2026-06', '2026-07']) {
      const told = (await api.ask(`/v1/usage/${month}`)) as Told
      const csv = csvRows(await (await api.get(`/v1/usage/${month}?format=csv`)).text())

      const rows = MIXED.filter(({ time }) => time.startsWith(month))
      const used = plainlyUsed(rows)
      expect(rows.length).toBe(1_000)
      expect(told.used).toEqual(used)
      expect(told.distributions.map(({ distribution }) => distribution)).toEqual([null, 'docs', 'shop'])
      for (const { distribution, used: theirs, regions } of told.distributions) {
        const ofThem = rows.filter((row) => row.distribution === (distribution ?? ''))
        expect(theirs).toEqual(plainlyUsed(ofThem))
        for (const { region, used: there } of regions) {
          const regionOf = ({ country }: LogRow) => REGION_OF.get(country) ?? 'unknown'
          expect(plainlyUsed(ofThem.filter((row) => regionOf(row) === region))).toMatchObject(there)
        }
      }
      const { bytesIn: _unpriced, ...priced } = used
      const inCsv = (item: string) =>
        csv.reduce((sum, row) => sum + (row.item === item ? Number(row.quantity) : 0), 0)
      expect(Object.fromEntries(Object.keys(priced).map((item) => [item, inCsv(item)]))).toEqual(priced)
    }
  })

  test('can be had beyond what a number holds exactly, by the hour too', async () => {
    await using log = await openAccessLog()
    const most = answered({ bytes_sent: Number.MAX_SAFE_INTEGER })
    await log.insert([most, most] as LogRow[])
    await using api = await infoApiOn(log, { ...OPEN, prices: PRICES })

    const statement = (await api.ask('/v1/usage/2026-07')) as Told
    const hours = (await api.ask('/v1/usage/2026-07/hours')) as { items: { used: { bytesOut: number } }[] }
    const [line] = csvRows(await (await api.get('/v1/usage/2026-07?format=csv')).text())

    expect(statement.used.bytesOut).toBe(2 * Number.MAX_SAFE_INTEGER)
    expect(hours.items[0]?.used.bytesOut).toBe(2 * Number.MAX_SAFE_INTEGER)
    expect(line?.quantity).toBe('18014398509481982')
  })

  test('by the hour is what the records say, and is made anew as the view makes it', async () => {
    await using log = await openAccessLog()
    await log.insert(MIXED)
    const right = await hoursOf(log)
    const byHour = new Map<string, { requests: number; bytes: number }>()
    for (const row of MIXED) {
      const hour = `${row.time.slice(0, 13)}:00:00 ${row.distribution}`
      const sum = byHour.get(hour) ?? { requests: 0, bytes: 0 }
      byHour.set(hour, { requests: sum.requests + 1, bytes: sum.bytes + row.bytes_sent })
    }

    await log.upkeep.command({ query: `ALTER TABLE selvedge.usage_hour DROP PARTITION '2026-05-01'` })
    await log.upkeep.command({
      query: `INSERT INTO selvedge.usage_hour SETTINGS async_insert = 0
        SELECT * FROM selvedge.usage_hour WHERE toDate(hour) = '2026-06-02'`,
    })
    const upkeeps = [log.upkeep, log.ingest].map((upkeep) => createUpkeep({ upkeep, layout: {} }))
    const days = { today: '2026-07-25', forgotten: '2026-01-01' }
    const anew = await Promise.all(upkeeps.map((upkeep) => matchHours(upkeep, days)))

    expect(new Set(anew.flat())).toEqual(new Set(['2026-05-01', '2026-06-02']))
    expect(await hoursOf(log)).toEqual(right)
    const { requests, bytes } = byHour.get('2026-05-01 00:00:00 docs') ?? { requests: 0, bytes: 0 }
    const there = right.filter(
      ({ hour, distribution }) => hour === '2026-05-01 00:00:00' && distribution === 'docs',
    )
    expect(requests).toBeGreaterThan(2)
    expect(sumOf(there, 'requests')).toBe(requests)
    expect(sumOf(there, 'bytes_out')).toBe(bytes)
  })

  test('by the hour adds up to the month, for all and for one distribution, as JSON and as CSV', async () => {
    await using log = await openAccessLog()
    await log.insert(MIXED)
    await log.ingest.command({
      query: `INSERT INTO selvedge.billed_events (time, kind, id, node, distribution, quantity) VALUES
        ('2026-06-02 05:10:00.000', 'invalidation', 'I1', 'a', 'docs', 7),
        ('2026-06-02 05:10:00.000', 'invalidation', 'I1', 'b', 'docs', 7),
        ('2026-06-02 05:20:00.000', 'render', 'r1', 'a', 'docs', 1)`,
    })
    await using api = await infoApiOn(log, { ...OPEN, distributions: ['quiet'] })
    interface Hours {
      items: { at: string; distribution: string; region: string | null; used: Record<string, number> }[]
    }
    const sums = (items: Hours['items']) =>
      items.reduce<Record<string, number>>((sum, { used }) => {
        for (const [name, quantity] of Object.entries(used)) sum[name] = (sum[name] ?? 0) + quantity
        return sum
      }, {})

    const { used, distributions } = (await api.ask('/v1/usage/2026-06')) as Told
    const { items } = (await api.ask('/v1/usage/2026-06/hours')) as Hours
    const docs = (await api.ask('/v1/usage/2026-06/hours?distribution=docs')) as Hours
    const csv = csvRows(await (await api.get('/v1/usage/2026-06/hours?format=csv&day=2026-06-02')).text())

    expect(sums(items)).toEqual(used)
    expect(sums(docs.items)).toEqual(distributions.find(({ distribution }) => distribution === 'docs')?.used)
    expect(items.find(({ region }) => region === null)).toMatchObject({
      ...{ at: '2026-06-02T05:00:00Z', distribution: 'docs' },
      used: { invalidationPaths: 7, renders: 1, bytesOut: 0 },
    })
    const day = MIXED.filter(({ time }) => time.startsWith('2026-06-02'))
    expect(csv.reduce((sum, row) => sum + Number(row.bytesOut), 0)).toBe(plainlyUsed(day).bytesOut)
    expect(csv.every(({ hour }) => hour?.startsWith('2026-06-02T'))).toBe(true)
    const status = async (query: string) => (await api.get(`/v1/usage/2026-06/hours?${query}`)).status
    expect(await status('distribution=quiet')).toBe(200)
    expect(await status('distribution=nobody')).toBe(404)
    expect(await status('day=2026-07-01')).toBe(400)
    expect(await status("distribution=docs'--")).toBe(400)
  })

  test('outlives the log, also where that is kept longer later on', async () => {
    await using log = await openAccessLog()
    await log.insert(MIXED)
    const right = await hoursOf(log)
    const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })
    await log.upkeep.command({
      query: `INSERT INTO selvedge.published_days (day, computation, records, formula)
        SELECT toDate(time), generateUUIDv4(), count(), '' FROM selvedge.access_log GROUP BY 1`,
    })
    await log.upkeep.command({ query: 'TRUNCATE TABLE selvedge.access_log' })
    // A record of such a day comes late.
    await log.insert([answered({ time: '2026-06-02 11:59:59', distribution: 'late' })])

    const anew = await matchHours(upkeep, { today: '2026-07-25', forgotten: '2026-01-01' })

    // Of site_hour and distribution_hour, which are kept as long as the log.
    expect(anew.length).toBeGreaterThan(0)
    const now = await hoursOf(log)
    expect(now.filter(({ distribution }) => distribution !== 'late')).toEqual(right)
    expect(now.length).toBe(right.length + 1)
  })

  test('begins and ends with the month in UTC; imported records are not billed', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log, OPEN)
    await log.insert([
      answered({ time: '2026-05-31 23:59:59.999', bytes_sent: 1 }),
      answered({ time: '2026-06-01 00:00:00.000', bytes_sent: 10 }),
      answered({ time: '2026-06-30 23:59:59.999', bytes_sent: 100 }),
      answered({ time: '2026-07-01 00:00:00.000', bytes_sent: 1_000 }),
      answered({ time: '2026-06-15 12:00:00', bytes_sent: 10_000, node: 'import' }),
    ])

    const sent = ['2026-05', '2026-06', '2026-07'].map(async (month) => {
      const { used } = (await api.ask(`/v1/usage/${month}`)) as Told
      return used.bytesOut
    })

    expect(await Promise.all(sent)).toEqual([1, 110, 1_000])
  })

  test('counts a segment once however often it comes, and a record that comes a month late', async () => {
    await using data = await directory()
    const port = await freePort()
    const access = accessSettings.parse({ anonymous: ['usage:read'] })
    await using analytics = await startAnalytics({
      data: data.path,
      api: { host: '127.0.0.1', port },
      access,
    })
    const told = async (month: string) =>
      (await (await fetch(`http://127.0.0.1:${port}/v1/usage/${month}`)).json()) as Told
    const first = linesOf(...[1, 20, 300].map((bytesSent) => recordBut({ bytesSent })))

    for (const _time of [1, 2, 3]) {
      expect((await analytics.send(first, { token: 'cdg1/77-abc/0' })).status).toBe(204)
    }
    const late = recordBut({ timeMs: NOON_MS - 30 * 86_400_000, bytesSent: 4_000, country: 'US' })
    for (const _time of [1, 2]) {
      await analytics.send(linesOf(late, recordBut({ bytesSent: 50_000 })), { token: 'cdg1/77-abc/1' })
    }

    expect((await told('2026-07')).used).toMatchObject({
      bytesOut: 50_321,
      httpsRequests: 4,
      shieldRequests: 4,
    })
    expect((await told('2026-06')).used).toMatchObject({ bytesOut: 4_000, httpsRequests: 1 })
  })
})

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

test('every country is in one region, and no region has what is no country', () => {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  const codes = letters.flatMap((one) => letters.map((other) => one + other))
  // Groups, parts and old names of countries, which no address is of.
  const others =
    'AC AN BU CP CQ CS DD DG DY EA EU EZ FQ FX HV IC JT MI NH NQ NT PC PU PZ QO QU RH SU TA TP UK UN VD WK XA XB YD YU ZR ZZ CT FXX'
  const countries = codes.filter((code) => names.of(code) !== undefined && !others.split(' ').includes(code))

  expect([...REGION_OF.keys()].sort()).toEqual(countries)
})

describe('a price book', () => {
  const without = (name: string) => {
    const [book] = bookBut().books as [{ regions: Record<string, Record<string, unknown>> }]
    const { [name]: _left, ...europe } = book.regions.europe ?? {}
    return bookBut({ regions: { ...book.regions, europe } })
  }
  const paths = (rate: unknown) => bookBut({ everywhere: { invalidationPaths: rate, renders: '0' } })

  test.each([
    [
      'a price as an exponent',
      paths('1e-3'),
      /everywhere\.invalidationPaths: must be a price/,
      /nine decimals/,
    ],
    [
      'a price below a billionth',
      paths('0.0000000001'),
      /invalidationPaths: must be a price/,
      /nine decimals/,
    ],
    ['a price below nothing', paths('-1'), /invalidationPaths: must be a price/, /nine decimals/],
    ['a region without a price', without('bytesOut'), /regions\.europe\.bytesOut: /, /./],
    ['an item that there isn’t', bookBut({ everywhere: { renders: '0' } }), /invalidationPaths/, /./],
    ['a word that there isn’t', { ...bookBut(), vat: '19' }, /vat/, /Remove or rename: vat/],
    [
      'a currency that there isn’t',
      { ...bookBut(), currency: 'XYZ' },
      /currency: is no currency/,
      /ISO 4217/,
    ],
    [
      'a month that there isn’t',
      bookBut({ from: '2026-13' }),
      /books\[0\]\.from: must be a month/,
      /2026-01/,
    ],
    [
      'a last tier with an end',
      paths([{ upTo: '5', price: '1' }]),
      /\[0\]\.upTo: ends the last/,
      /Leave it out/,
    ],
    [
      'tiers that do not rise',
      paths([{ upTo: '5', price: '1' }, { upTo: '5', price: '1' }, { price: '1' }]),
      /\[1\]\.upTo: is not above 5/,
      /higher than the one before/,
    ],
    [
      'a tier without an end before others',
      paths([{ price: '1' }, { price: '1' }]),
      /\[0\]\.upTo: is missing/,
      /Give each tier but the last an end/,
    ],
    [
      'books out of order',
      { ...bookBut(), books: [bookBut(), bookBut()].flatMap(({ books }) => books) },
      /books\[1\]\.from: is not after 2020-01/,
      /in the order of their months/,
    ],
  ])('with %s is refused: the error names the field and the remedy', async (_what, book, problem, remedy) => {
    await using folder = await directory()
    const file = join(folder.path, 'prices.yaml')
    await writeFile(file, stringify(book))

    const error = await readPriceBook(file).catch((thrown: unknown) => thrown)

    expect(error).toBeInstanceOf(ConfigError)
    expect(String(error)).toMatch(problem)
    expect(String(error)).toContain(file)
    expect((error as ConfigError).remedy).toMatch(remedy)
  })

  test('that is no YAML, or is not there, is refused', async () => {
    await using folder = await directory()
    const file = join(folder.path, 'prices.yaml')
    await writeFile(file, 'name: [')

    await expect(readPriceBook(file)).rejects.toThrow(ConfigError)
    await expect(readPriceBook(join(folder.path, 'none.yaml'))).rejects.toThrow(
      /analytics\.prices.*can't be read/,
    )
  })
})

test('the example of a price book can be read, and says that it is made up', async () => {
  const book = await readPriceBook('deploy/prices.example.yaml')

  expect(book.name).toMatch(/made up/)
})

async function hoursOf({ query }: AccessLog): Promise<Record<string, string | number>[]> {
  const result = await query.query({
    query: `SELECT distribution, hour, country, is_tls, is_read, toUInt32(sum(u.requests)) AS requests,
        toInt64(sum(u.bytes_out)) AS bytes_out, toInt64(sum(u.bytes_in)) AS bytes_in,
        toUInt32(sum(u.shield_requests)) AS shield
      FROM selvedge.usage_hour AS u GROUP BY ALL ORDER BY ALL
      SETTINGS output_format_json_quote_64bit_integers = 0`,
    format: 'JSONEachRow',
  })
  return await result.json()
}

function sumOf(rows: readonly Record<string, string | number>[], column: string): number {
  return rows.reduce((sum, row) => sum + Number(row[column]), 0)
}

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
