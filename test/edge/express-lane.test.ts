import { mkdtemp, rm } from 'node:fs/promises'
import type { OutgoingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { selfSignedCertificate } from '../../deploy/certificate.ts'
import type { LaneUse } from '../../edge/listen/fronts.ts'
import { askOverHttp1, askOverHttp2, sayable } from './both-versions.ts'
import { HOST, type House, houseInFrontOf } from './house.ts'
import { type Http2Client, http2Client } from './http2-client.ts'
import { ODD, PARTIAL, RECORDED } from './request-corpus.ts'
import { type Site, site } from './site.ts'
import { normalised, type Reply, sendOver } from './wire.ts'

/** A request after which the connection ends, so that we needn't wait to know that all was said. */
const LAST = `GET /text HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`

const TEXT = 'The express lane. '.repeat(200)
const BIG = Buffer.alloc(300_000, 'big').toString()
const KEPT = {
  'cache-control': 'max-age=1000',
  etag: '"one"',
  'last-modified': 'Tue, 02 Jan 2024 00:00:00 GMT',
}

async function origin(): Promise<Site> {
  const made = await site()
  made.answers((request, response) => {
    const path = (request.url ?? '').split('?')[0]
    const type = { 'content-type': 'text/plain' }
    // With its length: a body in chunks comes whole or in pieces, as it happens, and is told of accordingly.
    const say = (status: number, fields: OutgoingHttpHeaders, body: string) =>
      response.writeHead(status, { ...fields, 'content-length': Buffer.byteLength(body) }).end(body)
    // Whatever succeeds with another method makes the cache drop what it has, and then the order decides.
    if (request.method !== 'GET') return response.writeHead(405, { 'content-length': 0 }).end()
    switch (path) {
      case '/text':
      case '/page':
      case '/style.css':
        return say(200, { ...KEPT, ...type }, TEXT)
      case '/big':
        return say(200, { ...KEPT, 'content-type': 'image/png' }, BIG)
      case '/language':
        return say(
          200,
          { ...KEPT, ...type, vary: 'Accept-Language' },
          `in ${request.headers['accept-language']}`,
        )
      case '/missing':
        return say(404, { 'cache-control': 'max-age=1000', ...type }, 'missing')
      case '/empty':
        return response.writeHead(204, { 'cache-control': 'max-age=1000' }).end()
      case '/moved':
        return say(301, { 'cache-control': 'max-age=1000', location: '/text' }, '')
      default:
        return say(200, { 'cache-control': 'no-store' }, 'not kept')
    }
  })
  return made
}

/** A plain site, and one with policies and pages of its own. */
function distributions(url: string): object[] {
  const origins = [{ id: 'origin', http: { url } }]
  const policies = {
    id: 'policies',
    aliases: [POLICY_HOST],
    origins,
    folderIndex: 'text',
    customErrorResponses: [{ errorCode: 404, responsePagePath: '/page', responseCode: 200 }],
    defaultCacheBehavior: { cachePolicy: KEPT_AS_TOLD },
    cacheBehaviors: [
      { pathPattern: '/page', responseHeadersPolicy: 'SecurityHeadersPolicy' },
      { pathPattern: '/style.css', requestDirectives: 'obey' },
      { pathPattern: '/moved', viewerProtocolPolicy: 'redirect-to-https' },
      { pathPattern: '/language', cachePolicy: KEYED_BY_LANGUAGE },
      { pathPattern: '/big', compress: false, allowedMethods: ['GET', 'HEAD'] },
    ],
  }
  return [{ id: 'site', aliases: [HOST], origins }, policies]
}
const POLICY_HOST = 'policies.example'
/** CachingOptimized, but that nothing is kept for a second that isn't to be kept: by then or not, as it happens. */
const KEPT_AS_TOLD = {
  name: 'kept-as-told',
  minTTL: 0,
  defaultTTL: 86_400,
  maxTTL: 31_536_000,
  parametersInCacheKeyAndForwardedToOrigin: {
    headersConfig: { headerBehavior: 'none' },
    cookiesConfig: { cookieBehavior: 'none' },
    queryStringsConfig: { queryStringBehavior: 'none' },
    enableAcceptEncodingGzip: true,
    enableAcceptEncodingBrotli: true,
  },
}
const KEYED_BY_LANGUAGE = {
  name: 'by-language',
  minTTL: 0,
  defaultTTL: 100,
  maxTTL: 1_000,
  parametersInCacheKeyAndForwardedToOrigin: {
    headersConfig: { headerBehavior: 'whitelist', headers: ['Accept-Language'] },
    cookiesConfig: { cookieBehavior: 'none' },
    queryStringsConfig: { queryStringBehavior: 'whitelist', queryStrings: ['v'] },
    enableAcceptEncodingGzip: true,
  },
}
const underPolicies = (request: string) => request.replaceAll(HOST, POLICY_HOST)

/** The same edge in several ways; `off` is the measure of all others. */
const WAYS = ['off', 'on', 'public'] as const satisfies readonly LaneUse[]
const houses = new Map<LaneUse, House>()
/** Over HTTP/2: our own stack the long way and from memory, and node:http2. */
const streamHouses: House[] = []
const parts = new AsyncDisposableStack()
let cases = 0
let streamCases = 0
let cutShort = 0
let differed = 0

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'selvedge-tls-'))
  parts.defer(() => rm(folder, { recursive: true }))
  const tls = await selfSignedCertificate([HOST], folder)
  const behind = parts.use(await origin())
  for (const lane of WAYS)
    houses.set(lane, parts.use(await houseInFrontOf(distributions(behind.url), { lane, http2: 'own', tls })))
  const ofNode = parts.use(await houseInFrontOf(distributions(behind.url), { http2: 'node', tls }))
  streamHouses.push(houses.get('off') as House, houses.get('on') as House, ofNode)
  await Promise.all([...houses.values(), ofNode].map(fill))
}, 300_000)

