import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOST, type House, houseInFrontOf } from './house.ts'
import {
  type CertificateFiles,
  certificateFiles,
  HTTP2,
  type Http2Client,
  http2Client,
} from './http2-client.ts'
import {
  FLAG,
  frame,
  get,
  number32,
  type RawHttp2,
  rawHttp2,
  section,
  setting,
  TYPE,
} from './http2-frames.ts'
import { type Site, site } from './site.ts'

/** The code of GOAWAY: INTERNAL_ERROR by nghttp2, ENHANCE_YOUR_CALM by us; or it never gets through the flood. */
const LAST_WORDS = [2, 11, undefined]

const FRAMES = 50_000
const BATCH = 500

const post = (stream: number) => {
  const head = [':method', 'POST', ':scheme', 'https', ':authority', HOST, ':path', '/upload']
  return frame(TYPE.headers, FLAG.endHeaders, stream, section(head))
}

/** A head that doesn't end. */
const endless = frame(
  TYPE.headers,
  0,
  1,
  section([':method', 'GET', ':scheme', 'https', ':authority', HOST, ':path', '/']),
)

/** An attack: what goes before, and what is sent again and again. */
interface Attack {
  name: string
  begins?: Buffer
  /** @param at counts from 0 */
  repeats: (at: number) => Buffer
}

const reset = (stream: number) => frame(TYPE.reset, 0, stream, number32(8))
const same = (bytes: Buffer) => () => bytes

/** One entry of 3,900 bytes in the dynamic table, then 10,000 references to it a head (RFC 7541 §7.3). */
function bomb(at: number): Buffer {
  const request = section([':method', 'GET', ':scheme', 'https', ':authority', HOST, ':path', '/'])
  const entry = section(['x', 'a'.repeat(3_900)])
  entry.writeUInt8(0x40, 0)
  const references = Buffer.alloc(10_000, 0x80 | 62)
  const block = Buffer.concat(at === 0 ? [request, entry, references] : [request, references])
  return frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 1 + 2 * at, block)
}

const ATTACKS: readonly Attack[] = [
  {
    name: 'hits that are cancelled at once (CVE-2023-44487)',
    repeats: (at) => Buffer.concat([get(1 + 2 * at, '/'), reset(1 + 2 * at)]),
  },
  {
    name: 'misses that are cancelled at once',
    repeats: (at) => Buffer.concat([get(1 + 2 * at, `/miss-${at}`), reset(1 + 2 * at)]),
  },
  {
    name: 'CONTINUATION without end (CVE-2024-27316)',
    begins: endless,
    repeats: same(frame(TYPE.continuation, 0, 1, section(['x', 'y'.repeat(100)]))),
  },
  {
    name: 'empty CONTINUATION',
    begins: endless,
    repeats: same(frame(TYPE.continuation, 0, 1)),
  },
  {
    name: 'SETTINGS',
    repeats: same(frame(TYPE.settings, 0, 0, setting(3, 100))),
  },
  {
    name: 'PING',
    repeats: same(frame(TYPE.ping, 0, 0, Buffer.alloc(8))),
  },
  {
    name: 'empty DATA',
    begins: post(1),
    repeats: same(frame(TYPE.data, 0, 1)),
  },
  {
    name: 'DATA of one byte',
    begins: post(1),
    repeats: same(frame(TYPE.data, 0, 1, Buffer.alloc(1))),
  },
  {
    name: 'WINDOW_UPDATE',
    repeats: same(frame(TYPE.window, 0, 0, number32(1))),
  },
  {
    name: 'PRIORITY',
    repeats: same(frame(TYPE.priority, 0, 1, Buffer.alloc(5, 1))),
  },
  {
    name: 'frames of a type that nobody knows',
    repeats: same(frame(0x42, 0, 0, Buffer.alloc(10))),
  },
  { name: 'fields that grow when they are read', repeats: bomb },
]

describe.each(HTTP2)('a flood ends its connection, and others go on, by %s: ', (http2) => {
  let files: CertificateFiles
  let origin: Site
  let house: House
  let good: Http2Client

  beforeAll(async () => {
    files = await certificateFiles()
    origin = await site({ 'cache-control': 'max-age=1000' })
    house = await houseInFrontOf(origin.url, { http2, tls: files.tls })
    good = await http2Client(house.securePort)
    await good.ask()
  })

  afterAll(async () => {
    await good[Symbol.asyncDispose]()
    await house[Symbol.asyncDispose]()
    await origin[Symbol.asyncDispose]()
    await files[Symbol.asyncDispose]()
  })

  test.each(ATTACKS)('$name', { timeout: 60_000 }, async (attack) => {
    const viewer = await rawHttp2(house.securePort)
    const before = process.memoryUsage().rss
    let isOver = false
    const others = askOnAndOn(good, () => isOver)

    await flood(viewer, attack)
    await expect.poll(() => viewer.closed, { timeout: 20_000 }).toBe(true)
    isOver = true

    expect(LAST_WORDS).toContain(viewer.goaway)
    // Both sides of it are in this process.
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000)
    expect(new Set(await others)).toEqual(new Set([200]))
    await expect.poll(() => house.connections, { timeout: 10_000 }).toBe(1)
  })
})

/** Sends until all is sent, or the other side ends the connection. */
async function flood(viewer: RawHttp2, { begins, repeats }: Attack): Promise<void> {
  if (begins !== undefined) viewer.send(begins)
  for (let at = 0; at < FRAMES && !viewer.closed; ) {
    const batch: Buffer[] = []
    for (let bytes = 0; batch.length < BATCH && bytes < 100_000; at += 1) {
      const one = repeats(at)
      bytes += one.byteLength
      batch.push(one)
    }
    await viewer.sent(Buffer.concat(batch))
  }
}

/** Asks as long as it isn't over, and once more; returns the statuses. */
async function askOnAndOn(viewer: Http2Client, isOver: () => boolean): Promise<number[]> {
  const statuses: number[] = []
  for (let isLast = false; !isLast; ) {
    isLast = isOver()
    statuses.push((await viewer.ask()).status)
  }
  return statuses
}
