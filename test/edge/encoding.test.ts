import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createZstdDecompress,
  gunzipSync,
  zstdDecompressSync,
} from 'node:zlib'
import fc from 'fast-check'
import { request } from 'undici'
import { describe, expect, test } from 'vitest'
import type { Asking } from '../../edge/cache/asking.ts'
import { createCache } from '../../edge/cache/cache.ts'
import {
  acceptanceOf,
  CODINGS,
  type Coding,
  canonicalAcceptEncoding,
  codingFor,
} from '../../edge/cache/encoding/accept-encoding.ts'
import { isEncodable } from '../../edge/cache/encoding/encoded-fields.ts'
import { createEncoding } from '../../edge/cache/encoding/encoding.ts'
import { isCompressibleType } from '../../edge/cache/encoding/media-types.ts'
import { NO_INVALIDATIONS } from '../../edge/cache/invalidations.ts'
import { createMemoryStore } from '../../edge/cache/memory-store.ts'
import { TRANSPARENT } from '../../edge/cache/rules.ts'
import { createByteBudget } from '../../edge/cache/shared-body.ts'
import { createStore } from '../../edge/cache/store.ts'
import { HOST, type House, houseInFrontOf } from './house.ts'
import { type Site, site } from './site.ts'

const DECODE: Record<string, (body: Buffer) => Buffer> = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  zstd: zstdDecompressSync,
}

const DECODER = { br: createBrotliDecompress, gzip: createGunzip, zstd: createZstdDecompress }

const BROWSER = 'gzip, deflate, br, zstd'

/** Text as it is found: repetitive, not only repetition. */
function prose(bytes: number, seed = 1): string {
  let word = seed
  let written = ''
  while (written.length < bytes) {
    word = (word * 48_271) % 2_147_483_647
    written += `<li class="entry" id="n${word % 5_000}">number ${word % 977}</li>\n`
  }
  return written.slice(0, bytes)
}

/** A site with one text of so many bytes, which answers 304 to whoever has it. */
async function siteWith(
  body: string | Buffer,
  headers: Record<string, string> = {},
  status = 200,
): Promise<Site> {
  const origin = await site()
  origin.answers((asked, response) => {
    const all: Record<string, string> = {
      'content-type': 'text/html; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'max-age=60',
      etag: '"v1"',
      ...headers,
    }
    if (asked.headers['if-none-match'] === all.etag) response.writeHead(304, all).end()
    else response.writeHead(status, all).end(body)
  })
  return origin
}

interface Raw {
  status: number
  headers: Record<string, string | undefined>
  body: Buffer
  /** The body as it was before it was encoded. */
  decoded: string
}

async function get(house: House, path: string, headers: Record<string, string> = {}): Promise<Raw> {
  const response = await request(`http://127.0.0.1:${house.port}${path}`, {
    headers: { host: HOST, ...headers },
  })
  const body = Buffer.from(await response.body.arrayBuffer())
  const got = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
  )
  const decode = DECODE[got['content-encoding'] ?? '']
  const decoded = (decode === undefined ? body : decode(body)).toString()
  return { status: response.statusCode, headers: got, body, decoded }
}