afterAll(async () => {
  await parts.disposeAsync()
  process.stdout.write(
    `express lane: ${cases} cases, each sent ${WAYS.length} ways; ${streamCases} over HTTP/2; ${cutShort} replies cut short the long way; ${differed} differed by chance\n`,
  )
})

/** Asks for everything until it is kept in every form. */
async function fill(house: House): Promise<void> {
  const plain = [...RECORDED, ...PARTIAL, ...ODD].filter(
    (request) => /^(GET|HEAD) \//.test(request) && !/^(Content-Length|Transfer-Encoding|TE)/im.test(request),
  )
  const asked = plain.flatMap((request) => [request, underPolicies(request)])
  for (let round = 0; round < 3; round += 1) {
    for (const request of asked) {
      await sendOver({ port: house.port, pieces: [request + LAST] })
      // Over TLS all has keys of its own.
      if (round > 0) await sendOver({ port: house.securePort, secure: true, pieces: [request + LAST] })
    }
  }
}

/** How often a case may differ: what the kernel makes of late bytes differs by chance, what we do differs always. */
const TRIES = 8

/** Sends the same down all ways; they must say the same. */
async function same(pieces: readonly (string | Buffer)[], secure = false): Promise<void> {
  cases += 1
  for (let tries = 1; ; tries += 1) {
    const [expected, ...others] = (await saidTo(pieces, secure)) as [Told, ...Told[]]
    const different = others.filter(
      (other) => other.text !== expected.text || other.closed !== expected.closed,
    )
    const unexplained = different.filter((other) => !isCutShort(pieces.join(''), expected, other))
    cutShort += different.length - unexplained.length
    if (unexplained.length === 0) return
    if (tries === TRIES) expect(unexplained[0], JSON.stringify(pieces).slice(0, 2_000)).toEqual(expected)
    differed += 1
  }
}

/** What each way said to the same. */
async function saidTo(pieces: readonly (string | Buffer)[], secure: boolean): Promise<Told[]> {
  const replies = WAYS.map((way) => {
    const house = houses.get(way) as House
    return sendOver({ port: secure ? house.securePort : house.port, secure, pieces })
  })
  return (await Promise.all(replies)).map(told)
}

const RESET = 'Stream closed with error code NGHTTP2_PROTOCOL_ERROR'

