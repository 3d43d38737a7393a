import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { type House, houseInFrontOf } from './house.ts'
import { site } from './site.ts'
import { watch } from './watching.ts'

/** One request that the origin has, and answers when it is told to. */
interface Held {
  request: IncomingMessage
  response: ServerResponse
}

/** A site that answers nothing by itself. */
async function gatedSite() {
  const origin = await site()
  const held: Held[] = []
  origin.answers((request, response) => void held.push({ request, response }))
  return Object.assign(origin, {
    held,
    /** The nth request, counted from 1, once it has come. */
    async nth(count: number): Promise<Held> {
      await expect.poll(() => held.length).toBeGreaterThanOrEqual(count)
      return held[count - 1] as Held
    },
  })
}

const HALVES = ['the first half, ', 'and the second'] as const
const WHOLE = HALVES.join('')
const crowd = <One>(size: number, one: (at: number) => One) =>
  Array.from({ length: size }, (_, at) => one(at))
const outcomes = async (viewers: { body: Promise<string> }[]) =>
  (await Promise.allSettled(viewers.map(({ body }) => body))).map((one) =>
    one.status === 'fulfilled' ? one.value : 'broken',
  )
/** What came before this is under way: an answer that needs no origin has been given since. */
const allAreWaiting = (house: House) => house.get('/', { host: 'nobody.example' })
/** The head has to be there before its connection breaks. */
function breakAfterHead({ response }: Held, fields: OutgoingHttpHeaders): void {
  response.writeHead(200, fields).flushHeaders()
  setTimeout(() => response.destroy(), 50)
}

describe.each([
  ['in chunks', {}],
  ['with its length', { 'content-length': String(WHOLE.length) }],
])('a body that comes %s', (_, framing) => {
  const fields = { 'cache-control': 'max-age=60', ...framing }

  test('is fetched once and fed to all who wait while it arrives, late ones too', async () => {
    await using origin = await gatedSite()
    await using house = await houseInFrontOf(origin.url)

    const early = crowd(40, () => watch(house, '/film'))
    const { response } = await origin.nth(1)
    response.writeHead(200, fields).write(HALVES[0])
    await expect.poll(() => early.every(({ received }) => received === HALVES[0])).toBe(true)
    const late = crowd(10, () => watch(house, '/film'))
    await expect.poll(() => late.every(({ received }) => received === HALVES[0])).toBe(true)
    response.end(HALVES[1])

    expect(new Set(await outcomes([...early, ...late]))).toEqual(new Set([WHOLE]))
    expect(origin.requests).toEqual(['GET /film'])
  })

  test('and dies half way is a broken connection for all who were fed, and nothing is kept', async () => {
    await using origin = await gatedSite()
    await using house = await houseInFrontOf(origin.url)

    const viewers = crowd(20, () => watch(house, '/film'))
    const { response } = await origin.nth(1)
    response.writeHead(200, fields).write(HALVES[0])
    await expect.poll(() => viewers.every(({ received }) => received === HALVES[0])).toBe(true)
    response.destroy()
    const got = await outcomes(viewers)
    const after = watch(house, '/film')
    ;(await origin.nth(2)).response.writeHead(200, fields).end(WHOLE)

    expect(new Set(got)).toEqual(new Set(['broken']))
    expect(await after.body).toBe(WHOLE)
    expect(origin.requests.length).toBe(2)
  })

  test('and dies before any of it was there is asked for once more, for all', async () => {
    await using origin = await gatedSite()
    await using house = await houseInFrontOf(origin.url)

    const viewers = crowd(20, () => watch(house, '/film'))
    breakAfterHead(await origin.nth(1), fields)
    ;(await origin.nth(2)).response.writeHead(200, fields).end(WHOLE)

    expect(new Set(await outcomes(viewers))).toEqual(new Set([WHOLE]))
    expect(origin.requests.length).toBe(2)
  })

  test('and dies before any of it was there twice is a 502 with its reason, and not kept', async () => {
    await using origin = await gatedSite()
    await using house = await houseInFrontOf(origin.url)

    const viewers = crowd(5, () => watch(house, '/film'))
    for (const count of [1, 2]) breakAfterHead(await origin.nth(count), fields)
    const heads = await Promise.all(viewers.map(({ head }) => head))
    const after = watch(house, '/film')
    ;(await origin.nth(3)).response.writeHead(200, fields).end(WHOLE)

    for (const { status, headers } of heads) {
      expect([status, headers['cache-status']]).toEqual([502, expect.stringContaining('OriginReadError')])
    }
    expect(await after.body).toBe(WHOLE)
    expect(origin.requests.length).toBe(3)
  })

  test('and dies before any of it is stood in for by what is stale, where that is allowed', async () => {
    await using origin = await gatedSite()
    await using house = await houseInFrontOf(origin.url)

    const first = watch(house, '/film')
    ;(await origin.nth(1)).response.writeHead(200, { 'cache-control': 'max-age=1' }).end('old')
    await first.body
    house.clock.advanceSeconds(10)
    const second = watch(house, '/film')
    for (const count of [2, 3]) breakAfterHead(await origin.nth(count), fields)

    expect(await second.body).toBe('old')
  })

  test('and dies leaves those who wait for parts further on unharmed: one more fetch serves them', async () => {
    await using origin = await gatedSite()
    await using house = await houseInFrontOf(origin.url)

    const fed = watch(house, '/film')
    const { response } = await origin.nth(1)
    response.writeHead(200, fields).write(HALVES[0])
    await expect.poll(() => fed.received).toBe(HALVES[0])
    const parts = crowd(10, () => watch(house, '/film', { range: 'bytes=20-' }))
    await expect.poll(() => house.connections).toBe(11)
    await allAreWaiting(house)
    response.destroy()
    ;(await origin.nth(2)).response.writeHead(200, fields).end(WHOLE)

    expect(await outcomes([fed])).toEqual(['broken'])
    expect(new Set(await outcomes(parts))).toEqual(new Set([WHOLE.slice(20)]))
    expect(origin.requests.length).toBe(2)
  })
})

