import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createZstdDecompress,
  gunzipSync,
} from 'node:zlib'
import { request } from 'undici'
import { describe, expect, test } from 'vitest'
import type { Asking } from '../../edge/cache/asking.ts'
import { createCache } from '../../edge/cache/cache.ts'
import { CODINGS } from '../../edge/cache/encoding/accept-encoding.ts'
import { createEncoding } from '../../edge/cache/encoding/encoding.ts'
import { createByteBudget } from '../../edge/cache/fetch/shared-body.ts'
import { NO_INVALIDATIONS } from '../../edge/cache/invalidation/invalidations.ts'
import { TRANSPARENT } from '../../edge/cache/rules/rules.ts'
import { createMemoryStore } from '../../edge/cache/store/memory-store.ts'
import { createStore } from '../../edge/cache/store/store.ts'
import { BROWSER, get, prose, siteWith } from './encoded-site.ts'
import { HOST, houseInFrontOf } from './house.ts'
import { site } from './site.ts'

const DECODER = { br: createBrotliDecompress, gzip: createGunzip, zstd: createZstdDecompress }

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

  test('that would not make a body smaller is found out once', async () => {
    const noise = randomBytes(4_000)
    const { ask, encoding } = cacheOf(noise)

    await ask(undefined)
    const answers = [await ask('gzip'), await ask('gzip'), await ask('gzip')]

    expect(answers.map(({ body }) => body.equals(noise))).toEqual([true, true, true])
    expect(answers.map(({ coding }) => coding)).toEqual([undefined, undefined, undefined])
    expect(encoding.counts.begun).toEqual({ draft: 0, final: 1 })
  })
})

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
