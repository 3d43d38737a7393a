import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Answer, answerFromStored, partFromStream } from '../../edge/cache/answer.ts'
import { firstValue } from '../../edge/cache/fields.ts'
import type { RequestHead } from '../../edge/cache/message.ts'
import type { Outcome } from '../../edge/cache/outcome.ts'
import { rangesOf } from '../../edge/cache/rules/range.ts'
import { TRANSPARENT } from '../../edge/cache/rules/rules.ts'
import { answerFromSlices } from '../../edge/cache/slices/sliced-answer.ts'
import { isSliced, putSliced } from '../../edge/cache/slices/sliced-object.ts'
import { createSlices } from '../../edge/cache/slices/slices.ts'
import { createMemoryStore } from '../../edge/cache/store/memory-store.ts'
import { createStore } from '../../edge/cache/store/store.ts'
import { storedHeadOf } from '../../edge/cache/store/stored-response.ts'
import { bytesAt } from './long-site.ts'

const HIT: Outcome = { kind: 'hit', upstreamUs: 0 }

function asking(range: string, method = 'GET'): RequestHead {
  return { method, scheme: 'http', host: 'site.example', target: '/', fields: ['Range', range] }
}

function headOf(bytes: number) {
  const request = asking('')
  const response = {
    status: 200,
    fields: ['Content-Type', 'video/mp4', 'Content-Length', String(bytes), 'ETag', '"v"'],
  }
  const asked = { request, rules: TRANSPARENT, group: 'site', validAsOf: 0 }
  return storedHeadOf(asked, response, { requestedAtMs: 0, receivedAtMs: 0 })
}

/** The same answer out of a whole body, out of one in slices, and out of one that is arriving. */
async function answersFor(body: Buffer, sliceBytes: number, request: RequestHead): Promise<Told[]> {
  const head = headOf(body.byteLength)
  const store = createStore(createMemoryStore(10_000_000))
  const pieces = Array.from({ length: Math.ceil(body.byteLength / sliceBytes) }, (_, at) =>
    body.subarray(at * sliceBytes, (at + 1) * sliceBytes),
  )
  const stored = putSliced({ store, sliceBytes }, 'key', head, pieces)
  if (!isSliced(stored)) throw new Error('it is sliced')
  const slices = createSlices({ store, sliceBytes, now: () => 0 })
  const upstream = () => Promise.reject(new Error('nobody is to be asked'))
  const object = { key: 'key', head: stored, request, upstream }
  const viewer = new AbortController().signal
  const arriving = partFromStream(request, head, () => Readable.from(pieces), HIT, 0)
  const answers = [
    answerFromStored(request, { ...head, body }, HIT, 0),
    await answerFromSlices({ slices, store }, object, { request, viewer, outcome: HIT, nowMs: 0 }),
    ...(arriving === undefined ? [] : [arriving]),
  ]
  return Promise.all(answers.map(toldBy))
}

interface Told {
  status: number
  type: string | undefined
  range: string | undefined
  length: string | undefined
  body: string
}

/** What crosses the wire; a boundary is made anew each time. */
async function toldBy({ status, fields, body }: Answer): Promise<Told> {
  const bytes = body instanceof Readable ? await buffer(body) : (body ?? Buffer.alloc(0))
  const type = firstValue(fields, 'content-type')
  const boundary = type?.split('boundary=')[1] ?? 'no boundary'
  return {
    status,
    type: type?.replace(boundary, 'BOUNDARY'),
    range: firstValue(fields, 'content-range'),
    length: firstValue(fields, 'content-length'),
    body: bytes.toString('latin1').replaceAll(boundary, 'BOUNDARY'),
  }
}

