import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type AccessSettings, accessSettings } from '../../analytics/api/access.ts'
import { createInfoApi } from '../../analytics/api/info-api.ts'
import { newKey } from '../../analytics/api/keyring.ts'
import { noClickHouse } from './access-log.ts'
import { MAIN } from './analytics.ts'
import { FORMULA, infoApiOn, KEY } from './info-api.ts'

type Input = Partial<AccessSettings>

const reader = newKey()
const exporter = newKey()

const keys: AccessSettings['keys'] = [
  { name: 'reader', sha256: reader.sha256, scopes: ['rankings:read'], requestsPerMinute: 3 },
  { name: 'exporter', sha256: exporter.sha256, scopes: ['export'], requestsPerMinute: 1_000 },
]

const access = (settings: Input) => accessSettings.parse(settings)

/** An API that answers the first question only after the guard: with 503, for there is no ClickHouse. */
const apiWith = (settings: Input) => infoApiOn(noClickHouse(), { access: access(settings) })

const PAST_THE_GUARD = 503

describe('keys', () => {
  test('open what is closed to others, by either header', async () => {
    await using api = await apiWith({ anonymous: [], keys })
    const ways = [
      { Authorization: `Bearer ${reader.key}` },
      { authorization: `bearer  ${reader.key} ` },
      { 'X-API-Key': reader.key },
    ]

    const statuses = await Promise.all(
      ways.map(async (headers) => (await api.get('/v1/rankings', { headers })).status),
    )

    expect(statuses).toEqual([PAST_THE_GUARD, PAST_THE_GUARD, PAST_THE_GUARD])
  })

  test.each([
    [{}, 401, 'key-needed', 'Bearer realm="selvedge"'],
    [{ 'X-API-Key': 'selvedge_guessed' }, 401, 'unknown-key', 'error="invalid_token"'],
    [{ 'X-API-Key': '' }, 401, 'unknown-key', 'error="invalid_token"'],
    [{ 'X-API-Key': keys[0]?.sha256 ?? '' }, 401, 'unknown-key', 'error="invalid_token"'],
    [{ 'X-API-Key': 'x'.repeat(10_000) }, 401, 'unknown-key', 'error="invalid_token"'],
    [{ Authorization: "Bearer ' OR 1=1" }, 401, 'key-needed', 'Bearer realm="selvedge"'],
    [{ Authorization: 'Basic c2VsdmVkZ2U6eA==' }, 401, 'key-needed', 'Bearer realm="selvedge"'],
    [
      { 'X-API-Key': exporter.key },
      403,
      'not-for-this-key',
      'error="insufficient_scope", scope="rankings:read"',
    ],
  ])('%o is refused with %i, %s and a remedy', async (headers, status, code, challenge) => {
    await using api = await apiWith({ anonymous: [], keys })

    const response = await api.get('/v1/rankings', { headers: { ...headers } })

    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('www-authenticate')).toContain(challenge)
    expect(await response.json()).toMatchObject({ status, code, remedy: expect.stringMatching(/\w{4}/) })
  })

  test('a wrong key is told so even where none is needed', async () => {
    await using api = await apiWith({ keys })

    const response = await api.get('/v1/rankings', { headers: { 'X-API-Key': 'wrong' } })

    expect(await response.json()).toMatchObject({ status: 401, code: 'unknown-key' })
  })

  test('no parameter is looked at before the key', async () => {
    await using api = await apiWith({ anonymous: [] })

    const response = await api.get('/v1/rankings?window=nonsense')

    expect(response.status).toBe(401)
  })

  test('where nobody may read without one, pages and the door without a key are closed too', async () => {
    await using api = await apiWith({ anonymous: [], keys })
    const paths = ['/', '/sites/a.example', '/top-1m.csv.zip', '/data?cli=10&url=a.example', '/v1/lists']

    const closed = await Promise.all(paths.map(async (path) => (await api.get(path)).status))
    const open = await Promise.all(
      ['/healthz', '/openapi.json'].map(async (path) => (await api.get(path)).status),
    )
    const page = await api.get('/', { headers: { Accept: 'text/html' } })

    expect(closed).toEqual([401, 401, 401, 401, 401])
    expect(open).toEqual([200, 200])
    expect(await page.text()).toContain('A key is needed')
  })
})

