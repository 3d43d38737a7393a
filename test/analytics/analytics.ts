import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { z } from 'zod'
import { assembleAnalytics } from '../../analytics/assemble.ts'
import { openClickHouse } from '../../analytics/clickhouse/connect.ts'
import { analyticsSettings } from '../../analytics/settings.ts'
import { readSettings } from '../../edge/program/settings.ts'
import { freePort } from '../free-port.ts'
import { KEY, NOON_MS, type Sending, sendSegment } from './segment.ts'

export interface Row {
  [column: string]: unknown
}

export const RETENTION_DAYS = 3_650

/** A directory that is gone afterwards. */
export async function directory(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'selvedge-analytics-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

/** Settings as deploy/ gives them, with ports that are free. */
export async function settingsBut(
  difference: Partial<z.input<typeof analyticsSettings>> & { data: string },
): Promise<z.input<typeof analyticsSettings>> {
  const [api, collector, admin] = await Promise.all([freePort(), freePort(), freePort()])
  return {
    node: 'analytics-1',
    logLevel: 'error',
    admin: { port: admin },
    api: { host: '127.0.0.1', port: api },
    collector: { port: collector },
    key: KEY,
    thumbnailerUrl: 'http://127.0.0.1:9',
    // ClickHouse drops old rows by its own clock, which can't be moved.
    retentionDays: RETENTION_DAYS,
    distributions: [{ id: 'docs', aliases: ['*.example.com'] }],
    ...difference,
  }
}

/** The whole program, in this process. */
export interface Analytics extends AsyncDisposable {
  collector: string
  admin: string
  clock: { nowMs: number }
  /** What it logged. */
  logged: string[]
  send(lines: string, otherwise?: Sending): Promise<Response>
}

export async function startAnalytics(
  difference: Partial<z.input<typeof analyticsSettings>> & { data: string },
): Promise<Analytics> {
  const settings = readSettings(analyticsSettings, await settingsBut(difference), 'test')
  const clock = { nowMs: NOON_MS }
  const logged: string[] = []
  const log = pino({ level: 'debug' }, { write: (line) => logged.push(line) })
  await using starting = new AsyncDisposableStack()
  await assembleAnalytics({ settings, log, parts: starting }, () => clock.nowMs)
  const parts = starting.move()
  const collector = `http://127.0.0.1:${settings.collector.port}`
  return {
    collector,
    admin: `http://127.0.0.1:${settings.admin.port}`,
    clock,
    logged,
    send: (lines, otherwise) => sendSegment(collector, lines, { signedAtMs: clock.nowMs, ...otherwise }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** Rows of the store in a directory that no other process has open. */
export async function rowsIn(data: string, query: string): Promise<Row[]> {
  await using clickhouse = await openClickHouse({ data })
  const result = await clickhouse.query.query({ query, format: 'JSONEachRow' })
  return await result.json<Row>()
}

export const MAIN = new URL('../../analytics/main.ts', import.meta.url)

/** The whole program, in a process of its own, ready. */
export async function forkAnalytics(settings: unknown): Promise<ChildProcess> {
  const program = fork(MAIN, { execArgv: [] })
  program.send({ settings })
  const [word] = await once(program, 'message')
  if (word.ready !== true) throw new Error(word.failed)
  return program
}
