import { FLAG, frame, get, number32, padded, SETTING, section, setting, TYPE } from '../http2-frames.ts'
import { type Case, UNSEEN } from './case.ts'
import { asking, begun, pending } from './requests.ts'

const BROKEN = { connection: 'PROTOCOL_ERROR' } as const
const WRONG_SIZE = { connection: 'FRAME_SIZE_ERROR' } as const
const EITHER_WRONG_SIZE = [WRONG_SIZE, { stream: 'FRAME_SIZE_ERROR' }] as const
const END = FLAG.endHeaders | FLAG.endStream
const HIT = section(asking('GET', '/hit'))

/** RFC 9113 section 6.1: DATA. */
const DATA: readonly Case[] = [
  {
    section: '6.1',
    says: 'DATA on stream 0 MUST be a connection error of type PROTOCOL_ERROR',
    sends: [frame(TYPE.data, 0, 0, Buffer.from('x'))],
    expects: BROKEN,
  },
  {
    section: '6.1',
    says: 'Padding is no part of the body',
    sends: [
      begun(1),
      frame(TYPE.data, FLAG.padded, 1, padded(Buffer.from('ab'), 0)),
      frame(TYPE.data, FLAG.padded, 1, padded(Buffer.alloc(0), 255)),
      frame(TYPE.data, FLAG.padded | FLAG.endStream, 1, padded(Buffer.from('cd'), 3)),
    ],
    expects: { status: 200 },
    sees: async ({ until, hasEnded, body }) => {
      await until(() => hasEnded(1) || undefined, 'the end')
      if (body(1).toString() !== 'abcd') throw new Error(`the body is ${body(1)}`)
    },
  },
  {
    section: '6.1',
    says: 'Padding of the length of the payload or greater MUST be a connection error of type PROTOCOL_ERROR: equal',
    sends: [begun(1), frame(TYPE.data, FLAG.padded | FLAG.endStream, 1, padded(Buffer.from('abc'), 0, 4))],
    expects: BROKEN,
  },
  {
    section: '6.1',
    says: 'Padding of the length of the payload or greater: greater',
    sends: [begun(1), frame(TYPE.data, FLAG.padded | FLAG.endStream, 1, padded(Buffer.from('abc'), 0, 255))],
    expects: BROKEN,
  },
  {
    section: '6.1',
    says: 'Padding of all there is leaves an empty frame',
    sends: [begun(1), frame(TYPE.data, FLAG.padded | FLAG.endStream, 1, padded(Buffer.alloc(0), 4))],
    expects: { status: 200 },
  },
  {
    section: '6.1',
    says: 'DATA that is empty may end a stream',
    sends: [begun(1), frame(TYPE.data, FLAG.endStream, 1)],
    expects: { status: 200 },
  },
  {
    section: '6.1',
    says: 'The whole payload is flow-controlled, padding included, and given back',
    sends: async ({ send, until, frames }) => {
      const one = frame(TYPE.data, FLAG.padded, 1, padded(Buffer.alloc(374), 255))
      // More than half of the stream's window, but by what it carries alone.
      await send(begun(1), ...Array(213).fill(one))
      await until(
        () => frames.find(({ type, stream }) => type === TYPE.window && stream === 1),
        'WINDOW_UPDATE',
      )
      await send(frame(TYPE.data, FLAG.endStream, 1))
    },
    expects: { status: 200 },
  },
]

