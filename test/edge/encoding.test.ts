import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { request } from 'undici'
import { describe, expect, test } from 'vitest'
import { BROWSER, get, prose, type Raw, siteWith } from './encoded-site.ts'
import { HOST, houseInFrontOf } from './house.ts'
import { site } from './site.ts'

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
    const begun = Promise.withResolvers<void>()
    origin.answers(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'max-age=60' }).write(page)
      await begun.promise
      response.end()
    })
    await using house = await houseInFrontOf(origin.url)

    const first = await request(`http://127.0.0.1:${house.port}/`, {
      headers: { host: HOST, 'accept-encoding': 'br' },
    })
    begun.resolve()
    const body = await first.body.text()
    const second = await get(house, '/', { 'accept-encoding': 'br' })

    expect([first.headers['content-encoding'], second.headers['content-encoding']]).toEqual([undefined, 'br'])
    expect([body === page, second.decoded === page]).toEqual([true, true])
  })
})
