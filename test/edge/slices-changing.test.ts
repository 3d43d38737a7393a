import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { describe, expect, test } from 'vitest'
import { HOST, houseInFrontOf } from './house.ts'
import { bytesAt, type LongSite, longSite } from './long-site.ts'
import { bytesOf, range, respond, SLICE, SMALL } from './parts.ts'

const LENGTH = 10_000_000_000

describe('an object that changes', () => {
  test('is asked for anew when nothing has been sent: no byte of the old one is in it', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, SMALL)
    await bytesOf(house, range(0, SLICE - 1))

    origin.object = { ...origin.object, version: 2 }
    const changed = await bytesOf(house, range(SLICE, 3 * SLICE - 1))
    const start = await bytesOf(house, range(0, SLICE - 1))

    expect([changed.status, changed.field('etag')]).toEqual([206, '"v2"'])
    expect(changed.bytes.equals(bytesAt(SLICE, 3 * SLICE - 1, 2))).toBe(true)
    expect(start.bytes.equals(bytesAt(0, SLICE - 1, 2))).toBe(true)
  })

  test('breaks off for who is under way; the next one gets the new version', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, SMALL)
    await bytesOf(house, range(0, 2 * SLICE - 1))

    origin.object = { ...origin.object, version: 2 }
    const old = await respond(house, range(SLICE, 4 * SLICE - 1))
    const got: Buffer[] = []
    const reading = (async () => {
      for await (const chunk of old.body) got.push(chunk)
    })()

    await expect(reading).rejects.toThrow()
    const bytes = Buffer.concat(got)
    expect(bytes.equals(bytesAt(SLICE, SLICE + bytes.byteLength - 1, 1))).toBe(true)
    const next = await bytesOf(house, range(SLICE, 4 * SLICE - 1))
    expect(next.bytes.equals(bytesAt(SLICE, 4 * SLICE - 1, 2))).toBe(true)
  })

  test('and gets shorter or is gone is seen as that', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, SMALL)
    await bytesOf(house, range(0, 9))

    origin.object = { ...origin.object, version: 2, bytes: 100 }
    const shorter = await bytesOf(house, range(SLICE, SLICE + 9))
    const all = await bytesOf(house, {})

    expect(shorter.status).toBe(416)
    expect(all.bytes.equals(bytesAt(0, 99, 2))).toBe(true)
  })

  test('when it is stale a new version is found by a slice of it, not by the whole', async () => {
    await using origin = await longSite({ bytes: 12 * SLICE })
    await using house = await houseInFrontOf(origin.url, SMALL)
    await bytesOf(house, range(0, 9))

    house.clock.advanceSeconds(90)
    origin.object = { ...origin.object, version: 2 }
    const sentBefore = origin.bytesSent
    const fresh = await bytesOf(house, range(5 * SLICE, 5 * SLICE + 9))

    expect(fresh.bytes.equals(bytesAt(5 * SLICE, 5 * SLICE + 9, 2))).toBe(true)
    expect(origin.bytesSent - sentBefore).toBe(SLICE)
  })

  test('not: a 304 keeps its slices', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, SMALL)
    await bytesOf(house, range(0, 9))

    house.clock.advanceSeconds(90)
    const sentBefore = origin.bytesSent
    const renewed = await bytesOf(house, range(10, 19))

    expect(renewed.bytes.equals(bytesAt(10, 19, 1))).toBe(true)
    expect(renewed.field('x-cache')).toBe('RefreshHit from selvedge')
    expect(origin.bytesSent).toBe(sentBefore)
  })
})

describe('an origin that dies', () => {
  test('in the middle of a slice is asked for it once more', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, { cache: { sliceBytes: 4 * SLICE } })
    await bytesOf(house, range(0, 9))

    origin.breakAfter = { bytes: 2 * SLICE, times: 1 }
    const part = await bytesOf(house, range(4 * SLICE, 8 * SLICE - 1))

    expect(part.bytes.equals(bytesAt(4 * SLICE, 8 * SLICE - 1, 1))).toBe(true)
  })

  test('for good in the middle of a slice: 502 before anything was sent, else a broken connection', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, { cache: { sliceBytes: 4 * SLICE } })
    await bytesOf(house, range(0, 9))

    origin.breakAfter = { bytes: 2 * SLICE, times: Number.POSITIVE_INFINITY }
    const failed = await bytesOf(house, range(4 * SLICE, 4 * SLICE + 9))
    const broken = bytesOf(house, range(0, 8 * SLICE - 1))

    await expect(broken).rejects.toThrow()
    expect(failed.status).toBe(502)
    expect(failed.field('cache-status')).toMatch(/detail=OriginReadError/)
    origin.breakAfter = undefined
    const well = await bytesOf(house, range(0, 8 * SLICE - 1))
    expect(well.bytes.equals(bytesAt(0, 8 * SLICE - 1, 1))).toBe(true)
  })
})

