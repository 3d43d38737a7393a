import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { openClickHouse } from '../../analytics/clickhouse/connect.ts'
import { matchHours } from '../../analytics/daily/hours.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { dayOf } from '../../analytics/queries/window.ts'
import { directory, forkAnalytics, rowsIn, settingsBut } from './analytics.ts'
import { linesOf, NOON_MS, recordBut, sendSegment } from './segment.ts'

// Each insert is on the disk before it is answered, in every part: a slow disk takes its time.
vi.setConfig({ testTimeout: 300_000 })

const KILLS = 5
const RECORDS = 200

/** A segment over two days, so that ClickHouse makes two parts of it, and with a line that is none. */
function segment(number: number): { token: string; lines: string } {
  const records = Array.from({ length: RECORDS }, (_, index) =>
    recordBut({
      requestId: `${number}-${index}`,
      timeMs: NOON_MS - (index % 2) * 86_400_000,
      path: `/${number}/${index}`,
    }),
  )
  return { token: `cdg1/1-abc/${number}`, lines: `${linesOf(...records)}no record\n` }
}

test('killed again and again while it stores, it has every record once when all was sent again', async () => {
  await using data = await directory()
  const settings = await settingsBut({ data: data.path })
  const collector = `http://127.0.0.1:${settings.collector.port}`
  const acknowledged = new Set<number>()
  let sent = 0

  for (let kill = 0; kill < KILLS; kill += 1) {
    const program = await forkAnalytics(settings)
    const stored = Promise.withResolvers<void>()
    const sendUntilKilled = async () => {
      for (;;) {
        const number = sent++
        const { token, lines } = segment(number)
        const request = sendSegment(collector, lines, { token, signedAtMs: Date.now() })
        // The kill may have cut this very request off.
        const answer = await request.catch(() => undefined)
        if (answer === undefined) return
        expect(answer.status).toBe(204)
        acknowledged.add(number)
        if (acknowledged.size >= 3 * (kill + 1)) stored.resolve()
      }
    }
    const sending = [sendUntilKilled(), sendUntilKilled()]
    await stored.promise
    await pause(3 * kill) // the other one is being stored: each time it is caught a bit later
    program.kill('SIGKILL')
    await Promise.all([once(program, 'exit'), ...sending])
  }
  const beforeRepeat = await rowsIn(
    data.path,
    'SELECT uniqExact(request_id) AS records FROM selvedge.access_log',
  )
  const program = await forkAnalytics(settings)
  for (let number = 0; number < sent; number += 1) {
    const { token, lines } = segment(number)
    expect((await sendSegment(collector, lines, { token, signedAtMs: Date.now() })).status).toBe(204)
  }
  program.kill('SIGTERM')
  const [status] = await once(program, 'exit')

  expect(status).toBe(0)
  expect(acknowledged.size).toBeGreaterThan(0)
  expect(acknowledged.size).toBeLessThan(sent)
  expect(beforeRepeat[0]?.records).toBeGreaterThanOrEqual(acknowledged.size * RECORDS)
  const counts = await rowsIn(
    data.path,
    `SELECT count() AS rows, uniqExact(request_id) AS records,
       (SELECT count() FROM selvedge.rejected) AS rejected
     FROM selvedge.access_log`,
  )
  expect(counts).toEqual([{ rows: sent * RECORDS, records: sent * RECORDS, rejected: sent }])
  await using clickhouse = await openClickHouse({ data: data.path })
  await matchHours(createUpkeep(clickhouse), { today: dayOf(Date.now()), forgotten: '2000-01-01' })
  const hours = 'SELECT sum(requests) AS requests FROM selvedge.site_hour'
  const result = await clickhouse.query.query({ query: hours, format: 'JSONEachRow' })
  expect(await result.json()).toEqual([{ requests: sent * RECORDS }])
})