/** Sends the same by HTTP/1.1, the long way, and by HTTP/2, three times each: the third is answered from memory. */
async function sameOverHttp2(requests: readonly string[]): Promise<void> {
  const off = houses.get('off') as House
  const viewers: Http2Client[] = []
  for (const house of streamHouses) viewers.push(await http2Client(house.securePort))
  for (const bytes of new Set(requests)) {
    const asked = sayable(bytes)
    if (asked === undefined) continue
    streamCases += 1
    // What is asked for the first time may be answered otherwise than from then on.
    await Promise.all(streamHouses.map((house) => askOverHttp1(house.securePort, asked)))
    const expected = await askOverHttp1(off.securePort, asked)
    for (const viewer of viewers) {
      for (let times = 0; times < 3; times += 1) {
        const said = await askOverHttp2(viewer, asked).catch((error: Error) => error.message)
        // What HTTP/1.1 answers with 400, nghttp2 may reset by itself (RFC 9113 §8.1.1).
        if (expected.status === 400 && said === RESET) continue
        expect(said, bytes.slice(0, 2_000)).toEqual(expected)
      }
    }
  }
  for (const viewer of viewers) await viewer[Symbol.asyncDispose]()
}

/**
 * Where a body breaks off, the long way ends the connection; what was asked for before it in the same packet
 * is then answered or not, as it happens. The lane has always answered by then. And what comes behind a request
 * that closes the connection, or gets 400, resets it when it comes late, with all that wasn't read until then
 * (RFC 9112 §9.6).
 * These are the only differences.
 */
function isCutShort(sent: string, one: Told, other: Told): boolean {
  const before = sent.endsWith(LAST) ? sent.slice(0, -LAST.length) : sent
  const longer = one.text.length > other.text.length ? one : other
  const mayBreak =
    /^(Transfer-Encoding|Content-Length)/im.test(sent) ||
    /^Connection:.*close/im.test(before) ||
    // Not at a line's beginning: a body before it may end without a line feed.
    longer.text.match(/(?<=HTTP\/1\.1 )\d{3}/g)?.at(-1) === '400'
  if (!mayBreak || !one.closed || !other.closed) return false
  if (one.text.length === other.text.length) return false
  return other.text.startsWith(one.text) || one.text.startsWith(other.text)
}

interface Told {
  text: string
  closed: boolean
}
const told = ({ text, closed }: Reply): Told => ({ text: normalised(text), closed })

/** Many cases, some at a time: most of it is waiting. */
async function sameForAll(all: readonly (readonly string[])[], secure = false): Promise<void> {
  const waiting = [...all]
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await same(next, secure)
  }
  await Promise.all(Array.from({ length: 12 }, worker))
}

describe('down both ways the same comes back', () => {
  test('to heads of browsers and tools, alone, repeated and pipelined', async () => {
    await sameForAll([
      ...RECORDED.flatMap((request) => [
        [request + LAST],
        [request, request, request, request, LAST],
        [request.repeat(5) + LAST],
      ]),
      [RECORDED.join('') + LAST],
    ])
  })

  test('to preconditions and ranges', async () => {
    await sameForAll(PARTIAL.flatMap((request) => [[request + LAST], [request, request, request, LAST]]))
  })

  test('to what is odd, alone, and before and behind a plain request', async () => {
    const plain = RECORDED[3] as string
    await sameForAll(
      ODD.flatMap((request) => [
        [request],
        [request + LAST],
        [plain + request + plain + LAST],
        [plain, request, LAST],
      ]),
    )
  }, 300_000)

  test('over TLS', async () => {
    await sameForAll(
      [...RECORDED, ...PARTIAL.slice(0, 40)].map((request) => [request, request, request + request, LAST]),
      true,
    )
    await sameForAll(
      ODD.map((request) => [request + LAST]),
      true,
    )
  }, 300_000)

  test('over HTTP/2, to all that can be said in it', async () => {
    const corpus = [...RECORDED, ...PARTIAL, ...ODD]
    await sameOverHttp2([...corpus, ...corpus.map(underPolicies)])
    expect(streamCases).toBeGreaterThan(250)
  }, 300_000)

  test('over HTTP/2, to whatever can be made up', async () => {
    const runs = fc.sample(pipeline(), Number(process.env.LANE_RUNS ?? 300))
    await sameOverHttp2(runs.flat())
  }, 300_000)

  test('under policies, with pages and rules of a site’s own', async () => {
    const asked = [...RECORDED, ...PARTIAL, ...ODD].map(underPolicies)
    await sameForAll(
      asked.flatMap((request) => [[request + LAST], [request, request, request + request + LAST]]),
    )
  }, 300_000)

  test('split at every byte', async () => {
    const request = `${RECORDED[3]}${PARTIAL[0]}${ODD[15]}`
    const splits = Array.from({ length: request.length - 1 }, (_, at) => [
      request.slice(0, at + 1),
      request.slice(at + 1) + LAST,
    ])
    await sameForAll([...splits, [...`${RECORDED[0]}${LAST}`]])
  }, 300_000)

  // The long way sends as much of the body as the viewer has read by then.
  test('to a long body with a 400 behind it, however much of it that cuts off', async () => {
    const before = differed
    const asked = ['GET /big HTTP/1.1', 'GET /% HTTP/1.1'].map((line) => `${line}\r\nHost: ${HOST}\r\n\r\n`)
    const late = LAST.slice(12)
    for (let times = 0; times < 20; times += 1)
      await same([asked.join('') + LAST.slice(0, -late.length), late])
    expect(differed).toBe(before)
  })

  test('to whatever can be made up', async () => {
    await fc.assert(
      fc.asyncProperty(pipeline(), fc.array(fc.nat(4_000), { maxLength: 3 }), async (requests, cuts) => {
        await same(cutAt(requests.join('') + LAST, cuts))
      }),
      { numRuns: Number(process.env.LANE_RUNS ?? 300), ...REPLAY },
    )
  }, 600_000)

  test('and nearly all that can take the lane does', () => {
    expect(houses.get('off')?.expressAnswers).toBe(0)
    expect(houses.get('on')?.expressAnswers).toBeGreaterThan(1_000)
    expect(houses.get('public')?.expressAnswers).toBeGreaterThan(1_000)
  })
})