describe('an encoded response', () => {
  test.each([
    ['br', BROWSER],
    ['zstd', 'gzip;q=0.5, zstd'],
    ['gzip', 'gzip'],
  ])(
    'is %s for `%s`, on the first request and after, and decodes to what the origin sent',
    async (coding, asked) => {
      const page = prose(20_000)
      await using origin = await siteWith(page)
      await using house = await houseInFrontOf(origin.url)

      const answers: Raw[] = []
      for (let at = 0; at < 4; at += 1) answers.push(await get(house, '/', { 'accept-encoding': asked }))

      for (const { headers, decoded, body } of answers) {
        expect([headers['content-encoding'], headers.vary]).toEqual([coding, 'Accept-Encoding'])
        expect(decoded).toBe(page)
        expect(body.byteLength).toBeLessThan(page.length / 3)
      }
      expect(answers.map(({ headers }) => headers['x-cache']?.split(' ')[0])).toEqual([
        'Miss',
        'Hit',
        'Hit',
        'Hit',
      ])
      expect(answers[3]?.headers['content-length']).toBe(String(answers[3]?.body.byteLength))
      expect(origin.requests).toEqual(['GET /'])
    },
  )

  test('is made better once it is asked for again', async () => {
    await using origin = await siteWith(prose(100_000))
    await using house = await houseInFrontOf(origin.url)

    const draft = await get(house, '/', { 'accept-encoding': BROWSER })
    await expect
      .poll(async () => (await get(house, '/', { 'accept-encoding': BROWSER })).body.byteLength)
      .toBeLessThan(draft.body.byteLength)
  })

  test('says nothing that was true of the other bytes only (RFC 9530)', async () => {
    await using origin = await siteWith(prose(2_000), {
      'accept-ranges': 'bytes',
      'content-md5': 'Q2hlY2sgSW50ZWdyaXR5IQ==',
      'content-digest': 'sha-256=:d435Qo+nKZ+gLcUHn7GQtQ72hiBVAgqoLsZnZPiTGPk=:',
      'repr-digest': 'sha-256=:d435Qo+nKZ+gLcUHn7GQtQ72hiBVAgqoLsZnZPiTGPk=:',
      digest: 'sha-256=d435Qo+nKZ+gLcUHn7GQtQ72hiBVAgqoLsZnZPiTGPk=',
      'x-kept': 'yes',
    })
    await using house = await houseInFrontOf(origin.url)

    const { headers } = await get(house, '/', { 'accept-encoding': 'br' })
    const plain = await get(house, '/')

    const said = ['accept-ranges', 'content-md5', 'content-digest', 'repr-digest', 'digest', 'x-kept']
    expect(said.map((name) => headers[name])).toEqual([...Array(5).fill(undefined), 'yes'])
    expect(said.every((name) => plain.headers[name] !== undefined)).toBe(true)
  })

  test.each([
    ['a strong one becomes weak', '"v1"', 'W/"v1"'],
    ['a weak one stays', 'W/"v1"', 'W/"v1"'],
    ['what is no tag is dropped', 'v1', undefined],
  ])('has a weak ETag: %s', async (_, etag, expected) => {
    await using origin = await siteWith(prose(2_000), { etag })
    await using house = await houseInFrontOf(origin.url)

    const encoded = await get(house, '/', { 'accept-encoding': 'gzip' })
    const plain = await get(house, '/')

    expect([encoded.headers.etag, plain.headers.etag]).toEqual([expected, etag])
    expect(plain.headers.vary).toBe('Accept-Encoding')
  })

  test('is known again by its viewer, by the weak tag and by the strong one', async () => {
    await using origin = await siteWith(prose(2_000), { vary: 'Accept-Language' })
    await using house = await houseInFrontOf(origin.url)
    await get(house, '/', { 'accept-encoding': 'br' })

    for (const tag of ['W/"v1"', '"v1"', '"v0", W/"v1"', '*']) {
      for (const coding of ['br', 'gzip', 'identity']) {
        const answer = await get(house, '/', { 'accept-encoding': coding, 'if-none-match': tag })

        expect([answer.status, answer.body.byteLength]).toEqual([304, 0])
        expect(answer.headers.vary).toBe('Accept-Language, Accept-Encoding')
        expect(answer.headers.etag).toBe(coding === 'identity' ? '"v1"' : 'W/"v1"')
      }
    }
    const changed = await get(house, '/', { 'accept-encoding': 'gzip', 'if-none-match': 'W/"v0"' })
    expect([changed.status, changed.headers['content-encoding']]).toEqual([200, 'gzip'])
  })

  test('outlives a revalidation, and is made anew of a new body', async () => {
    let body = prose(5_000, 1)
    let etag = '"one"'
    await using origin = await site()
    origin.answers((asked, response) => {
      const headers = { 'content-type': 'text/css', 'cache-control': 'max-age=10', etag, 'x-etag': etag }
      if (asked.headers['if-none-match'] === etag) response.writeHead(304, headers).end()
      else response.writeHead(200, { ...headers, 'content-length': body.length }).end(body)
    })
    await using house = await houseInFrontOf(origin.url)
    const ask = () => get(house, '/a.css', { 'accept-encoding': 'br' })

    await ask()
    house.clock.advanceSeconds(15)
    const renewed = await ask()
    const oldBody = body
    body = prose(5_000, 7)
    etag = '"two"'
    house.clock.advanceSeconds(15)
    const replaced = [await ask(), await ask()]

    expect([renewed.headers['x-cache'], renewed.decoded]).toEqual(['RefreshHit from selvedge', oldBody])
    expect(replaced.map(({ decoded }) => decoded === body)).toEqual([true, true])
    expect(replaced.map(({ headers }) => headers.etag)).toEqual(['W/"two"', 'W/"two"'])
  })

  test('of something large is sent while it is made, and then kept', async () => {
    const page = prose(900_000)
    await using origin = await siteWith(page)
    await using house = await houseInFrontOf(origin.url)
    await get(house, '/')

    const first = await get(house, '/', { 'accept-encoding': 'zstd' })
    const second = await get(house, '/', { 'accept-encoding': 'zstd' })

    expect([first.decoded === page, second.decoded === page]).toEqual([true, true])
    expect([first.headers['content-length'], second.headers['content-length']]).toEqual([
      undefined,
      String(second.body.byteLength),
    ])
  })

  test('has no body for a HEAD, and the same head', async () => {
    await using origin = await siteWith(prose(2_000))
    await using house = await houseInFrontOf(origin.url)

    const miss = await house.ask('HEAD', '/', { 'accept-encoding': 'br' })
    const { headers } = await get(house, '/', { 'accept-encoding': 'br' })
    const hit = await house.ask('HEAD', '/', { 'accept-encoding': 'br' })

    expect([miss.headers['content-encoding'], miss.headers.etag, miss.body]).toEqual(['br', 'W/"v1"', ''])
    expect(hit.headers['content-length']).toBe(headers['content-length'])
  })

  test('is logged with the length that was sent', async () => {
    await using origin = await siteWith(prose(5_000))
    await using house = await houseInFrontOf(origin.url)

    await get(house, '/')
    const { body } = await get(house, '/', { 'accept-encoding': 'br' })
    const [plain, encoded] = await house.records(2)

    expect([plain?.contentLength, encoded?.contentLength]).toEqual(['5000', String(body.byteLength)])
  })
})

