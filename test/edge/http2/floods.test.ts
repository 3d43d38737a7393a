import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  CODE,
  FLAG,
  frame,
  get,
  headers,
  literal,
  number32,
  padded,
  SETTING,
  section,
  setting,
  TYPE,
} from '../http2-frames.ts'
import { type WarmFront, warmFront } from './fronts.ts'
import { asking, begun, pending } from './requests.ts'
import { viewerAt } from './viewer.ts'

/** Little, so that little is enough to break them. */
const limits = {
  streamResetsMax: 20,
  streamResetsPerSecond: 1,
  controlBytesPerSecond: 4_096,
  controlAnswersBytesMax: 1_024,
  continuationsMax: 4,
  headerBlockBytesMax: 16_384,
  headerListBytesMax: 20_480,
  headerFieldsMax: 64,
}
const CONTROL = ['controlBytesPerSecond', 'controlAnswersBytesMax']
const RESETS = ['streamResetsMax']
const TIMES = 1_000

const times = (count: number, one: (at: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, at) => one(at)))
const reset = (stream: number) => frame(TYPE.reset, 0, stream, number32(8))
const endless = frame(TYPE.headers, FLAG.endStream, 1, section(asking('GET', '/unseen')))

/** An entry of 3,900 bytes in the dynamic table, referred to 50 times in each head (RFC 7541 §7.3). */
function bomb(at: number): Buffer {
  const parts = [section(asking('GET', '/unseen')), Buffer.alloc(50, 0x80 | 62)]
  if (at === 0) parts.splice(1, 0, literal('x', 'a'.repeat(3_900), 0x40))
  return frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 1 + 2 * at, Buffer.concat(parts))
}

const FLOODS: readonly { name: string; bytes: Buffer; by: readonly string[] }[] = [
  {
    name: 'hits that are cancelled at once (CVE-2023-44487)',
    bytes: times(100, (at) => Buffer.concat([get(1 + 2 * at, '/hit'), reset(1 + 2 * at)])),
    by: RESETS,
  },
  {
    name: 'misses that are cancelled at once',
    bytes: times(100, (at) => Buffer.concat([pending(1 + 2 * at), reset(1 + 2 * at)])),
    by: RESETS,
  },
  {
    name: 'requests that make us reset them, by a window of nothing (CVE-2025-8671)',
    bytes: times(100, (at) =>
      Buffer.concat([pending(1 + 2 * at), frame(TYPE.window, 0, 1 + 2 * at, number32(0))]),
    ),
    by: RESETS,
  },
  {
    name: 'requests that make us reset them, by DATA behind their end',
    bytes: times(100, (at) => Buffer.concat([pending(1 + 2 * at), frame(TYPE.data, 0, 1 + 2 * at)])),
    by: [...RESETS, ...CONTROL],
  },
  {
    name: 'malformed requests',
    bytes: times(100, (at) => headers(1 + 2 * at, asking('GET', '/unseen', ['Upper', 'case']))),
    by: RESETS,
  },
  {
    name: 'fields that grow when they are read',
    bytes: times(100, bomb),
    by: [...RESETS, ...CONTROL],
  },
  {
    name: 'HEADERS on a stream that was reset',
    bytes: Buffer.concat([
      headers(1, asking('GET', '/unseen', ['Upper', 'case'])),
      times(TIMES, () => headers(1, ['x', 'y'])),
    ]),
    by: CONTROL,
  },
  {
    name: 'fields that grow when they are read, on a stream that was reset',
    bytes: Buffer.concat([
      headers(1, asking('GET', '/unseen', ['Upper', 'case'])),
      frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 1, literal('x', 'a'.repeat(3_900), 0x40)),
      times(20, () =>
        frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 1, Buffer.alloc(1_000, 0x80 | 62)),
      ),
    ]),
    by: CONTROL,
  },
  {
    name: 'CONTINUATION frames (CVE-2024-27316)',
    bytes: Buffer.concat([endless, times(10, () => frame(TYPE.continuation, 0, 1, section(['x', 'y'])))]),
    by: ['continuationsMax'],
  },
  {
    name: 'empty CONTINUATION frames',
    bytes: Buffer.concat([endless, times(10, () => frame(TYPE.continuation, 0, 1))]),
    by: ['continuationsMax'],
  },
  {
    name: 'bytes in CONTINUATION frames',
    bytes: Buffer.concat([
      endless,
      times(3, () => frame(TYPE.continuation, 0, 1, section(['x', 'y'.repeat(9_000)]))),
    ]),
    by: ['headerBlockBytesMax', ...CONTROL],
  },
  {
    name: 'SETTINGS',
    bytes: times(TIMES, () => frame(TYPE.settings, 0, 0, setting(SETTING.enablePush, 0))),
    by: CONTROL,
  },
  {
    name: 'settings in one SETTINGS',
    bytes: times(20, () =>
      frame(
        TYPE.settings,
        0,
        0,
        times(1_000, (at) => setting(4, 1_000 + at)),
      ),
    ),
    by: CONTROL,
  },
  { name: 'PING', bytes: times(TIMES, () => frame(TYPE.ping, 0, 0, Buffer.alloc(8))), by: CONTROL },
  {
    name: 'answers to PING',
    bytes: times(TIMES, () => frame(TYPE.ping, FLAG.ack, 0, Buffer.alloc(8))),
    by: CONTROL,
  },
  {
    name: 'PRIORITY',
    bytes: times(TIMES, (at) => frame(TYPE.priority, 0, 1 + 2 * at, Buffer.alloc(5))),
    by: CONTROL,
  },
  {
    name: 'PRIORITY_UPDATE',
    bytes: times(TIMES, (at) =>
      frame(TYPE.priorityUpdate, 0, 0, Buffer.concat([number32(1 + 2 * at), Buffer.from('u=1')])),
    ),
    by: CONTROL,
  },
  {
    name: 'WINDOW_UPDATE of the connection',
    bytes: times(TIMES, () => frame(TYPE.window, 0, 0, number32(1))),
    by: CONTROL,
  },
  {
    name: 'WINDOW_UPDATE of a stream',
    bytes: Buffer.concat([pending(1), times(TIMES, () => frame(TYPE.window, 0, 1, number32(1)))]),
    by: CONTROL,
  },
  {
    name: 'GOAWAY',
    bytes: times(TIMES, () => frame(TYPE.goaway, 0, 0, Buffer.alloc(8))),
    by: CONTROL,
  },
  {
    name: 'RST_STREAM of one stream',
    bytes: Buffer.concat([pending(1), times(TIMES, () => reset(1))]),
    by: [...RESETS, ...CONTROL],
  },
  {
    name: 'empty DATA',
    bytes: Buffer.concat([begun(1, '/pending'), times(TIMES, () => frame(TYPE.data, 0, 1))]),
    by: CONTROL,
  },
  {
    name: 'DATA of one byte',
    bytes: Buffer.concat([begun(1, '/pending'), times(TIMES, () => frame(TYPE.data, 0, 1, Buffer.alloc(1)))]),
    by: CONTROL,
  },
  {
    name: 'DATA that is padding',
    bytes: Buffer.concat([
      begun(1, '/pending'),
      times(200, () => frame(TYPE.data, FLAG.padded, 1, padded(Buffer.alloc(0), 255))),
    ]),
    by: CONTROL,
  },
  {
    name: 'frames of a type that nobody knows',
    bytes: times(TIMES, () => frame(0x42, 0, 0, Buffer.alloc(3))),
    by: CONTROL,
  },
]

