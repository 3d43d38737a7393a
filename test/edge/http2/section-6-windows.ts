import { frame, get, number32, SETTING, setting, TYPE } from '../http2-frames.ts'
import type { Case } from './case.ts'
import { begun, pending } from './requests.ts'

const BROKEN = { connection: 'PROTOCOL_ERROR' } as const
const WRONG_SIZE = { connection: 'FRAME_SIZE_ERROR' } as const

/** RFC 9113 section 6.9: WINDOW_UPDATE. What flow control does to bodies is in `flow-control.test.ts`. */
export const WINDOW_FRAMES: readonly Case[] = [
  {
    section: '6.9',
    says: 'An increment of 0 MUST be a stream error of type PROTOCOL_ERROR',
    sends: [pending(1), frame(TYPE.window, 0, 1, number32(0))],
    expects: { stream: 'PROTOCOL_ERROR' },
  },
  {
    section: '6.9',
    says: 'An increment of 0 on the connection MUST be a connection error',
    sends: [frame(TYPE.window, 0, 0, number32(0))],
    expects: BROKEN,
  },
  {
    section: '6.9',
    says: 'An increment of 0, the reserved bit set',
    sends: [frame(TYPE.window, 0, 0, number32(2 ** 31))],
    expects: BROKEN,
  },
  ...[0, 3, 5].map(
    (length): Case => ({
      section: '6.9',
      says: `WINDOW_UPDATE of another length than 4 MUST be a connection error of type FRAME_SIZE_ERROR: ${length}`,
      sends: [pending(1), frame(TYPE.window, 0, length === 3 ? 0 : 1, Buffer.alloc(length, 1))],
      expects: WRONG_SIZE,
    }),
  ),
  {
    section: '6.9',
    says: 'The reserved bit of an increment is ignored',
    settings: setting(SETTING.initialWindowSize, 0),
    sends: async ({ send, until, hasEnded }) => {
      await send(get(1, '/hit'), frame(TYPE.window, 0, 1, number32(2 ** 31 + 100)))
      await until(() => hasEnded(1) || undefined, 'a body')
    },
    expects: { works: true },
  },
  {
    section: '6.9.1',
    says: 'The sender MUST NOT send DATA that exceeds the space in either window',
    settings: setting(SETTING.initialWindowSize, 1),
    sends: async ({ send, until, body, ping }) => {
      await send(get(1, '/hit'))
      for (let bytes = 1; bytes <= 5; bytes += 1) {
        await until(() => (body(1).byteLength >= bytes ? true : undefined), `byte ${bytes}`)
        await ping()
        if (body(1).byteLength !== bytes) throw new Error(`${body(1).byteLength} bytes, not ${bytes}`)
        await send(frame(TYPE.window, 0, 1, number32(1)))
      }
    },
    expects: { status: 200 },
  },
  {
    section: '6.9.1',
    says: 'A stream’s window beyond 2^31-1 MUST be a stream error of type FLOW_CONTROL_ERROR',
    sends: [pending(1), frame(TYPE.window, 0, 1, number32(2 ** 31 - 1))],
    expects: { stream: 'FLOW_CONTROL_ERROR' },
  },
  {
    section: '6.9.1',
    says: 'A stream’s window beyond 2^31-1, in two steps',
    sends: [
      pending(1),
      frame(TYPE.window, 0, 1, number32(2 ** 31 - 1 - 65_535)),
      frame(TYPE.window, 0, 1, number32(1)),
    ],
    expects: { stream: 'FLOW_CONTROL_ERROR' },
  },
  {
    section: '6.9.1',
    says: 'A window of 2^31-1 exactly is none too large',
    sends: [
      pending(1),
      frame(TYPE.window, 0, 1, number32(2 ** 31 - 1 - 65_535)),
      frame(TYPE.window, 0, 0, number32(2 ** 31 - 1 - 65_535)),
    ],
    expects: { works: true },
  },
  {
    section: '6.9.1',
    says: 'The connection’s window beyond 2^31-1 MUST be a connection error of type FLOW_CONTROL_ERROR',
    sends: [frame(TYPE.window, 0, 0, number32(2 ** 31 - 1))],
    expects: { connection: 'FLOW_CONTROL_ERROR' },
  },
  {
    section: '6.9.1',
    says: 'The connection’s window beyond 2^31-1, in two steps',
    sends: [frame(TYPE.window, 0, 0, number32(2 ** 30)), frame(TYPE.window, 0, 0, number32(2 ** 30))],
    expects: { connection: 'FLOW_CONTROL_ERROR' },
  },
  {
    section: '6.9.2',
    says: 'A change to SETTINGS_INITIAL_WINDOW_SIZE that puts a window beyond 2^31-1 MUST be a connection error',
    sends: [
      pending(1),
      frame(TYPE.window, 0, 1, number32(1_000)),
      frame(TYPE.settings, 0, 0, setting(SETTING.initialWindowSize, 2 ** 31 - 1)),
    ],
    expects: { connection: 'FLOW_CONTROL_ERROR' },
  },
  {
    section: '6.9.2',
    says: 'A change to SETTINGS_INITIAL_WINDOW_SIZE MUST adjust the windows of all streams, and not the connection’s',
    settings: setting(SETTING.initialWindowSize, 0),
    sends: async ({ send, until, hasEnded, status }) => {
      await send(get(1, '/hit'), get(3, '/hit'))
      await status(3)
      await send(frame(TYPE.settings, 0, 0, setting(SETTING.initialWindowSize, 100)))
      await until(() => (hasEnded(1) && hasEnded(3)) || undefined, 'both bodies')
      // Were it the connection's too, this would be too much for it.
      await send(frame(TYPE.settings, 0, 0, setting(SETTING.initialWindowSize, 2 ** 31 - 1)))
      await send(frame(TYPE.window, 0, 0, number32(2 ** 31 - 1 - 65_535)))
    },
    expects: { works: true },
  },
  {
    section: '6.9.2',
    says: 'A sender MUST track a window that becomes negative, and send no DATA until it is positive',
    settings: setting(SETTING.initialWindowSize, 6),
    sends: async ({ send, until, body, ping, hasEnded }) => {
      const bytesAre = async (bytes: number) => {
        await until(() => (body(1).byteLength >= bytes ? true : undefined), `${bytes} bytes`)
        await ping()
        if (body(1).byteLength !== bytes) throw new Error(`${body(1).byteLength} bytes, not ${bytes}`)
      }
      await send(get(1, '/hit'))
      await bytesAre(6)
      // -4, then 0, then 1.
      await send(frame(TYPE.settings, 0, 0, setting(SETTING.initialWindowSize, 2)))
      await bytesAre(6)
      await send(frame(TYPE.window, 0, 1, number32(4)))
      await bytesAre(6)
      await send(frame(TYPE.window, 0, 1, number32(1)))
      await bytesAre(7)
      await send(frame(TYPE.settings, 0, 0, setting(SETTING.initialWindowSize, 1_000)))
      await until(() => hasEnded(1) || undefined, 'the end')
    },
    expects: { status: 200 },
  },
  {
    section: '6.9',
    says: 'More DATA than the receiver’s window allows is a FLOW_CONTROL_ERROR',
    sends: async ({ send, raw, resetCode }) => {
      await send(begun(1, '/pending'))
      // Nobody reads it, but for what is underway: kernels and programs hold a few megabytes.
      const much = Buffer.concat(Array(64).fill(frame(TYPE.data, 0, 1, Buffer.alloc(16_384))))
      for (
        let at = 0;
        at < 100 && !raw.closed && raw.goaway === undefined && resetCode(1) === undefined;
        at += 1
      ) {
        await raw.sent(much)
      }
    },
    expects: [{ connection: 'FLOW_CONTROL_ERROR' }, { stream: 'FLOW_CONTROL_ERROR' }],
  },
]
