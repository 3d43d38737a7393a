import { readdir } from 'node:fs/promises'
import { pino } from 'pino'
import { describe, expect, test, vi } from 'vitest'
import { startShipper } from '../../edge/log/shipper.ts'
import { openSpool } from '../../edge/log/spool.ts'
import { directory, RETENTION_DAYS, rowsIn, startAnalytics } from './analytics.ts'
import { KEY, linesOf, NOON_MS, recordBut } from './segment.ts'

// Each insert is on the disk before it is answered, in every part: a slow disk takes its time.
vi.setConfig({ testTimeout: 120_000 })

const DAY_MS = 86_400_000

const COUNTS = `
  SELECT
    (SELECT count() FROM selvedge.access_log) AS rows,
    (SELECT uniqExact(request_id) FROM selvedge.access_log) AS requests,
    (SELECT count() FROM selvedge.rejected) AS rejected`

describe('a segment', () => {
  test('becomes rows: every field of its records, and what is derived from them', async () => {
    await using data = await directory()
    await using analytics = await startAnalytics({ data: data.path })

    const answer = await analytics.send(
      linesOf(
        recordBut({ timeMs: NOON_MS + 7, query: 'a=1&b=%20', xForwardedFor: '203.0.113.9', asn: 0 }),
        recordBut({ requestId: 'request-2', contentLength: '', rangeStart: 0, rangeEnd: 99 }),
      ),
    )

    expect(answer.status).toBe(204)
    const [row, range] = await rowsIn(data.path, 'SELECT * FROM selvedge.access_log ORDER BY request_id')
    expect(row).toEqual({
      time: '2026-07-25 12:00:00.007',
      node: 'cdg1',
      request_id: 'request-1',
      distribution: 'docs',
      host: 'www.example.com',
      site: 'example.com',
      method: 'GET',
      scheme: 'https',
      protocol_version: 'HTTP/2.0',
      path: '/',
      query: 'a=1&b=%20',
      status: 200,
      bytes_sent: 1_234,
      bytes_received: 321,
      time_taken_us: 1_500,
      time_to_first_byte_us: 900,
      origin_time_us: 700,
      result_type: 'Miss',
      detailed_result_type: 'Miss',
      cache_status: 'cdg1; fwd=uri-miss; stored',
      content_type: 'text/html',
      content_length: 1_000,
      range_start: null,
      range_end: null,
      network: '192.0.2.0/24',
      tls_protocol: 'TLSv1.3',
      tls_cipher: 'TLS_AES_128_GCM_SHA256',
      user_agent: recordBut().userAgent,
      referer: '',
      country: 'DE',
      asn: 0,
      sec_fetch_dest: 'document',
      sec_purpose: '',
      visitor: expect.any(Number),
      is_bot: false,
      is_page_view: true,
      stored_at: expect.any(String),
    })
    expect(range).toMatchObject({ content_length: null, range_start: 0, range_end: 99 })
  })

  test('comes from an edge’s spool, which then is empty', async () => {
    await using data = await directory()
    await using spooled = await directory()
    await using analytics = await startAnalytics({ data: data.path })
    analytics.clock.nowMs = Date.now() // the edge's signature is of now
    const edge = { directory: spooled.path, node: 'cdg1', collector: analytics.collector, key: KEY }
    await using shipper = await startShipper({ ...edge, spoolBytesMax: 1e9, log: pino({ level: 'silent' }) })
    await using spool = openSpool(spooled.path, pino({ level: 'silent' }))

    spool.append(recordBut({ requestId: 'one' }))
    spool.append(recordBut({ requestId: 'two' }))

    await expect.poll(() => shipper.shipped, { timeout: 10_000 }).toBe(1)
    await expect.poll(() => readdir(spooled.path)).toEqual([])
    expect(await rowsIn(data.path, COUNTS)).toEqual([{ rows: 2, requests: 2, rejected: 0 }])
  })

  test('counts once, however often it is sent, also after a restart', async () => {
    await using data = await directory()
    const midnightMs = Date.UTC(2026, 6, 25)
    const lines = linesOf(
      recordBut({ requestId: 'before', timeMs: midnightMs - 1 }),
      recordBut({ requestId: 'after', timeMs: midnightMs }),
      recordBut({ requestId: 'bad', status: 1_000 }),
    )

    const statuses: number[] = []
    for (const _start of [1, 2]) {
      await using analytics = await startAnalytics({ data: data.path })
      const answers = await Promise.all([analytics.send(lines), analytics.send(lines)])
      statuses.push(...answers.map(({ status }) => status))
    }

    expect(statuses).toEqual([204, 204, 204, 204])
    expect(await rowsIn(data.path, COUNTS)).toEqual([{ rows: 2, requests: 2, rejected: 1 }])
  })

  test('with the same lines under another name is another segment', async () => {
    await using data = await directory()
    await using analytics = await startAnalytics({ data: data.path })

    await analytics.send(linesOf(recordBut()), { token: 'cdg1/77-abc/0' })
    await analytics.send(linesOf(recordBut()), { token: 'cdg1/77-abc/1' })
    await analytics.send(linesOf(recordBut()), { token: 'fra1/77-abc/0' })

    expect(await rowsIn(data.path, COUNTS)).toEqual([{ rows: 3, requests: 1, rejected: 0 }])
  })

  test('keeps what a viewer sent as it is, SQL and all', async () => {
    await using data = await directory()
    await using analytics = await startAnalytics({ data: data.path })
    const hostile = '\'; DROP TABLE selvedge.access_log; -- {x:String} `" /* NULL'

    await analytics.send(linesOf(recordBut({ path: hostile, userAgent: hostile, referer: '\t\n\\N é' })))

    const query = 'SELECT path, user_agent, referer FROM selvedge.access_log'
    expect(await rowsIn(data.path, query)).toEqual([
      { path: hostile, user_agent: hostile, referer: '%09%0A%5CN %E9' },
    ])
  })

  test('of a newer edge, with more columns, is taken without them', async () => {
    await using data = await directory()
    await using analytics = await startAnalytics({ data: data.path })

    await analytics.send(linesOf(recordBut()).replace('\n', '\tnews\tmore news\n'))

    expect(await rowsIn(data.path, COUNTS)).toEqual([{ rows: 1, requests: 1, rejected: 0 }])
  })

  test('of an older edge, with fewer columns, is taken too', async () => {
    await using data = await directory()
    await using analytics = await startAnalytics({ data: data.path, honourDoNotTrack: true })
    const [line = ''] = linesOf(recordBut()).split('\n')
    const older = line.split('\t').slice(0, 35)

    await analytics.send(`${older.join('\t')}\n${older.slice(0, 34).join('\t')}\n`)

    expect(await rowsIn(data.path, COUNTS)).toEqual([{ rows: 1, requests: 1, rejected: 1 }])
  })

  test('of more than a hundred days is one insert like any other', async () => {
    await using data = await directory()
    await using analytics = await startAnalytics({ data: data.path })
    const records = Array.from({ length: 101 }, (_, day) =>
      recordBut({ requestId: `day ${day}`, timeMs: NOON_MS - day * DAY_MS }),
    )

    const answer = await analytics.send(linesOf(...records))

    expect(answer.status).toBe(204)
    expect(await rowsIn(data.path, COUNTS)).toEqual([{ rows: 101, requests: 101, rejected: 0 }])
  })
})

