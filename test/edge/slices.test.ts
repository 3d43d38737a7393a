import { describe, expect, test } from 'vitest'
import { houseInFrontOf } from './house.ts'
import { bytesAt, longSite } from './long-site.ts'
import { bytesOf, range, respond, SLICE, SMALL } from './parts.ts'
import { site } from './site.ts'

const LENGTH = 10_000_000_000

describe('a part that is said to be all of an object', () => {
  test('and is shorter than that is never kept as all of it', async () => {
    await using origin = await site()
    origin.answers((request, response) => {
      const headers = { etag: '"v1"', 'cache-control': 'max-age=60', 'content-type': 'video/mp4' }
      if (request.headers.range === undefined) response.writeHead(200, headers).end('0123456789')
      else response.writeHead(206, { ...headers, 'content-range': 'bytes 0-9/10' }).end('01234')
    })
    await using house = await houseInFrontOf(origin.url)

    await house.get('/film', range(0, 9))
    const whole = await house.get('/film')

    expect([whole.status, whole.body]).toEqual([200, '0123456789'])
  })
})

describe('a part of a very long object', () => {
  test('takes its slices from the origin, once, and nothing else', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, SMALL)
    const first = 5_000_000_123

    const cold = await bytesOf(house, range(first, first + 59_999))
    const again = await bytesOf(house, range(first, first + 59_999))

    const index = Math.floor(first / SLICE)
    const sliceRange = (at: number) => `bytes=${at * SLICE}-${(at + 1) * SLICE - 1}`
    expect(origin.ranges).toEqual([sliceRange(index), sliceRange(index + 1)])
    expect([cold.status, again.status]).toEqual([206, 206])
    expect(cold.field('content-range')).toBe(`bytes ${first}-${first + 59_999}/${LENGTH}`)
    expect(cold.bytes.equals(bytesAt(first, first + 59_999, 1))).toBe(true)
    expect(again.bytes.equals(cold.bytes)).toBe(true)
    expect([cold, again].map(({ field }) => field('x-cache').split(' ')[0])).toEqual(['Miss', 'Hit'])
    expect(cold.field('cache-status')).toMatch(/"test"; fwd=uri-miss; fwd-status=206/)
    expect(again.field('cache-status')).toMatch(/"test"; hit/)
  })

  test('is a Miss with fwd=partial when only some of its slices are here', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, SMALL)

    await bytesOf(house, range(0, 9))
    const more = await bytesOf(house, range(0, 2 * SLICE))

    expect(more.field('x-cache')).toBe('Miss from selvedge')
    expect(more.field('cache-status')).toMatch(/"test"; fwd=partial; fwd-status=206/)
    expect(origin.ranges.length).toBe(3)
  })

  test('is fetched once for a crowd that wants it at the same time', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, SMALL)

    const crowd = await Promise.all(
      Array.from({ length: 50 }, (_, at) => bytesOf(house, range(SLICE + at, 3 * SLICE - 1))),
    )

    for (const [at, { bytes }] of crowd.entries()) {
      expect(bytes.equals(bytesAt(SLICE + at, 3 * SLICE - 1, 1))).toBe(true)
    }
    expect(origin.ranges.length).toBe(2)
  })

  test('can be its end, and the origin’s 416 is passed on for what is beyond', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, SMALL)

    const beyond = await bytesOf(house, range(LENGTH, LENGTH + 1))
    const end = await bytesOf(house, { range: 'bytes=-1000' })
    const beyondAgain = await bytesOf(house, range(LENGTH + SLICE, LENGTH + SLICE))

    expect([beyond.status, end.status, beyondAgain.status]).toEqual([416, 206, 416])
    expect(beyondAgain.field('content-range')).toBe(`bytes */${LENGTH}`)
    expect(end.bytes.equals(bytesAt(LENGTH - 1000, LENGTH - 1, 1))).toBe(true)
  })

  test('several parts come as multipart/byteranges, each under its own Content-Range', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, SMALL)

    const parts = await bytesOf(house, { range: `bytes=0-9, ${SLICE - 5}-${SLICE + 4}, -10` })

    const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(parts.field('content-type'))?.[1]
    const part = (first: number, last: number) =>
      `\r\n--${boundary}\r\nContent-Type: video/mp4\r\nContent-Range: bytes ${first}-${last}/${LENGTH}\r\n\r\n` +
      bytesAt(first, last, 1).toString('latin1')
    const ranges = [part(0, 9), part(SLICE - 5, SLICE + 4), part(LENGTH - 10, LENGTH - 1)]
    expect(parts.status).toBe(206)
    expect(parts.bytes.toString('latin1')).toBe(`${ranges.join('')}\r\n--${boundary}--\r\n`)
    expect(parts.field('content-length')).toBe(String(parts.bytes.byteLength))
  })

  test('answers preconditions, If-Range and HEAD out of what is stored', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, SMALL)
    await bytesOf(house, range(0, 0))

    const unchanged = await bytesOf(house, { 'if-none-match': '"v1"' })
    const failed = await bytesOf(house, { 'if-match': '"v0"' })
    const same = await bytesOf(house, { ...range(7, 8), 'if-range': '"v1"' })
    const other = await respond(house, { ...range(7, 8), 'if-range': '"v0"' })
    other.body.on('error', () => undefined).destroy()
    const head = await house.ask('HEAD', '/film')

    expect([unchanged.status, failed.status, same.status, other.statusCode]).toEqual([304, 412, 206, 200])
    expect(other.headers['content-length']).toBe(String(LENGTH))
    expect([head.status, head.headers['content-length']]).toEqual([200, String(LENGTH)])
  })

  test('is logged with the bytes that it is of', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, SMALL)

    await bytesOf(house, range(1000, 1999))
    const [record] = await house.records(1)

    expect([record?.rangeStart, record?.rangeEnd, record?.contentLength]).toEqual(['1000', '1999', '1000'])
    expect(record?.resultType).toBe('Miss')
  })
})

