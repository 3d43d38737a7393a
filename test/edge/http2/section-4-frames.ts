import { HOST } from '../house.ts'
import {
  FLAG,
  frame,
  frameOfLength,
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
import { type Case, UNSEEN } from './case.ts'
import { asking, begun, pending } from './requests.ts'

const FRAME_BYTES_MAX = 16_384
const ALL_FLAGS = 0xff
const unused = (...used: readonly number[]) => used.reduce((flags, one) => flags & ~one, ALL_FLAGS)

/** HEADERS whose section isn't over. */
const open = (stream: number, path = UNSEEN) =>
  frame(TYPE.headers, FLAG.endStream, stream, section(asking('GET', path)))
const UNKNOWN = 0x42
const BROKEN = { connection: 'PROTOCOL_ERROR' } as const

/** RFC 9113 sections 4.1, 4.2 and 5.5: frames, their size, and those that nobody knows. */
export const FRAMES: readonly Case[] = [
  {
    section: '4.1',
    says: 'Frames of unknown types MUST be ignored and discarded',
    sends: [frame(UNKNOWN, ALL_FLAGS, 0, Buffer.alloc(100)), get(1, '/hit')],
    expects: { status: 200 },
  },
  {
    section: '4.1',
    says: 'Unknown types on a stream that is open',
    sends: [begun(1), frame(UNKNOWN, 0, 1, Buffer.alloc(9)), frame(TYPE.data, FLAG.endStream, 1)],
    expects: { status: 200 },
  },
  {
    section: '5.1',
    says: 'Frames of unknown types are ignored in any state: idle',
    sends: [frame(UNKNOWN, 0, 7, Buffer.alloc(9)), get(1, '/hit')],
    expects: { status: 200 },
  },
  {
    section: '5.1',
    says: 'Frames of unknown types are ignored in any state: half-closed, closed',
    sends: async ({ send, status }) => {
      await send(pending(1), frame(UNKNOWN, 0, 1), get(3, '/hit'))
      await status(3)
      await send(frame(UNKNOWN, 0, 3))
    },
    expects: { works: true },
  },
  {
    section: '4.1',
    says: 'Unused flags MUST be ignored on receipt: HEADERS',
    sends: [frame(TYPE.headers, unused(FLAG.padded, FLAG.priority), 1, section(asking('GET', '/hit')))],
    expects: { status: 200 },
  },
  {
    section: '4.1',
    says: 'Unused flags MUST be ignored on receipt: DATA',
    sends: [begun(1), frame(TYPE.data, unused(FLAG.padded), 1, Buffer.from('x'))],
    expects: { status: 200 },
  },
  {
    section: '4.1',
    says: 'Unused flags MUST be ignored on receipt: SETTINGS',
    sends: [frame(TYPE.settings, unused(FLAG.ack), 0, setting(SETTING.maxFrameSize, 16_384))],
    expects: { works: true },
  },
  {
    section: '4.1',
    says: 'Unused flags MUST be ignored on receipt: PING',
    sends: [frame(TYPE.ping, unused(FLAG.ack), 0, Buffer.from('12345678'))],
    expects: { works: true },
    sees: async ({ frames, until }) => {
      await until(
        () => frames.find(({ type, flags }) => type === TYPE.ping && flags === FLAG.ack),
        'an answer to PING',
      )
    },
  },
  {
    section: '4.1',
    says: 'Unused flags MUST be ignored on receipt: WINDOW_UPDATE, RST_STREAM, PRIORITY',
    sends: [
      pending(1),
      frame(TYPE.window, ALL_FLAGS, 1, number32(1)),
      frame(TYPE.priority, ALL_FLAGS, 1, Buffer.alloc(5)),
      frame(TYPE.reset, ALL_FLAGS, 1, number32(8)),
    ],
    expects: { works: true },
  },
  {
    section: '4.1',
    says: 'The reserved bit MUST be ignored when receiving: HEADERS',
    sends: [
      frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 2 ** 31 + 1, section(asking('GET', '/hit'))),
    ],
    expects: { status: 200 },
  },
  {
    section: '4.1',
    says: 'The reserved bit MUST be ignored when receiving: DATA',
    sends: [begun(1), frame(TYPE.data, FLAG.endStream, 2 ** 31 + 1, Buffer.from('x'))],
    expects: { status: 200 },
  },
  {
    section: '4.1',
    says: 'The reserved bit MUST be ignored when receiving: PING, SETTINGS',
    sends: [
      frame(TYPE.ping, 0, 2 ** 31, Buffer.alloc(8)),
      frame(TYPE.settings, 0, 2 ** 31, setting(SETTING.maxFrameSize, 16_384)),
    ],
    expects: { works: true },
    sees: async ({ frames, until }) => {
      await until(() => frames.find(({ type }) => type === TYPE.ping), 'an answer to PING')
    },
  },
  {
    section: '4.2',
    says: 'All implementations MUST be capable of receiving frames up to 2^14 octets: DATA',
    sends: [
      begun(1),
      frame(TYPE.data, 0, 1, Buffer.alloc(FRAME_BYTES_MAX)),
      frame(TYPE.data, FLAG.endStream, 1, Buffer.alloc(FRAME_BYTES_MAX)),
    ],
    expects: { status: 200 },
  },
  {
    section: '4.2',
    says: 'Frames up to 2^14 octets: HEADERS, the most of it padding and fields',
    sends: async ({ send }) => {
      const block = section(asking('GET', '/hit', ['x', 'a'.repeat(10_000)]))
      const fill = FRAME_BYTES_MAX - 1 - block.byteLength
      const first = Math.min(255, fill)
      const rest = 'b'.repeat(fill - first - 5)
      const whole = Buffer.concat([block, section(['y', rest])])
      const bytes = padded(whole, FRAME_BYTES_MAX - 1 - whole.byteLength)
      await send(frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream | FLAG.padded, 1, bytes))
    },
    expects: { status: 200 },
  },
  {
    section: '4.2',
    says: 'Frames up to 2^14 octets: SETTINGS of unknown settings, a type that nobody knows',
    sends: [
      frame(TYPE.settings, 0, 0, Buffer.concat(Array.from({ length: 30 }, () => setting(0xf000, 1)))),
      frame(UNKNOWN, 0, 0, Buffer.alloc(FRAME_BYTES_MAX)),
    ],
    expects: { works: true },
  },
  {
    section: '4.2',
    says: 'A frame larger than SETTINGS_MAX_FRAME_SIZE MUST get FRAME_SIZE_ERROR: DATA',
    sends: [begun(1), frame(TYPE.data, 0, 1, Buffer.alloc(FRAME_BYTES_MAX + 1))],
    expects: [{ stream: 'FRAME_SIZE_ERROR' }, { connection: 'FRAME_SIZE_ERROR' }],
  },
  ...(
    [
      ['HEADERS', TYPE.headers, 1],
      ['SETTINGS', TYPE.settings, 0],
      ['PING', TYPE.ping, 0],
      ['GOAWAY', TYPE.goaway, 0],
      ['WINDOW_UPDATE', TYPE.window, 0],
      ['a type that nobody knows, on stream 0', UNKNOWN, 0],
    ] as const
  ).map(
    ([name, type, stream]): Case => ({
      section: '4.2',
      says: `Too large a frame that could alter the state of the entire connection MUST be a connection error: ${name}`,
      sends: [frame(type, 0, stream, Buffer.alloc(FRAME_BYTES_MAX + 2))],
      expects: { connection: 'FRAME_SIZE_ERROR' },
    }),
  ),
  {
    section: '4.2',
    says: 'Too large a CONTINUATION MUST be a connection error',
    sends: [open(1), frame(TYPE.continuation, FLAG.endHeaders, 1, Buffer.alloc(FRAME_BYTES_MAX + 1))],
    expects: { connection: 'FRAME_SIZE_ERROR' },
  },
  {
    section: '4.2',
    says: 'Too large a frame is seen by its length, before its payload comes',
    sends: [frameOfLength(2 ** 24 - 1, TYPE.headers, 1)],
    expects: { connection: 'FRAME_SIZE_ERROR' },
  },
  {
    section: '4.2',
    says: 'A frame too small to contain mandatory frame data MUST get FRAME_SIZE_ERROR: HEADERS without its priority',
    sends: [frame(TYPE.headers, FLAG.endHeaders | FLAG.priority, 1, Buffer.alloc(4))],
    expects: [{ connection: 'FRAME_SIZE_ERROR' }, { connection: 'PROTOCOL_ERROR' }],
  },
  {
    section: '4.2',
    says: 'A frame too small to contain mandatory frame data: DATA without its pad length',
    sends: [begun(1), frame(TYPE.data, FLAG.padded, 1)],
    expects: [
      { connection: 'FRAME_SIZE_ERROR' },
      { connection: 'PROTOCOL_ERROR' },
      { stream: 'FRAME_SIZE_ERROR' },
    ],
  },
  {
    section: '4.2',
    says: 'A frame too small to contain mandatory frame data: HEADERS without its pad length',
    sends: [frame(TYPE.headers, FLAG.endHeaders | FLAG.padded, 1)],
    expects: [{ connection: 'FRAME_SIZE_ERROR' }, { connection: 'PROTOCOL_ERROR' }],
  },
  {
    section: '4.2',
    says: 'What is sent MUST NOT exceed the size that the receiver advertises',
    settings: Buffer.concat([setting(SETTING.initialWindowSize, 1_000_000)]),
    sends: async ({ send, hasEnded, until }) => {
      await send(frame(TYPE.window, 0, 0, number32(1_000_000)), get(1, '/large'))
      await until(() => hasEnded(1) || undefined, 'the end of a large body')
    },
    expects: { status: 200 },
    sees: ({ frames }) => {
      const most = Math.max(...frames.map(({ payload }) => payload.byteLength))
      if (most > FRAME_BYTES_MAX) throw new Error(`a frame of ${most} bytes`)
    },
  },
]