describe('a part', () => {
  const page = prose(3_000)

  test('is a part of the body as it is, with its strong tag', async () => {
    await using origin = await siteWith(page)
    await using house = await houseInFrontOf(origin.url)
    await get(house, '/', { 'accept-encoding': 'br' })

    for (const more of [{}, { 'if-range': '"v1"' }]) {
      const part = await get(house, '/', { 'accept-encoding': 'br', range: 'bytes=10-19', ...more })

      expect([part.status, part.body.toString()]).toEqual([206, page.slice(10, 20)])
      expect([part.headers['content-encoding'], part.headers.etag]).toEqual([undefined, '"v1"'])
    }
  })

  test('is never had on the strength of a weak tag: the whole is sent, encoded', async () => {
    await using origin = await siteWith(page)
    await using house = await houseInFrontOf(origin.url)
    await get(house, '/', { 'accept-encoding': 'br' })

    const asked = { 'accept-encoding': 'br', range: 'bytes=10-19', 'if-range': 'W/"v1"' }
    const whole = await get(house, '/', asked)

    expect([whole.status, whole.headers['content-encoding'], whole.decoded]).toEqual([200, 'br', page])
  })
})

describe('a body goes out as it is', () => {
  test.each([
    ['when it is under 1,000 bytes', {}, 999, 200],
    ['when the origin encoded it', { 'content-encoding': 'x-own' }, 5_000, 200],
    ['with no-transform', { 'cache-control': 'max-age=60, no-transform' }, 5_000, 200],
    ['when it is a picture', { 'content-type': 'image/png' }, 5_000, 200],
    ['when it may not be stored', { 'cache-control': 'no-store' }, 5_000, 200],
    ['with a status that CloudFront does not compress', {}, 5_000, 410],
  ])('%s', async (_, headers, bytes, status) => {
    const page = prose(bytes)
    await using origin = await siteWith(page, headers, status)
    await using house = await houseInFrontOf(origin.url)

    for (let at = 0; at < 3; at += 1) {
      const answer = await get(house, '/', { 'accept-encoding': BROWSER })

      expect(answer.headers['content-encoding']).toBe((headers as Record<string, string>)['content-encoding'])
      expect([answer.body.toString(), answer.headers.etag]).toEqual([page, '"v1"'])
      expect(answer.headers.vary).toBeUndefined()
    }
  })

  test.each([
    [1_000, 200],
    [5_000, 403],
    [5_000, 404],
  ])('but not with %i bytes and status %i', async (bytes, status) => {
    await using origin = await siteWith(prose(bytes), {}, status)
    await using house = await houseInFrontOf(origin.url)

    const answer = await get(house, '/', { 'accept-encoding': BROWSER })

    expect([answer.status, answer.headers['content-encoding']]).toEqual([status, 'br'])
  })

  test('to HTTP/1.0', async () => {
    await using origin = await siteWith(prose(2_000))
    await using house = await houseInFrontOf(origin.url)

    const socket = connect(house.port, '127.0.0.1')
    socket.write(`GET / HTTP/1.0\r\nHost: ${HOST}\r\nAccept-Encoding: gzip\r\n\r\n`)
    const answer = await text(socket)

    expect(answer).toContain(prose(2_000))
    expect(answer).not.toMatch(/content-encoding/i)
  })

  test('when its length is not known yet, since it may be one to be read as it is written', async () => {
    const page = prose(3_000)
    await using origin = await siteWith(page, { 'transfer-encoding': 'chunked' })
    origin.answers((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'max-age=60' }).write(page)
      response.end()
    })
    await using house = await houseInFrontOf(origin.url)

    const answers = [
      await get(house, '/', { 'accept-encoding': 'br' }),
      await get(house, '/', { 'accept-encoding': 'br' }),
    ]

    expect(answers.map(({ headers }) => headers['content-encoding'])).toEqual([undefined, 'br'])
    expect(answers.map(({ decoded }) => decoded === page)).toEqual([true, true])
  })

  test('when encoding would not make it smaller, and that is found out once', async () => {
    const noise = randomBytes(4_000)
    const { ask, encoding } = cacheOf(noise)

    await ask(undefined)
    const answers = [await ask('gzip'), await ask('gzip'), await ask('gzip')]

    expect(answers.map(({ body }) => body.equals(noise))).toEqual([true, true, true])
    expect(answers.map(({ coding }) => coding)).toEqual([undefined, undefined, undefined])
    expect(encoding.counts.begun).toEqual({ draft: 0, final: 1 })
  })
})

