import { FLAG, frame, get, headers, number32, SETTING, section, setting, TYPE } from '../http2-frames.ts'
import { type Case, UNSEEN } from './case.ts'
import { asking, begun, pending, unseen } from './requests.ts'
import { STATES } from './section-5-states.ts'

const BROKEN = { connection: 'PROTOCOL_ERROR' } as const
const reset = (stream: number, code = 8) => frame(TYPE.reset, 0, stream, number32(code))
const data = (stream: number, flags = 0) => frame(TYPE.data, flags, stream, Buffer.from('x'))
const LAST = 2 ** 31 - 1

/** RFC 9113 section 5.1.1 and 5.1.2: numbers of streams, and how many. */
export const NUMBERS: readonly Case[] = [
  {
    section: '5.1.1',
    says: 'Streams initiated by a client MUST use odd-numbered stream identifiers',
    sends: [headers(2, asking('GET', UNSEEN))],
    expects: BROKEN,
  },
  {
    section: '5.1.1',
    says: 'Even-numbered, after an odd one',
    sends: [get(1, '/hit'), headers(4, asking('GET', UNSEEN))],
    expects: BROKEN,
  },
  {
    section: '5.1.1',
    says: 'Stream 0 cannot be used to establish a new stream',
    sends: [headers(0, asking('GET', UNSEEN))],
    expects: BROKEN,
  },
  {
    section: '5.1.1',
    says: 'The identifier of a new stream MUST be numerically greater than all streams opened before',
    sends: [get(5, '/hit'), headers(3, asking('GET', UNSEEN))],
    expects: [BROKEN, { connection: 'STREAM_CLOSED' }],
  },
  {
    section: '5.1.1',
    says: 'Stream identifiers cannot be reused',
    sends: [pending(1), pending(3), reset(3), headers(3, asking('GET', UNSEEN))],
    expects: [BROKEN, { connection: 'STREAM_CLOSED' }, { stream: 'STREAM_CLOSED', on: 3 }],
  },
  {
    section: '5.1.1',
    says: 'The first use of a new identifier closes all idle ones below it: DATA there',
    sends: [get(5, '/hit'), data(3)],
    expects: [BROKEN, { connection: 'STREAM_CLOSED' }, { stream: 'STREAM_CLOSED', on: 3 }],
  },
  {
    section: '5.1.1',
    says: 'Identifiers may be left out, up to the last there is',
    sends: async ({ send, status, ping }) => {
      await send(get(1, '/hit'), get(101, '/hit'), get(LAST, '/hit'))
      await status(LAST)
      await ping()
      // There is no other left.
      await send(headers(LAST - 2, asking('GET', UNSEEN)))
    },
    expects: [BROKEN, { connection: 'STREAM_CLOSED' }],
    sees: ({ frames }) => {
      const answered = frames.filter(({ type }) => type === TYPE.headers).map(({ stream }) => stream)
      if (answered.length !== 3) throw new Error(`answers on ${answered}`)
    },
  },
  {
    section: '5.1.2',
    says: 'More streams than SETTINGS_MAX_CONCURRENT_STREAMS MUST be a stream error of PROTOCOL_ERROR or REFUSED_STREAM',
    settings: setting(SETTING.initialWindowSize, 0),
    sends: async ({ send, settings, status }) => {
      const most = settings.get(SETTING.maxConcurrentStreams) ?? 0
      await send(...Array.from({ length: most }, (_, at) => get(11 + 2 * at, '/hit')))
      await status(9 + 2 * most)
      await send(headers(11 + 2 * most, asking('GET', UNSEEN)), reset(11))
    },
    expects: [
      { stream: 'REFUSED_STREAM', on: 11 + 2 * 128 },
      { stream: 'PROTOCOL_ERROR', on: 11 + 2 * 128 },
    ],
  },
  {
    section: '5.1.2',
    says: 'Streams that are closed don’t count, whoever closed them',
    sends: async ({ send, status, settings }) => {
      const most = settings.get(SETTING.maxConcurrentStreams) ?? 0
      for (let at = 0; at < most + 10; at += 1) {
        await send(get(1 + 2 * at, '/hit'))
        if (at % 32 === 31) await status(1 + 2 * at)
      }
    },
    expects: { status: 200, on: 1 },
  },
  {
    section: '5.1.2',
    says: 'PRIORITY on idle streams doesn’t count towards them',
    sends: [
      ...Array.from({ length: 150 }, (_, at) => frame(TYPE.priority, 0, 1 + 2 * at, Buffer.alloc(5))),
      get(1, '/hit'),
    ],
    expects: { status: 200 },
  },
]

