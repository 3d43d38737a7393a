import { FLAG, frame, get, headers, number32, SETTING, TYPE } from '../http2-frames.ts'
import { type Case, UNSEEN } from './case.ts'
import { asking, begun, pending } from './requests.ts'
import type { Viewer } from './viewer.ts'

const BROKEN = { connection: 'PROTOCOL_ERROR' } as const
const STREAM_CLOSED = [{ stream: 'STREAM_CLOSED' }, { connection: 'STREAM_CLOSED' }] as const
const reset = (stream: number, code = 8) => frame(TYPE.reset, 0, stream, number32(code))
const data = (stream: number, flags = 0) => frame(TYPE.data, flags, stream, Buffer.from('x'))
const window = (stream: number, by = 1) => frame(TYPE.window, 0, stream, number32(by))
const continuation = (stream: number) => frame(TYPE.continuation, FLAG.endHeaders, stream)

/** After a whole exchange on stream 1. */
const afterAnswer =
  (...frames: readonly Buffer[]) =>
  async ({ send, until, hasEnded }: Viewer) => {
    await send(get(1, '/hit'))
    await until(() => hasEnded(1) || undefined, 'an answer')
    await send(...frames)
  }

/** RFC 9113 section 5.1: states of a stream, and what may come in each. */
export const STATES: readonly Case[] = [
  ...(
    [
      ['DATA', data(1)],
      ['RST_STREAM', reset(1)],
      ['WINDOW_UPDATE', window(1)],
      ['CONTINUATION', continuation(1)],
    ] as const
  ).map(
    ([name, bytes]): Case => ({
      section: '5.1',
      says: `idle: any frame other than HEADERS or PRIORITY MUST be a connection error of type PROTOCOL_ERROR: ${name}`,
      sends: [bytes],
      expects: BROKEN,
    }),
  ),
  ...(
    [
      ['DATA', data(2)],
      ['RST_STREAM', reset(2)],
      ['WINDOW_UPDATE', window(2)],
    ] as const
  ).map(
    ([name, bytes]): Case => ({
      section: '5.1',
      says: `idle: a stream that only the server could begin: ${name}`,
      sends: [bytes],
      expects: BROKEN,
    }),
  ),
  {
    section: '5.1',
    says: 'idle: PRIORITY can be received in any stream state, and begins nothing',
    sends: [frame(TYPE.priority, 0, 99, Buffer.alloc(5)), get(1, '/hit')],
    expects: { status: 200 },
  },
  {
    section: '5.1',
    says: 'open: all frames may come',
    sends: [
      begun(1),
      window(1),
      frame(TYPE.priority, 0, 1, Buffer.alloc(5)),
      data(1),
      window(1),
      headers(1, ['x-trailer', '1']),
    ],
    expects: { status: 200 },
  },
  {
    section: '5.1',
    says: 'half-closed (remote): WINDOW_UPDATE, PRIORITY and RST_STREAM may come',
    sends: [pending(1), window(1), frame(TYPE.priority, 0, 1, Buffer.alloc(5)), reset(1)],
    expects: { works: true },
  },
  {
    section: '5.1',
    says: 'half-closed (remote): any other frame MUST be a stream error of type STREAM_CLOSED: DATA',
    sends: [pending(1), data(1)],
    expects: STREAM_CLOSED,
  },
  {
    section: '5.1',
    says: 'half-closed (remote): DATA in the packet of a request that is answered at once, and nothing after the reset',
    sends: [get(1, '/hit'), data(1)],
    expects: STREAM_CLOSED,
    sees: ({ frames }) => {
      const reset = frames.findIndex(({ type }) => type === TYPE.reset)
      if (reset >= 0 && frames.slice(reset + 1).some(({ stream }) => stream === 1))
        throw new Error('frames after the reset')
    },
  },
  {
    section: '5.1',
    says: 'half-closed (remote): DATA that is empty and ends',
    sends: [pending(1), frame(TYPE.data, FLAG.endStream, 1)],
    expects: STREAM_CLOSED,
  },
  {
    section: '5.1',
    says: 'half-closed (remote): HEADERS',
    sends: [pending(1), headers(1, asking('GET', UNSEEN))],
    expects: STREAM_CLOSED,
  },
  {
    section: '5.1',
    says: 'half-closed (remote): HEADERS with trailers after an upload that has ended',
    sends: [begun(1, '/pending'), data(1, FLAG.endStream), headers(1, ['x-trailer', '1'])],
    expects: STREAM_CLOSED,
  },
  {
    section: '5.1',
    says: 'half-closed (remote): CONTINUATION',
    sends: [pending(1), continuation(1)],
    expects: [BROKEN, ...STREAM_CLOSED],
  },
  {
    section: '5.1',
    says: 'closed: an endpoint that sends END_STREAM might receive WINDOW_UPDATE and RST_STREAM, and PRIORITY ever',
    sends: afterAnswer(window(1), frame(TYPE.priority, 0, 1, Buffer.alloc(5)), reset(1)),
    expects: { works: true },
  },
  {
    section: '5.1',
    says: 'closed: DATA after both sides ended MUST be an error of type STREAM_CLOSED',
    sends: afterAnswer(data(1)),
    expects: STREAM_CLOSED,
  },
  {
    section: '5.1',
    says: 'closed: HEADERS after both sides ended',
    sends: afterAnswer(headers(1, asking('GET', UNSEEN))),
    expects: [BROKEN, ...STREAM_CLOSED],
  },
  {
    section: '5.1',
    says: 'closed: CONTINUATION after both sides ended',
    sends: afterAnswer(continuation(1)),
    expects: [BROKEN, ...STREAM_CLOSED],
  },
  {
    section: '5.1',
    says: 'closed: DATA after the viewer itself has reset the stream',
    sends: [begun(1), reset(1), data(1)],
    // Whoever sent it had given the stream up: it may be an error of either kind, or be passed over.
    expects: [...STREAM_CLOSED, { works: true }],
  },
  {
    section: '5.1',
    says: 'closed: HEADERS after the viewer itself has reset the stream begin no request',
    sends: [begun(1), reset(1), headers(1, asking('GET', UNSEEN))],
    expects: [BROKEN, ...STREAM_CLOSED, { works: true }],
  },
  {
    section: '5.1',
    says: 'closed: CONTINUATION after the viewer itself has reset the stream',
    sends: [begun(1), reset(1), continuation(1)],
    expects: [BROKEN, ...STREAM_CLOSED],
  },
  {
    section: '5.1',
    says: 'closed: an endpoint that sent RST_STREAM MUST ignore what was sent before it could be known',
    sends: async ({ send, until, resetCode, ping }) => {
      await send(begun(1, UNSEEN, ['Upper', 'case']))
      await until(() => resetCode(1), 'a reset')
      await send(data(1), window(1), frame(TYPE.priority, 0, 1, Buffer.alloc(5)), headers(1, ['x', 'y']))
      await ping()
      await send(reset(1))
    },
    expects: { stream: 'PROTOCOL_ERROR' },
    sees: ({ frames }) => {
      const resets = frames.filter(({ type }) => type === TYPE.reset).length
      if (resets !== 1) throw new Error(`${resets} resets`)
    },
  },
  {
    section: '5.1',
    says: 'closed: DATA on a stream that was reset MUST count towards the connection’s window, and be given back',
    sends: async ({ send, until, resetCode, frames, settings, ping }) => {
      await send(begun(1, UNSEEN, ['Upper', 'case']))
      await until(() => resetCode(1), 'a reset')
      await ping()
      const all = 65_535 + given(frames, 0)
      const stream = settings.get(SETTING.initialWindowSize) ?? 65_535
      // As much as the stream's own window allows: the rest was never allowed.
      const most = Math.min(all, stream)
      for (let sent = 0; sent + 16_384 <= most; sent += 16_384) {
        await send(frame(TYPE.data, 0, 1, Buffer.alloc(16_384)))
      }
      await ping()
      const pieces = Math.ceil((all - most) / 60_000) + 2
      for (let at = 0; at < pieces; at += 1) {
        const id = 3 + 2 * at
        await send(begun(id, UNSEEN, ['Upper', 'case']))
        await until(() => resetCode(id), 'a reset')
        for (let times = 0; times < 4; times += 1) await send(frame(TYPE.data, 0, id, Buffer.alloc(15_000)))
      }
      await until(
        () => (given(frames, 0) + 65_535 > all ? true : undefined),
        'WINDOW_UPDATE of the connection',
      )
    },
    expects: { stream: 'PROTOCOL_ERROR' },
  },
]

/** What was given by WINDOW_UPDATE so far. */
function given(frames: Viewer['frames'], stream: number): number {
  return frames
    .filter((one) => one.type === TYPE.window && one.stream === stream)
    .reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0)
}