describe('settings', () => {
  test.each([
    [{ keys: [{ ...keys[0], sha256: 'ab' }] }, 'keys.0.sha256'],
    [{ keys: [{ ...keys[0], scopes: ['everything'] }] }, 'keys.0.scopes.0'],
    [{ keys: [keys[0], { ...keys[1], name: 'reader' }] }, 'keys'],
    [{ keys: [{ ...keys[0], name: 'two words' }] }, 'keys.0.name'],
    [{ requestsPerMinute: 0 }, 'requestsPerMinute'],
    [{ origins: ['https://a.example/path'] }, 'origins.0'],
    [{ anonymous: ['export', 'all'] }, 'anonymous.1'],
  ])('%o can not be used, and the field is named', (settings, field) => {
    const { error } = accessSettings.safeParse(settings)

    expect(error?.issues.map(({ path }) => path.join('.'))).toContain(field)
  })
})

describe('limits', () => {
  test('hold for a key, from wherever it asks, and are told', async () => {
    await using api = await apiWith({ keys })
    const ask = () => api.get('/v1/rankings', { headers: { 'X-API-Key': reader.key } })

    const within = [await ask(), await ask(), await ask()]
    const beyond = await ask()
    const other = await api.get('/v1/rankings', { headers: { 'X-API-Key': exporter.key } })

    const told = within.map(({ headers }) => [
      headers.get('ratelimit-limit'),
      headers.get('ratelimit-remaining'),
    ])
    expect(told).toEqual([
      ['3', '2'],
      ['3', '1'],
      ['3', '0'],
    ])
    expect(beyond.status).toBe(429)
    expect(Number(beyond.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await beyond.json()).toMatchObject({ code: 'too-many-requests', remedy: expect.any(String) })
    expect(other.status).toBe(PAST_THE_GUARD)
  })

  test('hold for a network, also for guesses at keys', async () => {
    const app = await createInfoApi({
      query: noClickHouse().query,
      key: KEY,
      thumbnailerUrl: 'http://127.0.0.1:9',
      includeToday: true,
      formula: FORMULA,
      access: access({ requestsPerMinute: 2 }),
      log: pino({ level: 'silent' }),
    })
    const guess = (remoteAddress: string) =>
      app.inject({ url: '/v1/rankings', remoteAddress, headers: { 'x-api-key': 'guess' } })

    const answers = [await guess('198.51.100.1'), await guess('198.51.100.1'), await guess('198.51.100.1')]
    const elsewhere = await guess('198.51.100.2')
    await app.close()

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 429])
    expect(elsewhere.statusCode).toBe(401)
  })
})

describe('scripts of other web sites', () => {
  test('are allowed by a list, and may send a key', async () => {
    await using api = await apiWith({ origins: ['https://a.example'] })
    const preflight = (origin: string) =>
      api.get('/v1/rankings', { method: 'OPTIONS', headers: { Origin: origin } })

    const [allowed, not] = await Promise.all(['https://a.example', 'https://b.example'].map(preflight))

    expect(allowed?.headers.get('access-control-allow-origin')).toBe('https://a.example')
    expect(allowed?.headers.get('access-control-allow-headers')).toContain('Authorization')
    expect(not?.headers.get('access-control-allow-origin')).toBeNull()
    expect([allowed, not].map((response) => response?.headers.get('vary'))).toEqual(['Origin', 'Origin'])
  })
})

describe('npm run analytics -- key', () => {
  test('makes a key, and the line that lets it in', async () => {
    const { stdout } = await run(MAIN, ['key', 'dashboard', '--scope', 'export', '--scope', 'rankings:read'])

    const [, key = ''] = /^ {4}(selvedge_\S{43})$/m.exec(stdout) ?? []
    const settings = parse(stdout.slice(stdout.indexOf('analytics:'))).analytics.access
    await using api = await apiWith({ ...access(settings), anonymous: [] })
    const response = await api.get('/v1/rankings', { headers: { Authorization: `Bearer ${key}` } })
    expect(response.status).toBe(PAST_THE_GUARD)
    expect(stdout).not.toContain(`"${key}"`)
  })

  test.each([
    [['key', 'two words', '--scope', 'export'], 'NAME: must be 1 to 64 letters'],
    [['key', 'x'], '--scope'],
    [['key', 'x', '--scope', 'all'], 'Allowed: rankings:read'],
    [['key', 'x', '--scope', 'export', '--requests-per-minute', 'many'], '--requests-per-minute'],
    [['kee'], 'unknown command'],
    [[], 'name one of: key'],
  ])('%j is refused with a remedy', async (argv, said) => {
    await expect(run(MAIN, argv)).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining(said) })
  })
})

function run(program: URL, argv: string[]): Promise<{ stdout: string }> {
  return promisify(execFile)(process.execPath, [fileURLToPath(program), ...argv])
}
