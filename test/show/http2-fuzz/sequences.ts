import fc from 'fast-check'
import { encodedBlock } from '../../../edge/listen/http2/hpack/encode.ts'
import { HOST } from '../../edge/house.ts'
import { FLAG, frame, number32, setting } from '../../edge/http2-frames.ts'

/** Streams that are likely to meet: some a client's, one a server's, the connection itself, the last there can be. */
const stream = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(1, 3, 5, 7, 9) },
  { weight: 2, arbitrary: fc.constantFrom(0, 2, 101, 0x7fff_ffff, 0x8000_0001) },
)
const octet = fc.nat({ max: 255 })
const flags = fc.oneof(fc.constantFrom(0, 1, 4, 5, 8, 13, 32, 37, 45), octet)
const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength, size: 'max' }).map((array) => Buffer.from(array))
const number = fc.oneof(
  fc.constantFrom(0, 1, 65_535, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
  fc.nat({ max: 100_000 }),
)

const field = fc.constantFrom(
  ...[
    'accept-encoding: gzip',
    'cookie: a=1',
    'content-length: 5',
    'content-length: 0',
    'te: trailers',
    'te: gzip',
  ],
  ...[
    'host: other.example',
    'connection: close',
    'X-Capital: 1',
    'x-odd: a\r\nb',
    ': ',
    ':path: /again',
    'expect: 100-continue',
  ],
  ...[
    'range: bytes=0-9',
    'if-none-match: "one"',
    'transfer-encoding: chunked',
    'priority: u=1, i',
    'upgrade: websocket',
  ],
)
const head = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'CONNECT', 'G T', ''),
    path: fc.constantFrom('/kept', '/kept', '/new', '*', '/a b', '', '/%00', `/${'long'.repeat(500)}`),
    authority: fc.constantFrom(HOST, HOST, HOST, 'other.example', '', 'a@b'),
    fields: fc.array(field, { maxLength: 4 }),
    leftOut: fc.constantFrom(-1, -1, -1, -1, -1, 0, 1, 2, 3),
  })
  .map(({ method, path, authority, fields, leftOut }) => {
    const pseudo = [`:method: ${method}`, ':scheme: https', `:authority: ${authority}`, `:path: ${path}`]
    const all = [...pseudo.filter((_, at) => at !== leftOut), ...fields]
    return encodedBlock(all.flatMap((line) => nameAndValue(line)))
  })

function nameAndValue(line: string): [string, string] {
  const at = line.indexOf(': ', 1)
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 2)]
}

const block = fc.oneof(
  { weight: 5, arbitrary: head },
  { weight: 1, arbitrary: bytes(60) },
  { weight: 1, arbitrary: fc.tuple(head, octet, octet).map(([good, at, value]) => changed(good, at, value)) },
  // References to the dynamic table, size changes, and heads behind them.
  { weight: 1, arbitrary: fc.tuple(bytes(6), head).map((parts) => Buffer.concat(parts)) },
)

function changed(good: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(good)
  if (copy.length > 0) copy[at % copy.length] = value
  return copy
}

const settings = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(1, 2, 3, 4, 5, 6, 8, 9), octet), number), { maxLength: 4 })
  .map((all) => Buffer.concat(all.map(([id, value]) => setting(id, value))))

const get = encodedBlock([':method', 'GET', ':scheme', 'https', ':authority', HOST, ':path', '/kept'])
const framed = (type: number, payload: fc.Arbitrary<Buffer>, some: fc.Arbitrary<number> = flags) =>
  fc.tuple(some, stream, payload).map(([flag, id, body]) => frame(type, flag, id, body))

/** Frames from right to wrong: most are of a known type and length, and mean something if they come at their time. */
const anyFrame = fc.oneof(
  { weight: 4, arbitrary: framed(0, bytes(40)) },
  { weight: 6, arbitrary: framed(1, block, fc.constantFrom(4, 5, 5, 5, 0, 1)) },
  { weight: 2, arbitrary: stream.map((id) => frame(1, FLAG.endStream | FLAG.endHeaders, id, get)) },
  { weight: 1, arbitrary: framed(1, block) },
  { weight: 1, arbitrary: framed(2, bytes(5)) },
  { weight: 2, arbitrary: framed(3, number.map(number32)) },
  { weight: 2, arbitrary: settings.map((all) => frame(4, 0, 0, all)) },
  { weight: 1, arbitrary: framed(4, settings) },
  { weight: 1, arbitrary: framed(5, bytes(10)) },
  { weight: 1, arbitrary: framed(6, bytes(9)) },
  { weight: 1, arbitrary: fc.constant(frame(6, 0, 0, Buffer.alloc(8))) },
  { weight: 1, arbitrary: framed(7, bytes(12)) },
  { weight: 4, arbitrary: framed(8, number.map(number32)) },
  { weight: 2, arbitrary: framed(9, block, fc.constantFrom(0, 4, 4)) },
  {
    weight: 1,
    arbitrary: framed(
      16,
      fc
        .tuple(stream, fc.constantFrom('u=0', 'u=9, i', 'i=?2', ''))
        .map(([id, text]) => Buffer.concat([number32(id), Buffer.from(text)])),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(octet, flags, stream, bytes(30))
      .map(([type, flag, id, body]) => frame(type, flag, id, body)),
  },
)

/** What is wrong by its very bytes: a length that isn't so, a frame cut short, or no frame at all. */
const brokenFrame = fc.oneof(
  fc.tuple(anyFrame, octet, octet).map(([good, at, value]) => changed(good, at, value)),
  fc.tuple(anyFrame, octet).map(([good, end]) => good.subarray(0, end % good.length)),
  bytes(40),
)

/** Frames of one connection, behind its preface. Most are well formed, so that what follows them is read too. */
export const sequence: fc.Arbitrary<Buffer[]> = fc.array(
  fc.oneof({ weight: 60, arbitrary: anyFrame }, { weight: 1, arbitrary: brokenFrame }),
  { minLength: 1, maxLength: 60, size: 'max' },
)

/** The same, of those frames only that keep a connection alive: what is wrong is wrong with its stream. */
export const patientSequence: fc.Arbitrary<Buffer[]> = fc
  .array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.tuple(fc.constantFrom(4, 5), head).map(([flag, one]) => ({ type: 1, flag, body: one })),
      },
      {
        weight: 3,
        arbitrary: fc
          .tuple(fc.constantFrom(0, 1), bytes(200))
          .map(([flag, body]) => ({ type: 0, flag, body })),
      },
      { weight: 2, arbitrary: fc.constant({ type: 3, flag: 0, body: number32(8) }) },
      {
        weight: 2,
        arbitrary: fc.nat({ max: 70_000 }).map((more) => ({ type: 8, flag: 0, body: number32(more) })),
      },
      {
        weight: 1,
        arbitrary: fc.nat({ max: 70_000 }).map((size) => ({ type: 4, flag: 0, body: setting(4, size) })),
      },
      { weight: 1, arbitrary: bytes(20).map((body) => ({ type: 0xfa, flag: 0, body })) },
    ),
    { minLength: 20, maxLength: 120, size: 'max' },
  )
  .map((all) => {
    let newest = -1
    return all.map(({ type, flag, body }) => {
      if (type === 1) newest += 2
      return frame(type, flag, type === 4 ? 0 : Math.max(1, newest), body)
    })
  })
