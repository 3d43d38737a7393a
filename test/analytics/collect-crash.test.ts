import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { directory, rowsIn, settingsBut } from './analytics.ts'
import { linesOf, NOON_MS, recordBut, sendSegment } from './segment.ts'

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

async function start(settings: unknown): Promise<ChildProcess> {
  const program = fork(new URL('../../analytics/main.ts', import.meta.url), { execArgv: [] })
  program.send({ settings })
  const [message] = await once(program, 'message')
  expect(message).toEqual({ ready: true })
  return program
}

test('killed again and again while it stores, it has every record once when all was sent again', async () => {
  await using data = await directory()
  const settings = await settingsBut({ data: data.path })
  const collector = `http://127.0.0.1:${settings.collector.port}`
  const acknowledged = new Set<number>()
  let sent = 0

  for (let kill = 0; kill < KILLS; kill += 1) {
    const program = await start(settings)
    const stored = Promise.withResolvers<void>()
    const sendUntilKilled = async () => {
      for (;;) {
        const number = sent++
        const { token, lines } = segment(number)
        const request = sendSegment(collector, lines, { token, signedAtMs: Date.now() })
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
  const program = await start(settings)
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
    `SELECT count() AS rows, uniqExact(request_id) AS records, (SELECT count() FROM selvedge.rejected) AS rejected
     FROM selvedge.access_log`,
  )
  expect(counts).toEqual([{ rows: sent * RECORDS, records: sent * RECORDS, rejected: sent }])
})

test('a second program on the same directory says who has it, and what to do', async () => {
  await using data = await directory()
  const first = await start(await settingsBut({ data: data.path }))

  const second = fork(new URL('../../analytics/main.ts', import.meta.url), { execArgv: [], stdio: 'pipe' })
  second.send({ settings: await settingsBut({ data: data.path }) })
  const [[word], [status]] = await Promise.all([once(second, 'message'), once(second, 'exit')])

  expect(word.failed).toContain(`${data.path}: process ${first.pid} has it open`)
  expect(word.failed).toMatch(/set CLICKHOUSE_URL to a ClickHouse server, which many can share/)
  expect(status).toBe(2)
  first.kill('SIGTERM')
  expect(await once(first, 'exit')).toEqual([0, null])
})
