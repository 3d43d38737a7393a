import { spawnSync } from 'node:child_process'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { dayOf } from '../../analytics/queries/window.ts'
import { MAIN } from './analytics.ts'
import { combinedLine, combinedLines, failingAfter, importHouse, KEPT_DAYS, noon } from './imports.ts'

/** Little, so that a small file has many blocks. */
const blockBytes = 4_000

const LOG = `SELECT count() AS records, uniqExact(request_id) AS ids, uniqExact(path) AS paths FROM selvedge.access_log`
const HOURS = `SELECT sum(requests) AS requests FROM selvedge.site_hour`
const FIGURES = `
  SELECT toString(day) AS day, argMax(records, at) AS records FROM selvedge.published_days GROUP BY day ORDER BY day`

test('lines become records like those of edges: with site, place, network, visitor and page views', async () => {
  await using house = await importHouse()
  const file = await house.file(
    'access.log',
    combinedLine() + combinedLine({ request: 'GET /a.png HTTP/1.1' }),
  )

  const summary = await house.import([file])

  expect(summary).toMatchObject({ files: 1, lines: 2, records: 2, rejected: 0, sites: 1 })
  const rows =
    await house.rows(`SELECT host, site, distribution, method, path, query, status, bytes_sent, scheme,
    protocol_version, network, country, content_type, referer, is_bot, is_page_view, visitor != 0 AS somebody
    FROM selvedge.access_log ORDER BY path DESC`)
  expect(rows[0]).toEqual({
    host: 'www.example.org',
    site: 'example.org',
    distribution: 'imported',
    method: 'GET',
    path: '/docs/a.html',
    query: 'x=1',
    status: 200,
    bytes_sent: 1234,
    scheme: 'https',
    protocol_version: 'HTTP/1.1',
    network: '8.8.8.0/24',
    country: 'US',
    content_type: 'text/html',
    referer: 'https://a.example/',
    is_bot: false,
    is_page_view: true,
    somebody: 1,
  })
  expect(rows[1]).toMatchObject({ content_type: 'image/png', is_page_view: false })
  expect(
    await house.rows("SELECT site, rank FROM selvedge.ranks WHERE window_days = 1 AND scope = ''"),
  ).toEqual([{ site: 'example.org', rank: 1 }])
})

test('a file is known by what is in it: packed, under another name, or named twice it counts once', async () => {
  await using house = await importHouse()
  const text = combinedLines(50)
  const plain = await house.file('access.log', text)
  const packed = await house.file('access.log.1.gz', gzipSync(text))

  const first = await house.import([plain, packed])
  const again = await house.import([packed])

  expect([first.records, again.records]).toEqual([50, 0])
  expect(first.known[0]).toContain('access.log.1.gz: same as')
  expect(again.known[0]).toMatch(/access\.log\.1\.gz: imported .+ UTC/)
  expect(await house.rows(LOG)).toEqual([{ records: 50, ids: 50, paths: 50 }])
})

describe('an import that ended half way', () => {
  test.each([1, 4])('goes on and counts nothing twice (%i inserts done)', async (inserts) => {
    await using house = await importHouse()
    const { ingest, layout } = house.clickhouse
    const file = await house.file('access.log', combinedLines(300))
    const insert = failingAfter(inserts, house.clickhouse)
    const attempt = house.import([file], { blockBytes, clickhouse: { ingest, layout, insert } })
    await expect(attempt).rejects.toThrow('no power')

    const summary = await house.import([file], { blockBytes })

    expect(summary).toMatchObject({ lines: 300, records: 300 })
    expect(await house.rows(LOG)).toEqual([{ records: 300, ids: 300, paths: 300 }])
    expect(await house.rows(HOURS)).toEqual([{ requests: 300 }])
  })

  test('goes on when the engine has forgotten its tokens', async () => {
    await using house = await importHouse()
    const { ingest, layout } = house.clickhouse
    const file = await house.file('access.log', combinedLines(300))
    const insert = failingAfter(5, house.clickhouse)
    const half = house.import([file], { blockBytes, clickhouse: { ingest, layout, insert } })
    await expect(half).rejects.toThrow()
    for (const window of [0, 10_000]) {
      await ingest.command({
        query: `ALTER TABLE selvedge.access_log MODIFY SETTING non_replicated_deduplication_window = ${window}`,
      })
    }

    await house.import([file], { blockBytes })

    expect(await house.rows(LOG)).toEqual([{ records: 300, ids: 300, paths: 300 }])
  })

  test('stops at a signal between two blocks, and says so', async () => {
    await using house = await importHouse()
    const { ingest, insert, layout } = house.clickhouse
    const stop = new AbortController()
    const file = await house.file('access.log', combinedLines(300))
    const stopping = async (...of: Parameters<typeof insert>) => {
      await insert(...of)
      stop.abort(new Error('stopped'))
    }

    const stopped = await house.import([file], {
      blockBytes,
      clickhouse: { ingest, layout, insert: stopping },
      signal: stop.signal,
    })
    const rest = await house.import([file], { blockBytes })

    expect(stopped).toMatchObject({ isStopped: true, files: 0 })
    expect(rest).toMatchObject({ isStopped: false, records: 300 })
    expect(await house.rows(LOG)).toEqual([{ records: 300, ids: 300, paths: 300 }])
  })
})

