import { readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openClickHouse } from '../../analytics/clickhouse/connect.ts'
import { ClickHouseRefuses } from '../../analytics/clickhouse/failure.ts'
import { migrate } from '../../analytics/clickhouse/migrate.ts'
import { directory, rowsIn, startAnalytics } from './analytics.ts'
import { startClickHouseServer } from './clickhouse-http.ts'
import { linesOf, recordBut } from './segment.ts'

test('with a server, the same migrations, inserts and questions go over HTTP', async () => {
  await using data = await directory()
  await using server = await startClickHouseServer(data.path)
  await using analytics = await startAnalytics({ data: '/nowhere', clickhouseUrl: server.url })
  await using clickhouse = await openClickHouse({ data: '/nowhere', clickhouseUrl: server.url })

  const statuses: number[] = []
  for (const _time of [1, 2])
    statuses.push((await analytics.send(`${linesOf(recordBut())}no record\n`)).status)
  const result = await clickhouse.query.query({
    query: `SELECT host, network FROM selvedge.access_log WHERE host = {host:String}
            SETTINGS max_execution_time = 5`,
    query_params: { host: 'www.example.com' },
    format: 'JSONEachRow',
  })

  expect(statuses).toEqual([204, 204])
  expect(await result.json()).toEqual([{ host: 'www.example.com', network: '192.0.2.0/24' }])
  expect(await rowsIn(data.path, 'SELECT count() AS rejected FROM selvedge.rejected')).toEqual([
    { rejected: 1 },
  ])
  expect([...server.settings]).toEqual([])
})

test('while the server is away segments are put off; when it is back they go in, once', async () => {
  await using data = await directory()
  await using server = await startClickHouseServer(data.path)
  await using analytics = await startAnalytics({ data: '/nowhere', clickhouseUrl: server.url })
  const lines = linesOf(recordBut())
  await analytics.send(lines, { token: 'cdg1/77-abc/0' })

  await server.stop()
  const away = await analytics.send(lines, { token: 'cdg1/77-abc/1' })
  const readyWhileAway = await fetch(`${analytics.admin}/readyz`)
  await server.start()
  const back = await analytics.send(lines, { token: 'cdg1/77-abc/1' })
  const again = await analytics.send(lines, { token: 'cdg1/77-abc/0' })

  expect([away.status, away.headers.get('retry-after')]).toEqual([503, '5'])
  expect(readyWhileAway.status).toBe(503)
  expect([back.status, again.status]).toEqual([204, 204])
  expect((await fetch(`${analytics.admin}/readyz`)).status).toBe(200)
  expect(await rowsIn(data.path, 'SELECT count() AS rows FROM selvedge.access_log')).toEqual([{ rows: 2 }])
})

test('a server that is away at the start is waited for', async () => {
  await using data = await directory()
  await using server = await startClickHouseServer(data.path)
  await server.stop()

  await using analytics = await startAnalytics({ data: '/nowhere', clickhouseUrl: server.url })
  const early = await analytics.send(linesOf(recordBut()))
  await server.start()

  expect(early.status).toBe(503)
  await expect
    .poll(async () => (await analytics.send(linesOf(recordBut()))).status, { timeout: 60_000 })
    .toBe(204)
  expect(await rowsIn(data.path, 'SELECT count() AS rows FROM selvedge.access_log')).toEqual([{ rows: 1 }])
})

test('a server that refuses us is an error at the start, without the password', async () => {
  await using data = await directory()
  await using server = await startClickHouseServer(data.path)
  const clickhouseUrl = server.url.replace('p%40ss', 'wrong')

  const failure = await startAnalytics({ data: '/nowhere', clickhouseUrl }).catch((error: unknown) => error)

  expect(failure).toBeInstanceOf(ClickHouseRefuses)
  expect(String(failure)).toMatch(/AUTHENTICATION_FAILED/)
  expect(String(failure)).not.toMatch(/wrong/)
})

test('two programs may migrate at once, and again; another retention is taken over', async () => {
  await using data = await directory()
  await using server = await startClickHouseServer(data.path)
  await using one = await openClickHouse({ data: '/nowhere', clickhouseUrl: server.url })
  await using two = await openClickHouse({ data: '/nowhere', clickhouseUrl: server.url })

  await Promise.all([one, two].map(({ ingest }) => migrate(ingest, { retentionDays: 100 })))
  const before = server.statements.length
  const applied = await migrate(one.ingest, { retentionDays: 30 })
  const later = server.statements.slice(before)

  expect(applied).toEqual([])
  expect(later.filter((sql) => /^ALTER/m.test(sql))).toHaveLength(5)
  const query = `SELECT engine_full AS engine FROM system.tables WHERE name = 'access_log'`
  expect((await rowsIn(data.path, query))[0]?.engine).toMatch(/TTL toDate\(time\) \+ toIntervalDay\(\D*30\D/)
  const files = await readdir(new URL('../../analytics/migrations/', import.meta.url))
  const done = 'SELECT DISTINCT name FROM selvedge.migrations ORDER BY name'
  expect(await rowsIn(data.path, done)).toEqual(files.sort().map((name) => ({ name })))
})