/** RFC 9113 sections 4.3 and 5.5: field sections come in one piece. */
export const FIELD_SECTIONS: readonly Case[] = [
  ...(
    [
      ['PING', frame(TYPE.ping, 0, 0, Buffer.alloc(8))],
      ['SETTINGS', frame(TYPE.settings, 0, 0)],
      ['DATA on the same stream', frame(TYPE.data, 0, 1, Buffer.from('x'))],
      ['HEADERS on the same stream', headers(1, asking('GET', UNSEEN))],
      ['HEADERS on another stream', headers(3, asking('GET', UNSEEN))],
      ['CONTINUATION on another stream', frame(TYPE.continuation, FLAG.endHeaders, 3)],
      ['CONTINUATION on stream 0', frame(TYPE.continuation, FLAG.endHeaders, 0)],
      ['RST_STREAM on the same stream', frame(TYPE.reset, 0, 1, number32(8))],
      ['WINDOW_UPDATE', frame(TYPE.window, 0, 0, number32(1))],
      ['PRIORITY', frame(TYPE.priority, 0, 1, Buffer.alloc(5))],
      ['GOAWAY', frame(TYPE.goaway, 0, 0, Buffer.alloc(8))],
      ['PRIORITY_UPDATE', frame(TYPE.priorityUpdate, 0, 0, Buffer.concat([number32(1), Buffer.from('u=1')]))],
    ] as const
  ).map(
    ([name, between]): Case => ({
      section: '4.3',
      says: `A field block MUST be a contiguous sequence of frames, with no interleaved frames: ${name}`,
      sends: [open(1), between],
      expects: BROKEN,
    }),
  ),
  {
    section: '4.3',
    says: 'No interleaved frames between two CONTINUATION frames either',
    sends: [
      open(1),
      frame(TYPE.continuation, 0, 1, section(['a', 'b'])),
      frame(TYPE.ping, 0, 0, Buffer.alloc(8)),
      frame(TYPE.continuation, FLAG.endHeaders, 1),
    ],
    expects: BROKEN,
  },
  {
    section: '5.5',
    says: 'Extension frames in the middle of a field block MUST be treated as a connection error of type PROTOCOL_ERROR',
    sends: [open(1), frame(UNKNOWN, 0, 1)],
    expects: BROKEN,
  },
  {
    section: '5.5',
    says: 'Extension frames in the middle of a field block, on another stream',
    sends: [open(1), frame(UNKNOWN, 0, 0)],
    expects: BROKEN,
  },
  {
    section: '4.3',
    says: 'Field blocks MUST be processed though the request is refused, for compression is shared by all',
    sends: [
      frame(
        TYPE.headers,
        FLAG.endHeaders | FLAG.endStream,
        1,
        Buffer.concat([
          section(asking('GET', UNSEEN)),
          literal('Upper', 'case'),
          literal(':path', '/hit', 0x40),
        ]),
      ),
      frame(
        TYPE.headers,
        FLAG.endHeaders | FLAG.endStream,
        3,
        Buffer.concat([
          section([':method', 'GET', ':scheme', 'https', ':authority', HOST]),
          Buffer.from([0x80 | 62]),
        ]),
      ),
    ],
    expects: { status: 200, on: 3 },
  },
  {
    section: '4.3',
    says: 'Field blocks MUST be processed though the stream was reset meanwhile: trailers',
    sends: async ({ send, until, resetCode }) => {
      await send(begun(1, '/echo', ['content-length', '1']), frame(TYPE.data, 0, 1, Buffer.from('too long')))
      await until(() => resetCode(1), 'a reset')
      await send(
        frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 1, literal('x', 'y', 0x40)),
        frame(
          TYPE.headers,
          FLAG.endHeaders | FLAG.endStream,
          3,
          Buffer.concat([section(asking('GET', '/hit')), Buffer.from([0x80 | 62])]),
        ),
      )
    },
    expects: { status: 200, on: 3 },
  },
  {
    section: '4.3',
    says: 'A field block of many CONTINUATION frames is one, some of them empty',
    sends: [
      frame(TYPE.headers, FLAG.endStream, 1),
      ...Array.from(section(asking('GET', '/hit')), (byte) =>
        frame(TYPE.continuation, 0, 1, Buffer.from([byte])),
      ).slice(0, 4),
      frame(TYPE.continuation, 0, 1),
      frame(TYPE.continuation, FLAG.endHeaders, 1, section(asking('GET', '/hit')).subarray(4)),
    ],
    expects: { status: 200 },
  },
  {
    section: '4.3.1',
    says: 'Once a lower SETTINGS_HEADER_TABLE_SIZE is acknowledged, the next field block MUST begin with a size update',
    settings: setting(SETTING.headerTableSize, 0),
    sends: async ({ send, frames, until }) => {
      await until(
        () => frames.find(({ type, flags }) => type === TYPE.settings && flags === FLAG.ack),
        'an acknowledgement',
      )
      await send(get(1, '/hit'))
    },
    expects: { status: 200 },
    sees: async ({ frame: wait }) => {
      const { payload } = await wait(TYPE.headers, 1)
      if (payload[0] !== 0x20) throw new Error(`the block begins with ${payload[0]}`)
    },
  },
  {
    section: '4.3.1',
    says: 'Settings of the table’s size lowered and raised again: the lowest is said first',
    settings: setting(SETTING.headerTableSize, 4_096),
    sends: async ({ send, ping }) => {
      await send(
        frame(TYPE.settings, 0, 0, setting(SETTING.headerTableSize, 100)),
        frame(TYPE.settings, 0, 0, setting(SETTING.headerTableSize, 65_536)),
      )
      await ping()
      await send(get(1, '/hit'))
    },
    expects: { status: 200 },
    sees: async ({ frame: wait }) => {
      const { payload } = await wait(TYPE.headers, 1)
      const first = payload[0] ?? 0
      const size = (first & 0x1f) < 0x1f ? first & 0x1f : 0x1f + (payload[1] ?? 0)
      if ((first & 0xe0) !== 0x20 || size > 100)
        throw new Error(`the block begins with ${payload.toString('hex')}`)
    },
  },
]