describe('lines that are no record', () => {
  test('are set aside with the reason, and without an address; the others go in', async () => {
    await using data = await directory()
    await using analytics = await startAnalytics({ data: data.path })
    const lines = [
      linesOf(recordBut()),
      linesOf(recordBut({ status: -1 })),
      linesOf(recordBut({ bytesSent: 1.5 })),
      linesOf(recordBut({ country: 'Germany' })),
      linesOf(recordBut({ clientIp: 'localhost' })),
      linesOf(recordBut({ timeMs: NOON_MS + DAY_MS + 1 })),
      linesOf(recordBut({ timeMs: NOON_MS - (RETENTION_DAYS + 2) * DAY_MS })),
      linesOf(recordBut({ path: 'x'.repeat(2_000) })).replace('xxx', 'x'.repeat(9_000)),
      'seen 192.0.2.77 and 2001:db8::77\there\n',
      linesOf(recordBut()).replace('example', 'ex\u0000mple'),
      linesOf(recordBut()).replace('example', 'ex\\mple'),
      linesOf(recordBut()).replace('\t1234\t', '\t01234\t'),
    ].join('')

    const answer = await analytics.send(lines)

    expect(answer.status).toBe(204)
    expect(await rowsIn(data.path, COUNTS)).toEqual([{ rows: 1, requests: 1, rejected: 11 }])
    const rejected = await rowsIn(data.path, 'SELECT segment, reason, line FROM selvedge.rejected')
    expect(rejected.map(({ reason }) => reason)).toEqual([
      'status: is no whole number from 0 to 999',
      `bytesSent: is no whole number from 0 to ${Number.MAX_SAFE_INTEGER}`,
      'country: is no ISO 3166-1 code of two letters',
      'clientIp: is no IP address',
      'timeMs: is more than a day ahead',
      'timeMs: is longer ago than records are kept',
      'path: is longer than 8192 characters',
      'line: has 2 values, 35 are needed',
      'line: has a character that is not printable ASCII, or a backslash',
      'line: has a character that is not printable ASCII, or a backslash',
      `bytesSent: is no whole number from 0 to ${Number.MAX_SAFE_INTEGER}`,
    ])
    expect(rejected.every(({ segment }) => segment === 'cdg1/77-abc/0')).toBe(true)
    expect(rejected[7]?.line).toBe('seen [address] and [address]\there')
    expect(JSON.stringify(rejected)).not.toMatch(/192\.0\.2|2001:db8/)
    expect(JSON.stringify(rejected).length).toBeLessThan(20_000)
  })

  test('are kept a thousand of a segment, and the number of the rest', async () => {
    await using data = await directory()
    await using analytics = await startAnalytics({ data: data.path })

    await analytics.send('nonsense\n'.repeat(200_000))

    expect(await rowsIn(data.path, COUNTS)).toEqual([{ rows: 0, requests: 0, rejected: 1_001 }])
    expect(await rowsIn(data.path, `SELECT reason FROM selvedge.rejected WHERE line = ''`)).toEqual([
      { reason: '199000 more lines of this segment were rejected' },
    ])
    const metrics = await (await fetch(`${analytics.admin}/metrics`)).text()
    expect(metrics).toContain('selvedge_analytics_rejected_rows_total 200000')
  })
})