describe('a viewer who leaves', () => {
  test('ends the exchange with the origin when nobody else wants the slice, and not when somebody does', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, { cache: { sliceBytes: 4 * SLICE } })
    await bytesOf(house, range(0, 9))
    const hangs = holdAnswers(origin)

    const leaving = new AbortController()
    const asked = { headers: { host: HOST, ...range(4 * SLICE, 4 * SLICE + 9) }, signal: leaving.signal }
    const alone = request(`http://127.0.0.1:${house.port}/film`, asked)
    const first = await hangs.next()
    leaving.abort()
    await expect(alone).rejects.toThrow()
    await once(first, 'close')

    const leavingToo = new AbortController()
    const one = request(`http://127.0.0.1:${house.port}/film`, { ...asked, signal: leavingToo.signal })
    const second = await hangs.next()
    const other = bytesOf(house, range(4 * SLICE + 1, 4 * SLICE + 9))
    // The other one is known to have joined when a request that came after it has been answered.
    await bytesOf(house, range(0, 9))
    leavingToo.abort()
    await expect(one).rejects.toThrow()
    second.end(bytesAt(4 * SLICE, 8 * SLICE - 1, 1))
    // On a busy machine it may have come too late to join.
    void hangs.next().then((third) => third.end(bytesAt(4 * SLICE, 8 * SLICE - 1, 1)))

    expect((await other).bytes.equals(bytesAt(4 * SLICE + 1, 4 * SLICE + 9, 1))).toBe(true)
  })
})

/** Lets the origin send heads of slices from now on, and no more. */
function holdAnswers(origin: LongSite): { next(): Promise<ServerResponse> } {
  const held: ServerResponse[] = []
  let tell = (): void => undefined
  origin.answers((request, response) => {
    const [, first = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    response.writeHead(206, {
      etag: '"v1"',
      'content-range': `bytes ${first}-${last}/${LENGTH}`,
      'content-length': Number(last) - Number(first) + 1,
    })
    response.flushHeaders()
    held.push(response)
    tell()
  })
  return {
    async next() {
      while (held.length === 0) {
        await new Promise<void>((resolve) => {
          tell = resolve
        })
      }
      return held.shift() as ServerResponse
    },
  }
}

describe('slices that were evicted', () => {
  /** Memory for fewer slices than are asked for. */
  const TIGHT = { cache: { sliceBytes: SLICE, objectBytesMax: 10 * SLICE, cacheBytes: 20 * SLICE } }

  test('are fetched again, and only they', async () => {
    await using origin = await longSite()
    await using house = await houseInFrontOf(origin.url, TIGHT)
    await bytesOf(house, range(0, SLICE - 1))
    await bytesOf(house, range(10 * SLICE, 60 * SLICE - 1))

    const before = origin.ranges.length
    const again = await bytesOf(house, range(0, SLICE - 1))

    expect(again.bytes.equals(bytesAt(0, SLICE - 1, 1))).toBe(true)
    expect(again.field('x-cache')).toBe('Miss from selvedge')
    expect(origin.ranges.slice(before)).toEqual([`bytes=0-${SLICE - 1}`])
  })

  test('of an object whose origin gives no ranges make it a miss, before anything is sent', async () => {
    await using origin = await longSite({ takesRanges: false, bytes: 5 * SLICE })
    await using house = await houseInFrontOf(origin.url, TIGHT)
    await bytesOf(house, {})
    await bytesOf(house, {}, '/other-1')
    await bytesOf(house, {}, '/other-2')
    await bytesOf(house, {}, '/other-3')
    // The head was used last, its slices weren't.
    await house.ask('HEAD', '/film')
    await bytesOf(house, {}, '/other-4')

    const again = await bytesOf(house, {})

    expect([again.status, again.bytes.equals(bytesAt(0, 5 * SLICE - 1, 1))]).toEqual([200, true])
  })
})

describe('slices on disk', () => {
  test('are there after a restart: the first request is a Hit and asks nobody', async () => {
    const disk = await mkdtemp(join(tmpdir(), 'selvedge-slices-'))
    await using origin = await longSite()
    await using rangeless = await longSite({ takesRanges: false, bytes: 7 * SLICE })
    for (const { url } of [origin, rangeless]) {
      await using house = await houseInFrontOf(url, { ...SMALL, disk })
      await bytesOf(house, range(SLICE, 3 * SLICE - 1), `/${url.slice(-5)}`)
    }
    const [asked, askedRangeless] = [origin.ranges.length, rangeless.ranges.length]

    for (const { url } of [origin, rangeless]) {
      await using house = await houseInFrontOf(url, { ...SMALL, disk })
      const again = await bytesOf(house, range(SLICE, 3 * SLICE - 1), `/${url.slice(-5)}`)
      expect(again.field('x-cache')).toBe('Hit from selvedge')
      expect(again.bytes.equals(bytesAt(SLICE, 3 * SLICE - 1, 1))).toBe(true)
    }

    expect([origin.ranges.length, rangeless.ranges.length]).toEqual([asked, askedRangeless])
    await rm(disk, { recursive: true })
  })
})