describe('the work of encoding', () => {
  test('is done once for fifty who ask at the same time, first while it arrives and then for good', async () => {
    const page = Buffer.from(prose(50_000))
    const { ask, encoding } = cacheOf(page)
    const fifty = () => Promise.all(Array.from({ length: 50 }, () => ask(BROWSER)))

    const arriving = await fifty()
    expect(encoding.counts.begun).toEqual({ draft: 1, final: 0 })
    const stored = await fifty()

    expect(encoding.counts.begun).toEqual({ draft: 1, final: 1 })
    for (const { coding, body } of [...arriving, ...stored]) {
      expect([coding, brotliDecompressSync(body).equals(page)]).toEqual(['br', true])
    }
  })

  test.each([50_000, 600_000])('is done once for fifty who ask for %i stored bytes', async (bytes) => {
    const page = Buffer.from(prose(bytes))
    const { ask, encoding } = cacheOf(page)
    await ask(undefined)

    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('gzip')))
    const after = await ask('gzip')

    expect(encoding.counts.begun).toEqual({ draft: 0, final: 1 })
    expect(encoding.counts.bytesIn).toBe(bytes)
    for (const { coding, body } of [...answers, after]) {
      expect([coding, gunzipSync(body).equals(page)]).toEqual(['gzip', true])
    }
  })

  test('is bounded: what is asked for beyond goes out as it is, and is encoded later', async () => {
    const page = Buffer.from(prose(200_000))
    const { ask, encoding } = cacheOf(page)
    const paths = Array.from({ length: 8 }, (_, at) => `/${at}`)
    for (const path of paths) await ask(undefined, path)

    const atOnce = await Promise.all(paths.map((path) => ask('br', path)))
    const later: (string | undefined)[] = []
    for (const path of paths) later.push((await ask('br', path)).coding)

    const whole = atOnce.map(({ coding, body }) => (coding === 'br' ? brotliDecompressSync(body) : body))
    expect(whole.every((body) => body.equals(page))).toBe(true)
    expect(atOnce.filter(({ coding }) => coding === 'br').length).toBe(2)
    expect(encoding.counts.declined).toBe(6)
    expect(later).toEqual(paths.map(() => 'br'))
  })

  test.each(CODINGS)('holds nothing back while the origin pauses: %s', async (coding) => {
    const page = prose(20_000)
    const seen = Promise.withResolvers<void>()
    await using origin = await site()
    origin.answers(async (_, response) => {
      const length = {
        'content-length': page.length,
        'content-type': 'text/html',
        'cache-control': 'max-age=60',
      }
      response.writeHead(200, length).write(page.slice(0, 10_000))
      await seen.promise
      response.end(page.slice(10_000))
    })
    await using house = await houseInFrontOf(origin.url)

    const { body } = await request(`http://127.0.0.1:${house.port}/`, {
      headers: { host: HOST, 'accept-encoding': coding },
    })
    let decoded = ''
    for await (const piece of body.pipe(DECODER[coding]())) {
      decoded += piece
      if (decoded.length >= 10_000) seen.resolve()
    }

    expect(decoded === page).toBe(true)
  })

  test('goes on for the others when one of those who wait leaves', async () => {
    const page = prose(900_000)
    await using origin = await siteWith(page)
    await using house = await houseInFrontOf(origin.url)
    await get(house, '/')

    const leaving = new AbortController()
    const left = request(`http://127.0.0.1:${house.port}/`, {
      headers: { host: HOST, 'accept-encoding': 'gzip' },
      signal: leaving.signal,
    }).then(({ body }) => body.once('data', () => leaving.abort()).on('error', () => undefined))
    const others = await Promise.all([1, 2, 3].map(() => get(house, '/', { 'accept-encoding': 'gzip' })))
    await left

    expect(others.map(({ decoded }) => decoded === page)).toEqual([true, true, true])
  })

  test('breaks off with the body that it is done on, and nothing of it is kept', async () => {
    const page = prose(300_000)
    let cutOff = true
    await using origin = await site()
    origin.answers((_, response) => {
      const length = {
        'content-length': page.length,
        'content-type': 'text/html',
        'cache-control': 'max-age=60',
      }
      response.writeHead(200, length)
      if (cutOff) response.write(page.slice(0, 200_000), () => response.destroy())
      else response.end(page)
    })
    await using house = await houseInFrontOf(origin.url)

    const asked = get(house, '/', { 'accept-encoding': 'br' })
    const during = await asked.then(
      ({ status }) => status,
      () => 'broken',
    )
    cutOff = false
    const after = await get(house, '/', { 'accept-encoding': 'br' })

    // As long as the encoder has given nothing out there is still a status.
    expect(during).toBeOneOf([502, 'broken'])
    expect(after.decoded === page).toBe(true)
  })
})