describe('people', () => {
  test('have one id for a day, also over a restart, and another the day after', async () => {
    await using data = await directory()
    const person = { clientIp: '192.0.2.77' }
    for (const token of ['cdg1/77-abc/0', 'cdg1/77-abc/1']) {
      await using analytics = await startAnalytics({ data: data.path })
      await analytics.send(
        linesOf(
          recordBut({ ...person, requestId: 'today' }),
          recordBut({ ...person, requestId: 'yesterday', timeMs: NOON_MS - DAY_MS }),
          recordBut({ clientIp: '192.0.2.78', requestId: 'neighbour' }),
          recordBut({ clientIp: '::ffff:192.0.2.77', requestId: 'today, by IPv6' }),
        ),
        { token },
      )
    }

    const ids = await rowsIn(
      data.path,
      `SELECT toString(visitor) AS id, groupUniqArray(request_id) AS requests
       FROM selvedge.access_log
       GROUP BY visitor`,
    )
    expect(ids.map(({ requests }) => (requests as string[]).sort().join(' and ')).sort()).toEqual([
      'neighbour',
      'today and today, by IPv6',
      'yesterday',
    ])
  })

  test('leave no way back to their address: no table and no log has it, the salt is deleted', async () => {
    await using data = await directory()
    await using analytics = await startAnalytics({ data: data.path })
    const addresses = { clientIp: '192.0.2.77', xForwardedFor: '198.51.100.3, 2001:db8::77' }

    await analytics.send(linesOf(recordBut(addresses), recordBut({ ...addresses, status: -1 })))
    const tables = ['access_log', 'rejected'].map((table) =>
      rowsIn(data.path, `SELECT * FROM selvedge.${table}`),
    )
    const salts = () => rowsIn(data.path, 'SELECT day FROM selvedge.salts ORDER BY day')
    const saltsThen = await salts()
    analytics.clock.nowMs += 2 * DAY_MS
    await analytics.send(linesOf(recordBut({ timeMs: analytics.clock.nowMs })), { token: 'cdg1/77-abc/1' })
    const saltsAfter = await salts()
    await analytics.send(linesOf(recordBut({ requestId: 'very late' })), { token: 'cdg1/77-abc/2' })

    expect(JSON.stringify(await Promise.all(tables))).not.toMatch(/192\.0\.2\.77|198\.51\.100\.3|2001:db8/)
    expect(analytics.logged.join()).not.toMatch(/192\.0\.2\.77|198\.51\.100\.3|2001:db8/)
    expect(saltsThen).toEqual([{ day: '2026-07-25' }])
    expect(saltsAfter).toEqual([{ day: '2026-07-27' }])
    expect(await salts()).toEqual([{ day: '2026-07-25' }, { day: '2026-07-27' }])
    expect(await rowsIn(data.path, 'SELECT uniqExact(visitor) AS visitors FROM selvedge.access_log')).toEqual(
      [{ visitors: 3 }],
    )
  })
})