describe('the whole of a very long object', () => {
  test('comes slice by slice: who has read little has made the origin send little', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, SMALL)

    const film = await respond(house, {})
    const taken: Buffer[] = []
    for await (const chunk of film.body) {
      taken.push(chunk)
      if (taken.reduce((sum, { byteLength }) => sum + byteLength, 0) > 5 * SLICE) break
    }

    const got = Buffer.concat(taken)
    expect(film.headers['content-length']).toBe(String(LENGTH))
    expect(got.equals(bytesAt(0, got.byteLength - 1, 1))).toBe(true)
    // Loopback's buffers take some megabytes.
    expect(origin.bytesSent).toBeLessThan(50_000_000)
  })

  test('one of a length that is kept is fetched in one request for a crowd, and then lies there in slices', async () => {
    await using origin = await longSite({ bytes: 10 * SLICE + 17 })
    await using house = await houseInFrontOf(origin.url, SMALL)

    const crowd = await Promise.all(Array.from({ length: 20 }, () => bytesOf(house, {})))
    const parts = await bytesOf(house, range(3 * SLICE - 1, 5 * SLICE))
    const later = await bytesOf(house, {})

    const whole = bytesAt(0, 10 * SLICE + 16, 1)
    for (const { bytes } of crowd) expect(bytes.equals(whole)).toBe(true)
    expect(parts.bytes.equals(whole.subarray(3 * SLICE - 1, 5 * SLICE + 1))).toBe(true)
    expect(later.bytes.equals(whole)).toBe(true)
    expect([parts, later].map(({ field }) => field('x-cache'))).toEqual(Array(2).fill('Hit from selvedge'))
    expect(origin.ranges).toEqual([''])
  })

  test('who wants a part of what is arriving for somebody else gets it from there', async () => {
    await using origin = await longSite({ bytes: 10 * SLICE })
    await using house = await houseInFrontOf(origin.url, SMALL)

    const [whole, part] = await Promise.all([bytesOf(house, {}), bytesOf(house, range(SLICE, 9 * SLICE))])

    expect(whole.bytes.byteLength).toBe(10 * SLICE)
    expect(part.bytes.equals(whole.bytes.subarray(SLICE, 9 * SLICE + 1))).toBe(true)
    expect(origin.ranges.length).toBeLessThanOrEqual(2)
  })
})

describe('an object that can’t be had in slices', () => {
  test.each([
    ['has a weak entity tag', { etag: 'weak' as const }],
    ['has none', { etag: 'none' as const }],
  ])('because it %s: a part is passed on as it was asked for', async (_, object) => {
    await using origin = await longSite(object)
    await using house = await houseInFrontOf(origin.url, SMALL)

    const parts = [await bytesOf(house, range(100, 199)), await bytesOf(house, range(100, 199))]

    for (const { status, bytes } of parts) {
      expect([status, bytes.equals(bytesAt(100, 199, 1))]).toEqual([206, true])
    }
    expect(origin.ranges.filter((asked) => asked === 'bytes=100-199').length).toBe(2)
  })

  test('because the origin knows no ranges: it is fetched whole, kept, and parts are cut from it', async () => {
    await using origin = await longSite({ takesRanges: false, bytes: 5 * SLICE })
    await using house = await houseInFrontOf(origin.url, SMALL)

    const cold = await bytesOf(house, range(SLICE - 10, SLICE + 10))
    await expect
      .poll(async () => (await bytesOf(house, range(0, 4))).field('x-cache'))
      .toBe('Hit from selvedge')

    expect([cold.status, cold.bytes.equals(bytesAt(SLICE - 10, SLICE + 10, 1))]).toEqual([206, true])
    expect(origin.ranges.length).toBe(1)
  })

  test('because it may not be stored: everybody gets it from the origin', async () => {
    await using origin = await longSite({ cacheControl: 'no-store' })
    await using house = await houseInFrontOf(origin.url, SMALL)

    const parts = [await bytesOf(house, range(5, 9)), await bytesOf(house, range(5, 9))]

    for (const { bytes } of parts) expect(bytes.equals(bytesAt(5, 9, 1))).toBe(true)
    expect(origin.ranges.slice(-2)).toEqual(['bytes=5-9', 'bytes=5-9'])
  })
})
