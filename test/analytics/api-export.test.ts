import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { accessSettings, SCOPES } from '../../analytics/api/access.ts'
import { doDailySteps } from '../../analytics/daily/steps.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { type AccessLog, openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { directory } from './analytics.ts'
import { FORMULA, type InfoApi, infoApiOn, NOON } from './info-api.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let log: AccessLog
let api: InfoApi

const access = accessSettings.parse({ anonymous: SCOPES })
const rank = () => {
  const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })
  return doDailySteps(upkeep, { retentionDays: 36_500, formula: FORMULA }, NOON)
}

beforeAll(async () => {
  log = await openAccessLog()
  await log.insert([
    ...viewsBy(3, { site: 'first.example', time: '2026-07-24 12:00:00' }),
    ...viewsBy(2, { site: 'xn--mnchen-3ya.example', time: '2026-07-24 12:00:00' }),
    viewBut({ site: 'french.example', country: 'FR', time: '2026-07-24 12:00:00' }),
  ])
  await rank()
  api = await infoApiOn(log, { access })
})

afterAll(async () => {
  await api[Symbol.asyncDispose]()
  await log[Symbol.asyncDispose]()
})

const COLUMNS =
  '"rank","bucket","site","reach","pageViews","reachPerMillion","pageViewsPerMillion","pageViewsPerVisitor","change"'

describe('GET /v1/rankings/{day}/export', () => {
  test('gives the ranking as CSV, whose figures are those of the JSON', async () => {
    const response = await api.get('/v1/rankings/2026-07-24/export?window=1d')
    const { items } = (await api.ask('/v1/rankings/2026-07-24?window=1d')) as {
      items: Record<string, unknown>[]
    }

    const [head, ...lines] = (await response.text()).trimEnd().split('\n')
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    expect(response.headers.get('content-disposition')).toBe(
      'attachment; filename="selvedge-2026-07-24-1d.csv"',
    )
    expect(head).toBe(COLUMNS)
    expect(lines.map((line) => line.split(',')[2])).toEqual([
      '"first.example"',
      '"xn--mnchen-3ya.example"',
      '"french.example"',
    ])
    expect(lines.map((line) => line.split(',').map(plain))).toEqual(
      items.map(({ rank: place, bucket, site, change, ...rest }) =>
        [place, bucket, site, ...Object.values(rest), change].map(String),
      ),
    )
  })

  test('gives it as Parquet, which ClickHouse reads as the same', async () => {
    await using folder = await directory()
    const path = join(folder.path, 'ranking.parquet')

    const response = await api.get('/v1/rankings/2026-07-24/export?window=1d&format=parquet&limit=2')
    const bytes = Buffer.from(await response.arrayBuffer())
    await writeFile(path, bytes)
    const read = await log.query.query({
      query: 'SELECT rank, site, reach FROM file({path:String}, Parquet) ORDER BY rank',
      query_params: { path },
      format: 'JSONEachRow',
    })

    expect(response.headers.get('content-type')).toBe('application/vnd.apache.parquet')
    expect([bytes.subarray(0, 4), bytes.subarray(-4)].map(String)).toEqual(['PAR1', 'PAR1'])
    expect(await read.json()).toMatchObject([
      { rank: 1, site: 'first.example', reach: 3 },
      { rank: 2, site: 'xn--mnchen-3ya.example', reach: 2 },
    ])
  })

  test('by country, by category, and where there is no ranking', async () => {
    const linesOf = async (query: string) =>
      (await (await api.get(`/v1/rankings/${query}`)).text()).trimEnd().split('\n').slice(1)

    expect(await linesOf('2026-07-24/export?window=1d&country=FR')).toEqual([
      expect.stringContaining('"french.example"'),
    ])
    expect(await linesOf("2026-07-24/export?category=' OR 1=1 --")).toEqual([])
    expect(await linesOf('2026-01-01/export')).toEqual([])
  })

  test('is not sent again while the ranking is the same, in either form', async () => {
    const path = '/v1/rankings/2026-07-24/export?window=7d'
    const tag = (await api.get(path)).headers.get('etag') ?? ''
    const ask = (to: InfoApi, query = '') =>
      to.get(path + query, { headers: { 'If-None-Match': tag } }).then(({ status }) => status)

    const unchanged = await ask(api)
    const other = await ask(api, '&format=parquet')
    await log.insert([viewBut({ site: 'late.example', time: '2026-07-24 13:00:00', visitor: 40 })])
    await rank()
    await using later = await infoApiOn(log, { access })
    const changed = await ask(later)

    expect([unchanged, other, changed]).toEqual([304, 200, 200])
  })

  test('takes a key where the operator has not opened it', async () => {
    await using closed = await infoApiOn(log)

    const response = await closed.get('/v1/rankings/2026-07-24/export')

    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({
      code: 'key-needed',
      detail: 'This takes a key for export.',
    })
  })

  test.each([
    ['2026-07-24/export?format=xlsx', 'format'],
    ["2026-07-24/export?format=CSV' FORMAT Null", 'format'],
    ['2026-07-24/export?limit=1000001', 'limit'],
    ["2026-07-24/export?window=1d' --", 'window'],
    ["2026-07-24/export?country=D'", 'country'],
    ['2026-07-24/export?country=DE&category=News', 'category'],
    ['2026-02-30/export', 'day'],
    ["2026-07-24' OR 1/export", 'day'],
    ['9999-12-31/export', 'day'],
    ['1900-01-01', 'day'],
  ])('%s is refused', async (path, field) => {
    expect(await api.ask(`/v1/rankings/${path}`)).toMatchObject({ status: 400, field })
  })

  test('more than four at a time are refused, and one that is not read gives its place back', async () => {
    const path = '/v1/rankings/2026-07-24/export?format=parquet'

    const responses = await Promise.all(Array.from({ length: 12 }, () => api.get(path)))
    await Promise.all(responses.map((response) => response.arrayBuffer()))
    const statuses = new Set(responses.map(({ status }) => status))
    const after = await api.get(path)

    expect(statuses.has(200)).toBe(true)
    expect([...statuses].every((status) => status === 200 || status === 503)).toBe(true)
    expect(after.status).toBe(200)
  })
})

/** A field of CSV as JavaScript would write the value. */
function plain(field: string): string {
  return field === '\\N' ? 'null' : field.replaceAll('"', '')
}
