import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '@clickhouse/client'
import { createChdbConnection } from 'chdb/connection'
import { Agent, request } from 'undici'
import { describe, expect, test } from 'vitest'
import { pidsOf } from './processes.ts'
import { startSelvedge } from './selvedge.ts'
import { segmentsIn } from './spool.ts'

const HOST = 'hello.localhost'

/** A response finished this long before a kill is on disk. */
const LOGGED_WITHIN_MS = 1_000

/** Requests without pause until told to stop; remembers when each response was whole. */
function load(port: number) {
  const finished = new Map<string, number>()
  const client = new Agent({ connections: 8 })
  let stopped = false
  let failed = 0

  async function viewer(): Promise<void> {
    while (!stopped) {
      try {
        const answer = await request(`http://127.0.0.1:${port}/?${Math.random()}`, {
          headers: { host: HOST, 'user-agent': 'Mozilla/5.0 Firefox/150.0' },
          dispatcher: client,
        })
        await answer.body.dump()
        finished.set(String(answer.headers['x-selvedge-request-id']), Date.now())
      } catch {
        failed += 1 // a connection that the kill cut: its response was never whole
        await pause(20)
      }
      await pause(5)
    }
  }

  const viewers = Promise.all(Array.from({ length: 8 }, viewer))
  return {
    finished,
    failed: () => failed,
    async stop() {
      stopped = true
      await viewers
      await client.destroy()
    },
  }
}

/** How often each request id is in the store that a Selvedge left behind. */
async function storedTimes(directory: string): Promise<Map<string, number>> {
  const client = createClient({ connection: createChdbConnection({ path: directory }) as never })
  const result = await client.query({
    query: 'SELECT request_id AS id, toUInt32(count()) AS times FROM selvedge.access_log GROUP BY id',
    format: 'JSONEachRow',
  })
  const rows = await result.json<{ id: string; times: number }>()
  await client.close()
  return new Map(rows.map(({ id, times }) => [id, times]))
}

describe('kill -9 during load', () => {
  test('of a worker, the shield and the collector: all come back, and every response counts once', {
    timeout: 240_000,
  }, async () => {
    const selvedge = await startSelvedge(['--workers', '2'])
    expect(selvedge.process.exitCode, selvedge.stderr()).toBeNull()
    const viewers = load(selvedge.httpPort)
    const killedAtMs: number[] = []

    for (const file of ['edge/worker.ts', 'origin-shield/main.ts', 'analytics/main.ts', 'edge/worker.ts']) {
      await pause(2_500)
      const [victim] = pidsOf(selvedge, file)
      process.kill(victim as number, 'SIGKILL')
      killedAtMs.push(Date.now())
      await expect
        .poll(() => pidsOf(selvedge, file).filter((pid) => pid !== victim).length, { timeout: 40_000 })
        .toBe(file === 'edge/worker.ts' ? 2 : 1)
    }
    await pause(2_000)
    const before = viewers.finished.size
    await expect.poll(() => viewers.finished.size).toBeGreaterThan(before)
    await viewers.stop()
    await expect.poll(() => segmentsIn(selvedge.data), { interval: 100, timeout: 60_000 }).toEqual([])
    expect(await selvedge.stop()).toBe(0)

    const times = await storedTimes(`${selvedge.data}/clickhouse`)
    // What the victim had sent is read some time after its death: this process is busy too.
    const isLate = (atMs: number) => killedAtMs.some((killMs) => Math.abs(atMs - killMs) < LOGGED_WITHIN_MS)
    const surelyLogged = [...viewers.finished].filter(([, atMs]) => !isLate(atMs))
    expect(surelyLogged.length).toBeGreaterThan(100)
    expect(surelyLogged.filter(([id]) => times.get(id) !== 1)).toEqual([])
    expect([...times.values()].filter((count) => count > 1)).toEqual([])
    await selvedge[Symbol.asyncDispose]()
  })
})