/** By the letter of RFC 9110 §14.1.2, one range after the other. */
function wantedOf(body: Buffer, specs: readonly [number | undefined, number | undefined][]): Told {
  const length = body.byteLength
  const ranges = specs.flatMap(([from, to]) => {
    if (from === undefined) {
      const suffix = Math.min(to ?? 0, length)
      return suffix === 0 ? [] : [[length - suffix, length - 1] as const]
    }
    return from < length ? [[from, Math.min(to ?? length - 1, length - 1)] as const] : []
  })
  const textOf = (first: number, last: number) => body.subarray(first, last + 1).toString('latin1')
  const told = (first: number, last: number) => `bytes ${first}-${last}/${length}`
  const isMalformed = specs.some(([from, to]) => from !== undefined && to !== undefined && to < from)
  const overlaps = ranges.some(([first], at) => at > 0 && first <= (ranges[at - 1]?.[1] ?? -1))
  const [range] = ranges
  const type = 'video/mp4'
  if (isMalformed || (range !== undefined && overlaps)) {
    return { status: 200, type, range: undefined, length: String(length), body: textOf(0, length) }
  }
  if (range === undefined) return { status: 416, type, range: `bytes */${length}`, length: '0', body: '' }
  if (ranges.length === 1) {
    const text = textOf(...range)
    return { status: 206, type, range: told(...range), length: String(text.length), body: text }
  }
  const parts = ranges.map(
    (one) =>
      `\r\n--BOUNDARY\r\nContent-Type: video/mp4\r\nContent-Range: ${told(...one)}\r\n\r\n${textOf(...one)}`,
  )
  const text = `${parts.join('')}\r\n--BOUNDARY--\r\n`
  const bytes = text.length + (ranges.length + 1) * (32 - 'BOUNDARY'.length)
  return {
    status: 206,
    type: 'multipart/byteranges; boundary=BOUNDARY',
    range: undefined,
    length: String(bytes),
    body: text,
  }
}

describe('ranges of a stored response', () => {
  const spec = fc.oneof(
    fc.tuple(fc.nat(6_000), fc.option(fc.nat(6_000), { nil: undefined })),
    fc.tuple(fc.constant(undefined), fc.nat(6_000)),
  )
  const ascending = fc
    .uniqueArray(fc.nat(5_000), { minLength: 2, maxLength: 12 })
    .map((points) => points.sort((a, b) => a - b))
    .map((points) =>
      points.flatMap((at, index) =>
        index % 2 === 0 ? [[at, points[index + 1]] as [number, number | undefined]] : [],
      ),
    )

  test('are what RFC 9110 says they are, whole, in slices and while it arrives', async () => {
    const specs = fc.oneof(fc.array(spec, { minLength: 1, maxLength: 5 }), ascending)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(5_000),
        fc.integer({ min: 50, max: 6_000 }),
        specs,
        async (length, sliceBytes, asked) => {
          const body = bytesAt(0, length, 1).subarray(0, length)
          const value = `bytes=${asked.map(([from = '', to = '']) => `${from}-${to}`).join(', ')}`

          const told = await answersFor(body, sliceBytes, asking(value))

          for (const one of told) expect(one).toEqual(wantedOf(body, asked))
        },
      ),
      { numRuns: 500 },
    )
  })

  test.each([
    ['another unit', 'lines=0-1'],
    ['no range at all', 'bytes='],
    ['an end before its start', 'bytes=5-4'],
    ['letters', 'bytes=a-b'],
    ['a bare hyphen', 'bytes=-'],
    ['ranges that overlap', 'bytes=0-5,5-9'],
    ['ranges that descend', 'bytes=5-9,0-1'],
    [
      'a hundred and one of them',
      `bytes=${Array.from({ length: 101 }, (_, at) => `${2 * at}-${2 * at}`).join(',')}`,
    ],
  ])('of which it is %s get the whole', (_, value) => {
    expect(rangesOf(value, 1_000)).toBeUndefined()
  })

  test('to a HEAD are none', () => {
    const { status, body } = answerFromStored(
      asking('bytes=0-1', 'HEAD'),
      { ...headOf(4), body: Buffer.from('body') },
      HIT,
      0,
    )

    expect([status, body]).toEqual([200, undefined])
  })

  test('with numbers beyond all bounds are clamped', () => {
    const huge = '9'.repeat(40)

    expect(rangesOf(`bytes=1-${huge}`, 10)).toEqual([{ first: 1, last: 9 }])
    expect(rangesOf(`bytes=-${huge}`, 10)).toEqual([{ first: 0, last: 9 }])
    expect(rangesOf(`bytes=${huge}-`, 10)).toBe('unsatisfiable')
  })
})
