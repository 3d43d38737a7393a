import { describe, expect, test, vi } from 'vitest'
import { matchHours } from '../../analytics/daily/hours.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { type AccessLog, openAccessLog } from './access-log.ts'
import { answered, MIXED, OPEN, plainlyUsed, type Told } from './billed-rows.ts'
import { infoApiOn } from './info-api.ts'
import { csvRows } from './usage.ts'

vi.setConfig({ testTimeout: 60_000 })

describe('usage by the hour', () => {
  test('is what the records say, and is made anew as the view makes it', async () => {
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

  test('adds up to the month, for all and for one distribution, as JSON and as CSV', async () => {
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
