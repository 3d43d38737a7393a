import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { firstValue } from '../../edge/cache/fields.ts'
import type { Leaving } from '../../edge/cache/leaving.ts'
import { TRANSPARENT } from '../../edge/cache/rules/rules.ts'
import { readSlices } from '../../edge/cache/slices/sliced-body.ts'
import type { SlicedObject } from '../../edge/cache/slices/sliced-object.ts'
import { createSlices, type Slices } from '../../edge/cache/slices/slices.ts'
import { createMemoryStore } from '../../edge/cache/store/memory-store.ts'
import { createStore } from '../../edge/cache/store/store.ts'
import { storedHeadOf } from '../../edge/cache/store/stored-response.ts'
import { bytesAt } from './long-site.ts'

/** Slices that are made when asked for, and a count of those that somebody still waits for or has not let go. */
function madeSlices(bytes: number, sliceBytes: number) {
  const pulled: number[] = []
  const slices: Slices = {
    sliceBytes,
    toAsk: () => undefined,
    avoid: () => undefined,
    held: () => undefined,
    load: async () => undefined,
    receive: () => undefined,
    async pull(_object, index) {
      pulled.push(index)
      return bytesAt(index * sliceBytes, Math.min((index + 1) * sliceBytes, bytes) - 1, 1)
    },
  }
  return { slices, pulled }
}

const OBJECT = {} as SlicedObject // only passed on to the slices

describe('the reader of a sliced body', () => {
  test('gives just the bytes of its segments, whatever they are and how they lie to the slices', async () => {
    const segments = fc.array(
      fc.oneof(
        fc
          .tuple(fc.nat(200_000), fc.nat(200_000))
          .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) })),
        fc.string({ minLength: 1 }).map((text) => Buffer.from(text)),
      ),
      { maxLength: 5 },
    )
    await fc.assert(
      fc.asyncProperty(segments, fc.integer({ min: 1_000, max: 150_000 }), async (asked, sliceBytes) => {
        const { slices } = madeSlices(200_001, sliceBytes)
        const got = await buffer(readSlices(slices, OBJECT, asked, new Map()))
        const wanted = asked.map((one) => (Buffer.isBuffer(one) ? one : bytesAt(one.first, one.last, 1)))
        expect(got.equals(Buffer.concat(wanted))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  test('pulls one slice when nobody reads, and never more than one ahead of who does', async () => {
    const SLICE = 1_048_576
    const { slices, pulled } = madeSlices(1_000 * SLICE, SLICE)
    const body = readSlices(slices, OBJECT, [{ first: 0, last: 1_000 * SLICE - 1 }], new Map())

    body.read(0)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(pulled).toEqual([0])

    let read = 0
    for await (const chunk of body) {
      read += chunk.length
      expect(pulled.length).toBeLessThanOrEqual(Math.floor(read / SLICE) + 2)
      if (read > 20 * SLICE) break
    }
  })

  test('is broken, never ended, by a slice that can’t be had', async () => {
    const { slices } = madeSlices(10_000, 1_000)
    const pull: Slices['pull'] = async (object, index, reader) =>
      index < 3 ? slices.pull(object, index, reader) : { kind: 'changed' }
    const body = readSlices({ ...slices, pull }, OBJECT, [{ first: 0, last: 9_999 }], new Map())

    const got: Buffer[] = []
    const reading = (async () => {
      for await (const chunk of body) got.push(chunk)
    })()

    await expect(reading).rejects.toThrow(/object changed/)
    const { length } = Buffer.concat(got)
    expect(length).toBeLessThanOrEqual(3_000)
    expect(Buffer.concat(got).equals(bytesAt(0, 2_999, 1).subarray(0, length))).toBe(true)
  })

  test('lets go of a slice that it waits for as soon as it is closed', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<Leaving>()
    const { slices } = madeSlices(10_000_000, 100_000)
    const pull: Slices['pull'] = (_object, _index, reader) => {
      resolve(reader)
      return new Promise(() => undefined) // an origin that hangs
    }
    const body = readSlices({ ...slices, pull }, OBJECT, [{ first: 0, last: 9_999_999 }], new Map())

    body.read(0)
    const reader = await asked
    body.destroy()

    expect(reader.aborted).toBe(true)
  })
})

describe('a hundred slow readers of one very long object', () => {
  test('hold a slice or two each, however long it is, and the store what it may', async () => {
    const SLICE = 1_048_576
    const store = createStore(createMemoryStore(8 * SLICE))
    const slices = createSlices({ store, sliceBytes: SLICE, now: Date.now })
    let bytesMade = 0
    const object = objectOf(10_000_000_000, (first, last) => {
      bytesMade += last - first + 1
      return Buffer.alloc(last - first + 1)
    })

    const readers = Array.from({ length: 100 }, (_, at) => {
      const segment = { first: at * 90_000_000, last: object.head.sliced.bytes - 1 }
      return readSlices(slices, object, [segment], new Map())
    })
    await Promise.all(readers.map((reader) => once(reader, 'readable')))
    // Each reads a little, and then nothing for a while.
    for (const reader of readers) reader.read()
    await new Promise((resolve) => setTimeout(resolve, 100))

    expect(bytesMade).toBeLessThanOrEqual(readers.length * 2 * SLICE)
    expect(readers.every(({ readableLength }) => readableLength <= 131_072)).toBe(true)
    expect(store.bytes).toBeLessThanOrEqual(8 * SLICE)
    for (const reader of readers) reader.destroy()
  })
})

/** An object whose upstream makes slices as they are asked for. */
function objectOf(bytes: number, make: (first: number, last: number) => Buffer): SlicedObject {
  const fields = ['ETag', '"v"', 'Accept-Ranges', 'bytes']
  const request = { method: 'GET', scheme: 'http', host: 'site.example', target: '/', fields: [] }
  const asked = { request, rules: TRANSPARENT, group: 'site', validAsOf: 0 }
  const exchange = { requestedAtMs: 0, receivedAtMs: 0 }
  return {
    key: 'key',
    head: { ...storedHeadOf(asked, { status: 200, fields }, exchange), sliced: { bytes } },
    request,
    async upstream(wanted) {
      const match = /^bytes=(\d+)-(\d+)$/.exec(firstValue(wanted.fields, 'range') ?? '')
      const [first, last] = [Number(match?.[1]), Number(match?.[2])]
      const told = ['Content-Range', `bytes ${first}-${last}/${bytes}`]
      return { status: 206, fields: fields.concat(told), body: Readable.from([make(first, last)]) }
    },
  }
}