describe('a viewer who wants a part of a body that is arriving', () => {
  test('has it as soon as its bytes are there, when the length is known', async () => {
    await using origin = await gatedSite()
    await using house = await houseInFrontOf(origin.url)
    const fields = { 'cache-control': 'max-age=60', 'content-length': WHOLE.length }

    const whole = watch(house, '/film')
    const { response } = await origin.nth(1)
    response.writeHead(200, fields).write(HALVES[0])
    const near = watch(house, '/film', { range: 'bytes=4-8' })
    const far = watch(house, '/film', { range: 'bytes=-6' })

    expect(await near.body).toBe('first')
    expect((await near.head).headers['content-range']).toBe(`bytes 4-8/${WHOLE.length}`)
    expect(far.received).toBe('')
    response.end(HALVES[1])
    expect([await far.body, await whole.body]).toEqual(['second', WHOLE])
    expect(origin.requests).toEqual(['GET /film'])
  })

  test('has it once all is there, when it isn’t or there are several', async () => {
    await using origin = await gatedSite()
    await using house = await houseInFrontOf(origin.url)

    const whole = watch(house, '/film')
    const { response } = await origin.nth(1)
    response.writeHead(200, { 'cache-control': 'max-age=60' }).write(HALVES[0])
    const one = watch(house, '/film', { range: 'bytes=4-8' })
    const two = watch(house, '/film', { range: 'bytes=0-2,-6' })
    await allAreWaiting(house)
    response.end(HALVES[1])

    expect([(await one.head).status, await one.body]).toEqual([206, 'first'])
    expect((await two.head).headers['content-type']).toContain('multipart/byteranges')
    expect(await two.body).toContain('second')
    expect(await whole.body).toBe(WHOLE)
    expect(origin.requests).toEqual(['GET /film'])
  })
})

describe('a viewer who doesn’t read', () => {
  test('holds nobody back', async () => {
    await using origin = await gatedSite()
    await using house = await houseInFrontOf(origin.url)
    const body = 'x'.repeat(20_000_000)

    const idle = watch(house, '/film')
    idle.stopReading()
    const others = crowd(5, () => watch(house, '/film'))
    ;(await origin.nth(1)).response.writeHead(200, { 'cache-control': 'max-age=60' }).end(body)

    for (const got of await outcomes(others)) expect(got.length).toBe(body.length)
    idle.leave()
    expect(origin.requests).toEqual(['GET /film'])
  })
})

describe('a crowd', () => {
  test('that waited for what turns out to be for one viewer is let go all at once', async () => {
    await using origin = await gatedSite()
    await using house = await houseInFrontOf(origin.url)

    const viewers = crowd(20, (at) => watch(house, '/mine', { cookie: `id=${at}` }))
    const first = await origin.nth(1)
    await allAreWaiting(house)
    const answer = ({ request, response }: Held) =>
      response.writeHead(200, { 'cache-control': 'private' }).end(`for ${request.headers.cookie}`)
    answer(first)
    await origin.nth(20)
    for (const one of origin.held.slice(1)) answer(one)

    expect(await outcomes(viewers)).toEqual(viewers.map((_, at) => `for id=${at}`))
    expect(origin.requests.length).toBe(20)
  })

  test('that comes again for such a thing doesn’t wait for one another at all', async () => {
    await using origin = await gatedSite()
    await using house = await houseInFrontOf(origin.url)
    const once = watch(house, '/mine')
    ;(await origin.nth(1)).response.writeHead(200, { 'cache-control': 'no-store' }).end('one')
    await once.body

    const viewers = crowd(20, () => watch(house, '/mine'))
    await origin.nth(21)
    for (const { response } of origin.held.slice(1)) {
      response.writeHead(200, { 'cache-control': 'no-store' }).end('another')
    }

    expect(new Set(await outcomes(viewers))).toEqual(new Set(['another']))
  })

  test('that finds something stale is served at once, while one request renews it', async () => {
    await using origin = await gatedSite()
    await using house = await houseInFrontOf(origin.url)
    const fields = { 'cache-control': 'max-age=10, stale-while-revalidate=100', etag: '"1"' }
    const first = watch(house, '/page')
    ;(await origin.nth(1)).response.writeHead(200, fields).end('old')
    await first.body
    house.clock.advanceSeconds(20)

    const during = await outcomes(crowd(20, () => watch(house, '/page')))
    const { request, response } = await origin.nth(2)
    response.writeHead(200, { ...fields, etag: '"2"' }).end('new')

    expect(new Set(during)).toEqual(new Set(['old']))
    expect(request.headers['if-none-match']).toBe('"1"')
    await expect.poll(async () => (await house.get('/page')).body).toBe('new')
    expect(origin.requests.length).toBe(2)
  })

  test('whose first viewer leaves is fed all the same', async () => {
    await using origin = await gatedSite()
    await using house = await houseInFrontOf(origin.url)

    const first = watch(house, '/film')
    const { response } = await origin.nth(1)
    const others = crowd(5, () => watch(house, '/film'))
    await allAreWaiting(house)
    first.leave()
    response.writeHead(200, { 'cache-control': 'max-age=60' }).end(WHOLE)

    expect(new Set(await outcomes(others))).toEqual(new Set([WHOLE]))
    expect(origin.requests).toEqual(['GET /film'])
  })
})
