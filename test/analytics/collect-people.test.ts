import { expect, test } from 'vitest'
import type { AccessRecord } from '../../edge/log/record.ts'
import { directory, type Row, rowsIn, settingsBut, startAnalytics } from './analytics.ts'
import { linesOf, recordBut } from './segment.ts'

/** Networks of people in the database of 2026-06: Orange, Deutsche Telekom, Comcast. */
const HOMES = ['2.3.4.5', '2.58.100.7', '23.24.1.9']
/** And of rented machines: Hetzner, OVH, DigitalOcean. */
const MACHINES = ['2.28.0.5', '2.26.132.7', '5.101.96.9']

const visits = (host: string, addresses: string[], difference: Partial<AccessRecord> = {}) =>
  addresses.map((clientIp) =>
    recordBut({ host, clientIp, asn: 0, requestId: `${host} ${clientIp}`, ...difference }),
  )

test('who comes from a data centre ranks nothing, also where the edge did not say where from', async () => {
  await using data = await directory()
  const settings = { distributions: [{ id: 'docs', aliases: ['*.example', '*.test'] }] }
  const { api } = await settingsBut({ data: data.path })
  await using analytics = await startAnalytics({ data: data.path, api, ...settings })

  await analytics.send(linesOf(...visits('people.example', HOMES), ...visits('machines.example', MACHINES)))
  const answer = await fetch(`http://127.0.0.1:${api.port}/v1/rankings?window=1d`)

  const { items } = (await answer.json()) as { items: { site: string }[] }
  expect(items.map(({ site }) => site)).toEqual(['people.example'])
})

test('the autonomous system is looked up where the record has none, and is the record’s where it has', async () => {
  await using data = await directory()
  await using analytics = await startAnalytics({ data: data.path })

  await analytics.send(
    linesOf(...visits('a.example.com', [...HOMES, '127.0.0.1', '::ffff:8.8.8.8', '2003::1']), recordBut()),
  )

  const rows = await rowsIn(data.path, 'SELECT DISTINCT asn FROM selvedge.access_log ORDER BY asn')
  expect(rows.map(({ asn }) => asn)).toEqual([0, 3_215, 3_320, 7_922, 15_169, 64_500])
})

const FIGURES = `
  SELECT
    count() AS rows,
    uniqExactIf(visitor, visitor != 0) AS people,
    countIf(is_page_view) AS views,
    (SELECT sum(requests) FROM selvedge.site_hour) AS requests,
    (SELECT sum(bytes) FROM selvedge.site_hour) AS bytes,
    (SELECT sum(page_views) FROM selvedge.site_hour) AS rollupViews
  FROM selvedge.access_log`

test.each([
  [true, { rows: 2, people: 1, views: 1, requests: 2, bytes: 2_468, rollupViews: 1 }],
  [false, { rows: 2, people: 2, views: 2, requests: 2, bytes: 2_468, rollupViews: 2 }],
])('who asks not to be tracked is billed alone where that is honoured: %s', async (honoured, figures) => {
  await using data = await directory()
  await using analytics = await startAnalytics({ data: data.path, honourDoNotTrack: honoured })

  await analytics.send(
    linesOf(recordBut(), recordBut({ requestId: '2', doNotTrack: '1', clientIp: '198.51.100.1' })),
  )

  expect(await rowsIn(data.path, FIGURES)).toEqual([figures] satisfies Row[])
})

test('an ASN database that can not be read is named, with what to do', async () => {
  await using data = await directory()

  const start = startAnalytics({ data: data.path, asnDatabase: '/nowhere/asn.mmdb' })

  await expect(start).rejects.toThrow(/asnDatabase.*can not be used/)
})
