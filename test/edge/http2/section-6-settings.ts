import { FLAG, frame, get, SETTING, setting, TYPE } from '../http2-frames.ts'
import type { Case } from './case.ts'
import { pending } from './requests.ts'

const BROKEN = { connection: 'PROTOCOL_ERROR' } as const
const WRONG_SIZE = { connection: 'FRAME_SIZE_ERROR' } as const

/** RFC 9113 section 6.5: SETTINGS. */
export const SETTINGS_FRAMES: readonly Case[] = [
  {
    section: '6.5',
    says: 'An acknowledgement with a payload MUST be a connection error of type FRAME_SIZE_ERROR',
    sends: [frame(TYPE.settings, FLAG.ack, 0, setting(SETTING.enablePush, 0))],
    expects: WRONG_SIZE,
  },
  {
    section: '6.5',
    says: 'SETTINGS on another stream than 0 MUST be a connection error of type PROTOCOL_ERROR',
    sends: [pending(1), frame(TYPE.settings, 0, 1, setting(SETTING.enablePush, 0))],
    expects: BROKEN,
  },
  {
    section: '6.5',
    says: 'An acknowledgement on another stream than 0',
    sends: [pending(1), frame(TYPE.settings, FLAG.ack, 1)],
    expects: BROKEN,
  },
  ...[1, 5, 7].map(
    (length): Case => ({
      section: '6.5',
      says: `SETTINGS of a length other than a multiple of 6 MUST be a connection error of type FRAME_SIZE_ERROR: ${length}`,
      sends: [frame(TYPE.settings, 0, 0, Buffer.alloc(length))],
      expects: WRONG_SIZE,
    }),
  ),
  ...(
    [
      ['SETTINGS_ENABLE_PUSH', SETTING.enablePush, 2, 'PROTOCOL_ERROR'],
      ['SETTINGS_ENABLE_PUSH', SETTING.enablePush, 2 ** 32 - 1, 'PROTOCOL_ERROR'],
      ['SETTINGS_INITIAL_WINDOW_SIZE', SETTING.initialWindowSize, 2 ** 31, 'FLOW_CONTROL_ERROR'],
      ['SETTINGS_INITIAL_WINDOW_SIZE', SETTING.initialWindowSize, 2 ** 32 - 1, 'FLOW_CONTROL_ERROR'],
      ['SETTINGS_MAX_FRAME_SIZE', SETTING.maxFrameSize, 16_383, 'PROTOCOL_ERROR'],
      ['SETTINGS_MAX_FRAME_SIZE', SETTING.maxFrameSize, 0, 'PROTOCOL_ERROR'],
      ['SETTINGS_MAX_FRAME_SIZE', SETTING.maxFrameSize, 2 ** 24, 'PROTOCOL_ERROR'],
    ] as const
  ).map(
    ([name, id, value, code]): Case => ({
      section: '6.5.2',
      says: `${name} of ${value} MUST be a connection error of type ${code}`,
      sends: [frame(TYPE.settings, 0, 0, setting(id, value))],
      expects: { connection: code },
    }),
  ),
  ...(
    [
      ['SETTINGS_HEADER_TABLE_SIZE', SETTING.headerTableSize, [0, 1, 2 ** 32 - 1]],
      ['SETTINGS_ENABLE_PUSH', SETTING.enablePush, [0, 1]],
      ['SETTINGS_MAX_CONCURRENT_STREAMS', SETTING.maxConcurrentStreams, [0, 1, 2 ** 32 - 1]],
      ['SETTINGS_INITIAL_WINDOW_SIZE', SETTING.initialWindowSize, [0, 1, 2 ** 31 - 1]],
      ['SETTINGS_MAX_FRAME_SIZE', SETTING.maxFrameSize, [16_384, 2 ** 24 - 1]],
      ['SETTINGS_MAX_HEADER_LIST_SIZE', SETTING.maxHeaderListSize, [2 ** 32 - 1]],
    ] as const
  ).flatMap(([name, id, values]) =>
    values.map(
      (value): Case => ({
        section: '6.5.2',
        says: `${name} may be ${value}`,
        sends: [frame(TYPE.settings, 0, 0, setting(id, value)), get(1, '/hit')],
        expects: { status: 200 },
      }),
    ),
  ),
  {
    section: '6.5.2',
    says: 'An unknown or unsupported setting MUST be ignored',
    sends: [frame(TYPE.settings, 0, 0, setting(0xabcd, 2 ** 32 - 1)), get(1, '/hit')],
    expects: { status: 200 },
  },
  {
    section: '6.5.3',
    says: 'Values MUST be processed in the order they appear',
    sends: async ({ send, until, body, ping }) => {
      const both = Buffer.concat([
        setting(SETTING.initialWindowSize, 7),
        setting(SETTING.initialWindowSize, 5),
      ])
      await send(frame(TYPE.settings, 0, 0, both), get(1, '/hit'))
      await until(() => (body(1).byteLength >= 5 ? true : undefined), 'five bytes')
      await ping()
      if (body(1).byteLength !== 5) throw new Error(`${body(1).byteLength} bytes`)
    },
    expects: { status: 200 },
  },
  {
    section: '6.5.3',
    says: 'Once all values have been processed, the recipient MUST immediately emit an acknowledgement: of each',
    sends: async ({ send, frames, ping }) => {
      for (let times = 0; times < 5; times += 1) await send(frame(TYPE.settings, 0, 0))
      await ping()
      const acks = frames.filter(({ type, flags }) => type === TYPE.settings && flags === FLAG.ack)
      if (acks.length !== 6) throw new Error(`${acks.length} acknowledgements of 6`)
      if (acks.some(({ payload, stream }) => payload.byteLength > 0 || stream !== 0))
        throw new Error('an acknowledgement that isn’t empty')
    },
    expects: { works: true },
  },
  {
    section: '6.5.3',
    says: 'An acknowledgement isn’t acknowledged',
    sends: async ({ frames, ping }) => {
      // One was sent for the edge's.
      await ping()
      const acks = frames.filter(({ type, flags }) => type === TYPE.settings && flags === FLAG.ack)
      if (acks.length !== 1) throw new Error(`${acks.length} acknowledgements of 1`)
    },
    expects: { works: true },
  },
]