describe('Accept-Encoding towards the origin', () => {
  test('has few forms, so that an origin that varies by it is asked a few times', async () => {
    await using origin = await siteWith(prose(500), { vary: 'Accept-Encoding' })
    await using house = await houseInFrontOf(origin.url)

    const browsers = [
      BROWSER,
      'zstd,br , gzip',
      'br;q=0.9, gzip;q=0.5, zstd;q=0.1',
      'gzip, deflate',
      'x-gzip;q=0.3',
      '*',
    ]
    for (const asked of browsers) await get(house, '/', { 'accept-encoding': asked })

    expect(origin.headers.map((headers) => headers['accept-encoding'])).toEqual(['br, zstd, gzip', 'gzip'])
  })

  test.each([
    [undefined, undefined],
    ['', 'identity'],
    ['identity', 'identity'],
    ['deflate, compress', 'identity'],
    ['gzip;q=0, br', 'br'],
    ['*;q=0, gzip', 'gzip, identity;q=0'],
    ['br, identity;q=0', 'br, identity;q=0'],
    ['*, br;q=0', 'zstd, gzip'],
  ])('%j goes on as %j', (sent, expected) => {
    expect(canonicalAcceptEncoding(sent)).toBe(expected)
  })
})

describe('weights (RFC 9110 §12.4.2, §12.5.3)', () => {
  test.each([
    ['br is preferred among equals', 'zstd, gzip, br', 'br'],
    ['then zstd', 'gzip, zstd', 'zstd'],
    ['a higher weight wins', 'br;q=0.5, gzip', 'gzip'],
    ['q=0 excludes', 'br;q=0, gzip;q=0.001', 'gzip'],
    ['`*` is all that is not named', 'br;q=0, *', 'zstd'],
    ['identity may be wanted more', 'gzip;q=0.5, identity', undefined],
    ['identity at equal weight is not', 'gzip;q=0.5, identity;q=0.5', 'gzip'],
    ['white space and case mean nothing', ' GZIP ; Q=1.000 ,', 'gzip'],
    ['the first of two counts', 'gzip;q=0, gzip', undefined],
    ['a weight that can’t be read is no weight', 'gzip;q=2, br;q=x, zstd;q=0.1234', undefined],
    ['nothing asked, nothing encoded', '', undefined],
  ])('%s', (_, sent, expected) => {
    expect(codingFor(acceptanceOf(sent), CODINGS)).toBe(expected)
  })

  const form = fc.constantFrom('br', 'zstd', 'gzip', 'identity', '*', 'deflate', 'x-gzip')
  const weight = fc.constantFrom(
    '',
    ';q=0',
    ';q=0.0',
    ';q=0.001',
    '; q=0.5',
    ' ;q=0.999',
    ';q=1',
    ';q=1.0',
    ';q=9',
  )
  const field = fc
    .array(
      fc.tuple(form, weight).map((parts) => parts.join('')),
      { maxLength: 6 },
    )
    .map((members) => members.join(', '))
  const usable = fc.subarray([...CODINGS])

  test('the choice is that of a naive reading', () => {
    fc.assert(
      fc.property(field, usable, (value, allowed) => {
        expect(codingFor(acceptanceOf(value), allowed)).toBe(naiveChoice(value, allowed))
      }),
      { numRuns: 5_000 },
    )
  })

  test('whatever is sent, no excluded coding is chosen or asked for, and there are 16 canonical forms at most', () => {
    const forms = new Set<string | undefined>()
    fc.assert(
      fc.property(fc.oneof(field, fc.string()), (value) => {
        const canonical = canonicalAcceptEncoding(value)
        forms.add(canonical)
        for (const coding of CODINGS) {
          expect((canonical ?? '').split(', ').includes(coding)).toBe(naiveWeight(value, coding) > 0)
        }
        expect(canonicalAcceptEncoding(canonical)).toBe(canonical)
      }),
      { numRuns: 5_000 },
    )
    expect(forms.size).toBeLessThanOrEqual(16)
  })
})