/** RFC 9113 sections 6.2 to 6.4: HEADERS, PRIORITY, RST_STREAM. */
const OF_STREAMS: readonly Case[] = [
  {
    section: '6.2',
    says: 'HEADERS on stream 0 MUST be a connection error of type PROTOCOL_ERROR',
    sends: [frame(TYPE.headers, END, 0, section(asking('GET', UNSEEN)))],
    expects: BROKEN,
  },
  {
    section: '6.2',
    says: 'HEADERS with padding and priority are read without either',
    sends: [
      frame(
        TYPE.headers,
        END | FLAG.padded | FLAG.priority,
        1,
        padded(Buffer.concat([Buffer.alloc(5), HIT]), 200),
      ),
    ],
    expects: { status: 200 },
  },
  {
    section: '6.2',
    says: 'Padding that exceeds the remaining size of HEADERS MUST be a connection error of type PROTOCOL_ERROR',
    sends: [frame(TYPE.headers, END | FLAG.padded, 1, padded(HIT, 0, HIT.byteLength + 1))],
    expects: BROKEN,
  },
  {
    section: '6.2',
    says: 'Padding that leaves no room for the priority',
    sends: [frame(TYPE.headers, END | FLAG.padded | FLAG.priority, 1, padded(Buffer.alloc(6), 0, 4))],
    expects: [BROKEN, WRONG_SIZE],
  },
  {
    section: '6.2',
    says: 'HEADERS without END_HEADERS MUST be followed by CONTINUATION; END_STREAM of HEADERS counts then',
    sends: [
      frame(TYPE.headers, FLAG.endStream, 1, HIT.subarray(0, 7)),
      frame(TYPE.continuation, FLAG.endHeaders, 1, HIT.subarray(7)),
    ],
    expects: { status: 200 },
  },
  {
    section: '6.3',
    says: 'PRIORITY on stream 0 MUST be a connection error of type PROTOCOL_ERROR',
    sends: [frame(TYPE.priority, 0, 0, Buffer.alloc(5))],
    expects: BROKEN,
  },
  ...[0, 4, 6].map(
    (length): Case => ({
      section: '6.3',
      says: `PRIORITY of another length than 5 MUST be a stream error of type FRAME_SIZE_ERROR: ${length}`,
      sends: [pending(1), frame(TYPE.priority, 0, 1, Buffer.alloc(length))],
      expects: EITHER_WRONG_SIZE,
    }),
  ),
  {
    section: '6.4',
    says: 'RST_STREAM on stream 0 MUST be a connection error of type PROTOCOL_ERROR',
    sends: [frame(TYPE.reset, 0, 0, number32(8))],
    expects: BROKEN,
  },
  {
    section: '6.4',
    says: 'RST_STREAM on an idle stream MUST be a connection error of type PROTOCOL_ERROR',
    sends: [get(1, '/hit'), frame(TYPE.reset, 0, 3, number32(8))],
    expects: BROKEN,
  },
  ...[0, 3, 5].map(
    (length): Case => ({
      section: '6.4',
      says: `RST_STREAM of another length than 4 MUST be a connection error of type FRAME_SIZE_ERROR: ${length}`,
      sends: [pending(1), frame(TYPE.reset, 0, 1, Buffer.alloc(length))],
      expects: WRONG_SIZE,
    }),
  ),
  {
    section: '6.4',
    says: 'After receiving RST_STREAM, the receiver MUST NOT send additional frames for that stream',
    settings: setting(SETTING.initialWindowSize, 10),
    sends: async ({ send, until, body, ping, frames }) => {
      await send(get(1, '/large'))
      await until(() => (body(1).byteLength === 10 ? true : undefined), 'ten bytes')
      await send(frame(TYPE.reset, 0, 1, number32(8)))
      await ping()
      const before = frames.length
      await send(frame(TYPE.window, 0, 1, number32(100)), frame(TYPE.settings, 0, 0, setting(4, 1_000)))
      await ping()
      const more = frames.slice(before).filter(({ stream }) => stream === 1)
      if (more.length > 0) throw new Error(`${more.length} frames after the reset`)
    },
    expects: { works: true },
  },
]

/** RFC 9113 section 6.10: CONTINUATION. */
const CONTINUATION: readonly Case[] = [
  {
    section: '6.10',
    says: 'Any number of CONTINUATION frames can be sent, as long as they are of one block',
    sends: [
      frame(TYPE.headers, FLAG.endStream, 1, HIT.subarray(0, 1)),
      frame(TYPE.continuation, 0, 1, HIT.subarray(1, 9)),
      frame(TYPE.continuation, 0, 1, HIT.subarray(9, 10)),
      frame(TYPE.continuation, FLAG.endHeaders, 1, HIT.subarray(10)),
    ],
    expects: { status: 200 },
  },
  {
    section: '6.10',
    says: 'CONTINUATION on stream 0 MUST be a connection error of type PROTOCOL_ERROR',
    sends: [
      frame(TYPE.headers, FLAG.endStream, 1, section(asking('GET', UNSEEN))),
      frame(TYPE.continuation, FLAG.endHeaders, 0),
    ],
    expects: BROKEN,
  },
  {
    section: '6.10',
    says: 'CONTINUATION MUST be preceded by HEADERS without END_HEADERS: by HEADERS with it',
    sends: [begun(1, '/pending'), frame(TYPE.continuation, FLAG.endHeaders, 1, section(['a', 'b']))],
    expects: BROKEN,
  },
  {
    section: '6.10',
    says: 'CONTINUATION MUST be preceded by CONTINUATION without END_HEADERS: by one with it',
    sends: [
      frame(TYPE.headers, 0, 1, section(asking('POST', '/pending'))),
      frame(TYPE.continuation, FLAG.endHeaders, 1),
      frame(TYPE.continuation, FLAG.endHeaders, 1),
    ],
    expects: BROKEN,
  },
  {
    section: '6.10',
    says: 'CONTINUATION MUST be preceded by HEADERS: by DATA',
    sends: [
      begun(1, '/pending'),
      frame(TYPE.data, 0, 1, Buffer.from('x')),
      frame(TYPE.continuation, FLAG.endHeaders, 1, section(['a', 'b'])),
    ],
    expects: BROKEN,
  },
  {
    section: '6.10',
    says: 'Trailers may come in CONTINUATION frames too',
    sends: [
      begun(1),
      frame(TYPE.data, 0, 1, Buffer.from('x')),
      frame(TYPE.headers, FLAG.endStream, 1, section(['x-trailer', '1'])),
      frame(TYPE.continuation, FLAG.endHeaders, 1, section(['x-more', '2'])),
    ],
    expects: { status: 200 },
  },
]

/** RFC 9113 sections 6.1 to 6.4 and 6.10: DATA, HEADERS, PRIORITY, RST_STREAM, CONTINUATION. */
export const OF_STREAM_FRAMES: readonly Case[] = [...DATA, ...OF_STREAMS, ...CONTINUATION]