/** LANE_SEED and LANE_PATH, as fast-check tells them of a case that failed, have it made up again. */
const REPLAY =
  process.env.LANE_SEED === undefined
    ? {}
    : { seed: Number(process.env.LANE_SEED), path: process.env.LANE_PATH ?? '' }

/** Requests that are nearly right: plain heads, mixed with what isn't, and bent here and there. */
function pipeline(): fc.Arbitrary<string[]> {
  const target = fc.constantFrom(
    '/text',
    '/text?v=2',
    '/page',
    '/big',
    '/language',
    '/missing',
    '/moved',
    '/none',
    '/%',
    '/a b',
  )
  const method = fc.oneof(
    { weight: 8, arbitrary: fc.constant('GET') },
    { weight: 2, arbitrary: fc.constantFrom('HEAD', 'POST', 'get', 'G\rET') },
  )
  const field = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...FIELDS) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 20 }) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...NAMES), fc.string({ unit: 'grapheme-ascii', maxLength: 20 }))
        .map(([name, value]) => `${name}: ${value}`),
    },
  )
  const lineEnd = fc.oneof(
    { weight: 40, arbitrary: fc.constant('\r\n') },
    { weight: 1, arbitrary: fc.constantFrom('\n', '\r', '\r\r\n', ' \r\n', '\r\n ', '') },
  )
  const request = fc
    .record({ method, target, fields: fc.array(field, { maxLength: 6 }), end: lineEnd })
    .map(({ method: verb, target: path, fields, end }) =>
      [`${verb} ${path} HTTP/1.1`, `Host: ${HOST}`, ...fields, '', ''].join(end),
    )
  return fc.array(
    fc.oneof(
      { weight: 3, arbitrary: request },
      { weight: 2, arbitrary: fc.constantFrom(...RECORDED, ...PARTIAL, ...ODD) },
    ),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
}

const FIELDS = [
  ...new Set(
    [...RECORDED, ...PARTIAL].flatMap((request) =>
      request
        .split('\r\n')
        .slice(2)
        .filter((line) => line !== ''),
    ),
  ),
  'Connection: close',
  'Content-Length: 0',
  'Content-Length: 3',
  'Transfer-Encoding: chunked',
]
const NAMES = [
  'Accept-Encoding',
  'Connection',
  'Content-Length',
  'Host',
  'If-None-Match',
  'Range',
  'TE',
  'Transfer-Encoding',
  'X',
]

function cutAt(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((cut) => cut % text.length).sort((one, other) => one - other), text.length]
  return places.slice(1).flatMap((to, at) => {
    const from = places[at] as number
    return to > from ? [text.slice(from, to)] : []
  })
}
