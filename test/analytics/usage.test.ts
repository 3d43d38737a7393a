import { describe, expect, test, vi } from 'vitest'
import { accessSettings } from '../../analytics/api/access.ts'
import { REGION_OF } from '../../analytics/usage/regions.ts'
import { freePort } from '../free-port.ts'
import { type LogRow, openAccessLog } from './access-log.ts'
import { directory, startAnalytics } from './analytics.ts'
import { answered, MIXED, OPEN, plainlyUsed, type Told } from './billed-rows.ts'
import { infoApiOn } from './info-api.ts'
import { linesOf, NOON_MS, recordBut } from './segment.ts'
import { csvRows, PRICES } from './usage.ts'

vi.setConfig({ testTimeout: 60_000 })

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