describe('what is worth encoding', () => {
  test.each([
    ['text/html; charset=utf-8', true],
    ['TEXT/Markdown', true],
    ['application/json', true],
    ['application/vnd.api+json;v=1', true],
    ['application/atom+xml', true],
    ['image/svg+xml', true],
    ['application/wasm', true],
    ['font/ttf', true],
    ['font/woff2', false],
    ['image/jpeg', false],
    ['video/mp4', false],
    ['application/zip', false],
    ['application/octet-stream', false],
    ['text/event-stream', false],
    ['', false],
    [undefined, false],
  ])('%s: %s', (type, expected) => {
    expect(isCompressibleType(type)).toBe(expected)
  })

  test('is between 1,000 and 10,000,000 bytes', () => {
    const head = { status: 200, fields: ['Content-Type', 'text/css'] }
    const worth = [999, 1_000, 10_000_000, 10_000_001, undefined].map((bytes) => isEncodable(head, bytes))

    expect(worth).toEqual([false, true, true, false, false])
  })

  test.each([
    ['no-transform', false],
    ['public,no-transform , max-age=1', false],
    ['NO-TRANSFORM', false],
    ['max-age=1', true],
    ['x-no-transform', true],
  ])('Cache-Control: %s: %s', (control, expected) => {
    const fields = ['Content-Type', 'text/css', 'Cache-Control', control]

    expect(isEncodable({ status: 200, fields }, 5_000)).toBe(expected)
  })
})