/** RFC 9113 sections 5.2 and 5.4: what flow control is of, and what errors do. */
export const ERRORS: readonly Case[] = [
  {
    section: '5.2.1',
    says: 'Only DATA is subject to flow control: HEADERS come with all windows shut',
    settings: setting(SETTING.initialWindowSize, 0),
    sends: [get(1, '/hit')],
    expects: { status: 200 },
    sees: async ({ ping, body }) => {
      await ping()
      if (body(1).byteLength > 0) throw new Error('a body without a window')
    },
  },
  {
    section: '5.4.1',
    says: 'After a connection error: GOAWAY with the last stream that was received, then close the connection',
    sends: async ({ send, status }) => {
      await send(get(1, '/hit'), get(7, '/hit'))
      await status(7)
      await send(data(0))
    },
    expects: BROKEN,
    sees: ({ frames }) => {
      const goaway = frames.find(({ type }) => type === TYPE.goaway)
      if (goaway?.stream !== 0 || goaway.payload.readUInt32BE() !== 7)
        throw new Error(`GOAWAY names stream ${goaway?.payload.readUInt32BE()}`)
    },
  },
  {
    section: '5.4.1',
    says: 'What comes after a connection error in the same packet is not looked at',
    sends: [data(0), headers(1, asking('GET', UNSEEN))],
    expects: BROKEN,
  },
  {
    section: '5.4.2',
    says: 'An endpoint MUST NOT send a RST_STREAM in response to a RST_STREAM',
    sends: async ({ send, ping }) => {
      await send(pending(1), begun(3), reset(1), reset(3, 0))
      await ping()
    },
    expects: { works: true },
    sees: ({ frames }) => {
      if (frames.some(({ type }) => type === TYPE.reset)) throw new Error('a reset was answered with a reset')
    },
  },
  {
    section: '5.4.2',
    says: 'A stream error leaves the others as they are',
    sends: [begun(1), unseenOn(3), data(1), data(1, FLAG.endStream)],
    expects: { status: 200 },
    sees: async ({ until, body, resetCode, status }) => {
      await until(() => (body(1).toString() === 'xx' ? true : undefined), 'the body that was sent')
      if (resetCode(3) === undefined && (await status(3)) !== 400) throw new Error('stream 3 was no error')
    },
  },
  {
    section: '5.4.3',
    says: 'A connection that ends in the middle of a frame ends quietly',
    sends: async ({ send, raw }) => {
      await send(frame(TYPE.ping, 0, 0, Buffer.alloc(8)).subarray(0, 12))
      raw.socket.end()
    },
    expects: { closed: true },
  },
  {
    section: '5.5',
    says: 'Implementations MUST ignore unknown values in all extensible elements: settings, error codes',
    sends: [
      frame(TYPE.settings, 0, 0, Buffer.concat([setting(0xffff, 2 ** 32 - 1), setting(0, 0)])),
      pending(1),
      reset(1, 0xdeadbeef),
      get(3, '/hit'),
    ],
    expects: { status: 200, on: 3 },
  },
]

function unseenOn(stream: number): Buffer {
  const bytes = Buffer.from(unseen(['Upper', 'case']))
  bytes.writeUInt32BE(stream, 5)
  return bytes
}

/** RFC 9113 section 5 as a whole. */
export const STREAMS: readonly Case[] = [...STATES, ...NUMBERS, ...ERRORS]

/** What PRIORITY and the flag of HEADERS say is read, and ignored (§5.3.2). */
export const OLD_PRIORITIES: readonly Case[] = [
  {
    section: '5.3.2',
    says: 'Priority of RFC 7540 is deprecated, and yet its fields are read: HEADERS with them',
    sends: [
      frame(
        TYPE.headers,
        FLAG.endHeaders | FLAG.endStream | FLAG.priority,
        1,
        Buffer.concat([Buffer.from([0x80, 0, 0, 3, 255]), section(asking('GET', '/hit'))]),
      ),
    ],
    expects: { status: 200 },
  },
  {
    section: '5.3.2',
    says: 'A stream that depends on itself, once an error, is no more than any other',
    sends: [frame(TYPE.priority, 0, 1, Buffer.from([0, 0, 0, 1, 0])), get(1, '/hit')],
    expects: [{ status: 200 }, { stream: 'PROTOCOL_ERROR' }, BROKEN],
  },
]