interface Told {
  reason?: string
}

describe('too much of what is of no use ends its connection with ENHANCE_YOUR_CALM, counted and logged: ', () => {
  const told: Told[] = []
  let front: WarmFront

  beforeAll(async () => {
    const lines = new Writable({
      write(line, _, done) {
        told.push(JSON.parse(String(line)))
        done()
      },
    })
    front = await warmFront('own', { limits, log: pino({ level: 'info' }, lines) })
  })

  afterAll(() => front[Symbol.asyncDispose]())

  test.each(FLOODS)('$name', async ({ bytes, by }) => {
    await using viewer = await viewerAt(front.port)
    const { broken } = front.house
    told.length = 0
    const before = process.memoryUsage().rss

    await viewer.send(bytes)
    await expect.poll(() => viewer.raw.closed).toBe(true)

    expect(viewer.raw.goaway).toBe(CODE.ENHANCE_YOUR_CALM)
    expect(front.house.broken).toBe(broken + 1)
    expect(by).toContain(told.find(({ reason }) => reason !== undefined)?.reason)
    // Both sides of it are in this process.
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000)
  })

  test('nothing of it got to the origin, no connection is left, and the next one is served', async () => {
    await expect.poll(() => front.house.connections).toBe(0)
    expect(front.origin.requests.filter((asked) => asked.includes('unseen'))).toEqual([])

    await using viewer = await viewerAt(front.port)
    await viewer.send(get(1, '/hit'))
    expect(await viewer.status(1)).toBe(200)
  })

  test('what stays below the limits is nobody’s business', async () => {
    await using viewer = await viewerAt(front.port)
    const hit = section(asking('GET', '/hit'))

    await viewer.send(
      times(15, (at) => Buffer.concat([pending(1 + 2 * at), reset(1 + 2 * at)])),
      times(20, () => frame(TYPE.ping, 0, 0, Buffer.alloc(8))),
      times(20, () => frame(TYPE.settings, 0, 0)),
      times(20, () => frame(TYPE.window, 0, 0, number32(1))),
      frame(TYPE.headers, FLAG.endStream, 101, hit.subarray(0, 3)),
      times(3, (at) => frame(TYPE.continuation, 0, 101, hit.subarray(3 + at, 4 + at))),
      frame(TYPE.continuation, FLAG.endHeaders, 101, hit.subarray(6)),
    )

    expect(await viewer.status(101)).toBe(200)
    expect(viewer.raw.goaway).toBe(undefined)
  })
})