/** Weight of a form, member by member, as the RFC reads aloud. */
function naiveWeight(value: string, wanted: Coding | 'identity'): number {
  const members = value
    .toLowerCase()
    .split(',')
    .map((member) => member.split(';').map((part) => part.trim()))
    .filter(([, q = 'q=1', more]) => /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(q) && more === undefined)
    .map(([name = '', q = 'q=1']) => ({
      name: name === 'x-gzip' ? 'gzip' : name,
      weight: Number(q.slice(2)),
    }))
  const named = members.find(({ name }) => name === wanted) ?? members.find(({ name }) => name === '*')
  return named?.weight ?? 0
}

function naiveChoice(value: string, allowed: readonly Coding[]): Coding | undefined {
  const ranked = allowed
    .map((coding) => ({ coding, weight: naiveWeight(value, coding) }))
    .filter(({ weight }) => weight > 0 && weight >= naiveWeight(value, 'identity'))
    .sort((a, b) => b.weight - a.weight || CODINGS.indexOf(a.coding) - CODINGS.indexOf(b.coding))
  return ranked[0]?.coding
}

/** A cache whose upstream has one body under every path, and its encoding to look into. */
function cacheOf(body: Buffer) {
  const store = createStore(createMemoryStore(64 * 1_048_576))
  const arriving = createByteBudget(32 * 1_048_576)
  const encoding = createEncoding({ store, arriving })
  const fetching = {
    store,
    arriving,
    invalidations: NO_INVALIDATIONS,
    now: Date.now,
    sliceBytes: 1_048_576,
    objectBytesMax: 10_000_000,
  }
  const cache = createCache(fetching, encoding)
  const fields = [
    ...['Content-Type', 'text/html', 'Content-Length', String(body.byteLength)],
    ...['Cache-Control', 'max-age=60'],
  ]

  async function ask(acceptEncoding: string | undefined, target = '/') {
    const asking: Asking = {
      request: { method: 'GET', scheme: 'http', host: HOST, target, fields: [] },
      upstream: async () => ({ status: 200, fields, body: Readable.from([body]) }),
      keyOf: (path) => path,
      viewer: new AbortController().signal,
      acceptEncoding,
      rules: TRANSPARENT,
      group: 'site',
    }
    const answer = await cache.answer(asking)
    const chunks: Buffer[] = []
    if (answer.body instanceof Readable) for await (const chunk of answer.body) chunks.push(chunk)
    else chunks.push(answer.body ?? Buffer.alloc(0))
    const at = answer.fields.indexOf('Content-Encoding')
    return { coding: at === -1 ? undefined : answer.fields[at + 1], body: Buffer.concat(chunks) }
  }

  return { ask, encoding }
}
