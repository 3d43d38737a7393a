import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { directory, MAIN, rowsIn } from './analytics.ts'
import { combinedLine, noon } from './imports.ts'

vi.setConfig({ testTimeout: 240_000 })

/** Lines so long that a block of 16 MB has some hundreds: each block is an insert of two days. */
const LINES = 2_400
const PADDING = 'x'.repeat(28_000)

/** How long after an insert has begun, ms. */
const KILLED_AFTER_MS = [0, 5, 20]

test('an import that is killed in the midst of an insert, again and again, counts every line once', async () => {
  await using data = await directory()
  const log = join(data.path, 'access.log')
  const lines = Array.from({ length: LINES }, (_, at) =>
    combinedLine({ timeMs: noon(2 + (at % 2)), request: `GET /${at}?${PADDING} HTTP/1.1` }),
  )
  await writeFile(log, lines.join(''))
  const started = () => {
    const args = [MAIN.pathname, 'import', '--host', 'www.example.org', '--data', data.path, log]
    return spawn(process.execPath, args, { stdio: 'ignore' })
  }

  for (const afterMs of KILLED_AFTER_MS) {
    const program = started()
    const exit = once(program, 'exit')
    await insertOf(program, join(data.path, 'clickhouse', 'incoming'))
    await pause(afterMs)
    program.kill('SIGKILL')
    expect(await exit).toEqual([null, 'SIGKILL'])
  }
  const [status] = await once(started(), 'exit')

  expect(status).toBe(0)
  const [found] = await rowsIn(
    join(data.path, 'clickhouse'),
    `SELECT count() AS rows, uniqExact(request_id) AS ids, uniqExact(path) AS paths,
      (SELECT sum(requests) FROM selvedge.site_hour) AS siteHours,
      (SELECT sum(requests) FROM selvedge.distribution_hour) AS distributionHours,
      (SELECT sum(records) FROM (SELECT argMax(records, at) AS records FROM selvedge.published_days GROUP BY day)) AS inFigures,
      (SELECT count() FROM selvedge.imports WHERE state = 'begun') AS attempts
    FROM selvedge.access_log`,
  )
  expect(found).toEqual({
    rows: LINES,
    ids: LINES,
    paths: LINES,
    siteHours: LINES,
    distributionHours: LINES,
    inFigures: LINES,
    attempts: KILLED_AFTER_MS.length + 1,
  })
})

/** Resolves when the program has begun another insert: its rows are in a file then. */
async function insertOf(program: ChildProcess, incoming: string): Promise<void> {
  const names = () => readdir(incoming).catch(() => [])
  // What a killed one left behind: it has only just been started, and hasn't cleared up yet.
  const before = new Set(await names())
  while (!(await names()).some((name) => !before.has(name))) {
    if (program.exitCode !== null) throw new Error('it ended before it was killed')
    await pause(1)
  }
}
