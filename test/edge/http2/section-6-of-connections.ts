import { FLAG, frame, get, headers, number32, section, TYPE } from '../http2-frames.ts'
import { type Case, UNSEEN } from './case.ts'
import { asking, begun, pending } from './requests.ts'

const BROKEN = { connection: 'PROTOCOL_ERROR' } as const
const WRONG_SIZE = { connection: 'FRAME_SIZE_ERROR' } as const

/** RFC 9113 sections 6.6 to 6.8: PUSH_PROMISE, PING, GOAWAY. */
const OF_CONNECTIONS: readonly Case[] = [
  ...[0, 1, 2].map(
    (stream): Case => ({
      section: stream === 1 ? '8.4' : '6.6',
      says: `A client cannot push: PUSH_PROMISE MUST be a connection error of type PROTOCOL_ERROR: on stream ${stream}`,
      sends: [
        begun(1),
        frame(
          TYPE.push,
          FLAG.endHeaders,
          stream,
          Buffer.concat([number32(2), section(asking('GET', UNSEEN))]),
        ),
      ],
      expects: BROKEN,
    }),
  ),
  {
    section: '6.7',
    says: 'Receivers of a PING MUST send a PING with the ACK flag and an identical payload',
    sends: [frame(TYPE.ping, 0, 0, Buffer.from('selvedge'))],
    expects: { works: true },
    sees: async ({ frame: wait }) => {
      const { flags, payload } = await wait(TYPE.ping, 0)
      if (flags !== FLAG.ack || payload.toString() !== 'selvedge') throw new Error('another answer')
    },
  },
  {
    section: '6.7',
    says: 'An endpoint MUST NOT respond to PING frames containing the ACK flag',
    sends: async ({ send, ping, frames }) => {
      await send(frame(TYPE.ping, FLAG.ack, 0, Buffer.from('12345678')))
      await ping()
      if (frames.filter(({ type }) => type === TYPE.ping).length !== 1) throw new Error('it was answered')
    },
    expects: { works: true },
  },
  {
    section: '6.7',
    says: 'PING on another stream than 0 MUST be a connection error of type PROTOCOL_ERROR',
    sends: [pending(1), frame(TYPE.ping, 0, 1, Buffer.alloc(8))],
    expects: BROKEN,
  },
  ...[0, 7, 9].map(
    (length): Case => ({
      section: '6.7',
      says: `PING of another length than 8 MUST be a connection error of type FRAME_SIZE_ERROR: ${length}`,
      sends: [frame(TYPE.ping, 0, 0, Buffer.alloc(length))],
      expects: WRONG_SIZE,
    }),
  ),
  {
    section: '6.8',
    says: 'GOAWAY on another stream than 0 MUST be a connection error of type PROTOCOL_ERROR',
    sends: [pending(1), frame(TYPE.goaway, 0, 1, Buffer.alloc(8))],
    expects: BROKEN,
  },
  ...[0, 7].map(
    (length): Case => ({
      section: '6.8',
      says: `GOAWAY that is too short: ${length}`,
      sends: [frame(TYPE.goaway, 0, 0, Buffer.alloc(length))],
      expects: WRONG_SIZE,
    }),
  ),
  {
    section: '6.8',
    says: 'After GOAWAY of a client its streams go on to their end',
    sends: async ({ send, until, hasEnded }) => {
      await send(begun(1), frame(TYPE.goaway, 0, 0, Buffer.concat([Buffer.alloc(8), Buffer.from('words')])))
      await send(frame(TYPE.data, FLAG.endStream, 1, Buffer.from('late')))
      await until(() => hasEnded(1) || undefined, 'the end of a stream')
    },
    expects: [{ closed: true }, { status: 200 }],
    sees: ({ body }) => {
      if (body(1).toString() !== 'late') throw new Error(`the body is ${body(1)}`)
    },
  },
  {
    section: '6.8',
    says: 'GOAWAY with an error code that nobody knows is no error of ours',
    sends: async ({ send, until, hasEnded }) => {
      await send(get(1, '/hit'), frame(TYPE.goaway, 0, 0, Buffer.concat([number32(0), number32(0xabcdef)])))
      await until(() => hasEnded(1) || undefined, 'the end of a stream')
    },
    expects: [{ closed: true }, { status: 200 }],
  },
]

/** RFC 9113 section 7: error codes. */
const ERROR_CODES: readonly Case[] = [
  {
    section: '7',
    says: 'Unknown or unsupported error codes MUST NOT trigger any special behavior',
    sends: [
      pending(1),
      pending(3),
      frame(TYPE.reset, 0, 1, number32(0xff)),
      frame(TYPE.reset, 0, 3, number32(2 ** 32 - 1)),
      headers(5, asking('GET', '/hit')),
    ],
    expects: { status: 200, on: 5 },
  },
]

/** RFC 9113 sections 6.6 to 6.8 and 7 as a whole. */
export const OF_CONNECTION_FRAMES: readonly Case[] = [...OF_CONNECTIONS, ...ERROR_CODES]