describe('records older than the log is kept', () => {
  const old = noon(KEPT_DAYS + 300)

  test('count in figures and rankings, and are forgotten then', async () => {
    await using house = await importHouse()
    const file = await house.file(
      'old.log',
      combinedLines(40, (at) => (at < 10 ? noon(2) : old)),
    )

    const summary = await house.import([file])

    expect(summary).toMatchObject({ records: 40, oldDays: 1 })
    await expect
      .poll(() => house.rows(LOG), { timeout: 20_000 })
      .toEqual([{ records: 10, ids: 10, paths: 10 }])
    expect(await house.rows(FIGURES)).toEqual([
      { day: dayOf(old), records: 30 },
      { day: dayOf(noon(2)), records: 10 },
    ])
    const ranked = await house.rows(
      `SELECT DISTINCT toString(day) AS day FROM selvedge.ranks WHERE rank = 1 ORDER BY day`,
    )
    expect(ranked.map(({ day }) => day)).toEqual([dayOf(old), dayOf(noon(2))])
  })

  test('of a half import that were forgotten meanwhile are put in again', async () => {
    await using house = await importHouse()
    const { ingest, layout } = house.clickhouse
    const file = await house.file(
      'old.log',
      combinedLines(300, () => old),
    )
    const insert = failingAfter(5, house.clickhouse)
    const half = house.import([file], { blockBytes, clickhouse: { ingest, layout, insert } })
    await expect(half).rejects.toThrow()
    await expect.poll(() => house.rows(LOG), { timeout: 20_000 }).toMatchObject([{ records: 0 }])

    await house.import([file], { blockBytes })

    expect(await house.rows(FIGURES)).toEqual([{ day: dayOf(old), records: 300 }])
  })

  test('of a day whose figures are final change them no more, and are rejected with the reason', async () => {
    await using house = await importHouse()
    await house.import([
      await house.file(
        'one.log',
        combinedLines(30, () => old),
      ),
    ])
    await expect.poll(() => house.rows(LOG), { timeout: 20_000 }).toMatchObject([{ records: 0 }])

    const late = await house.import([
      await house.file(
        'two.log',
        combinedLines(99, () => old),
      ),
    ])

    expect(late).toMatchObject({ records: 0, rejected: 99 })
    expect(await house.rows('SELECT DISTINCT reason FROM selvedge.rejected')).toEqual([
      { reason: `timeMs: the figures of ${dayOf(old)} are final, the log that they are of is gone` },
    ])
    expect(await house.rows(FIGURES)).toEqual([{ day: dayOf(old), records: 30 }])
  })
})

describe('npm run analytics -- import', () => {
  const run = (...argv: string[]) =>
    spawnSync(process.execPath, [MAIN.pathname, ...argv], { encoding: 'utf8' })

  test('imports, tells what it did, and knows the file again', async () => {
    await using house = await importHouse()
    const file = await house.file('access.log', combinedLines(20))
    const data = `${house.folder}/other`

    const first = run('import', '--host', 'www.example.org', '--data', data, file)
    const again = run('import', '--host', 'www.example.org', '--data', data, file)

    expect(first.stderr).not.toContain('rror')
    expect(first.stdout).toMatch(/^1 files, 20 lines: 20 records, 0 rejected/)
    expect([first.status, again.status]).toEqual([0, 0])
    expect(again.stdout).toMatch(/access\.log: imported .+, not again\n0 files, 0 lines/)
  })

  test.each([
    ['a store that another process has open', ['--data', '.'], /process \d+ has it open/],
    ['a log that names no host', ['--data', './other'], /--host NAME/],
    ['a host that is none', ['--data', './other', '--host', 'a b'], /--host: is no name/],
  ])('says what is wrong with %s', async (_what, argv, message) => {
    await using house = await importHouse()
    const file = await house.file('access.log', combinedLines(20))
    const placed = argv.map((argument) => argument.replace(/^\.(?=$|\/)/, house.folder))

    const { status, stderr } = run('import', ...placed, file)

    expect(stderr).toMatch(message)
    expect(status).toBe(2)
  })
})
