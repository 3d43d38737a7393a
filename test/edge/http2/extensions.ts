import { HOST } from '../house.ts'
import { FLAG, frame, headers, number32, SETTING, setting, TYPE } from '../http2-frames.ts'
import { type Case, MALFORMED, UNSEEN } from './case.ts'
import { asking, begun, pending } from './requests.ts'

const BROKEN = { connection: 'PROTOCOL_ERROR' } as const
const update = (stream: number, priority: string, on = 0) =>
  frame(TYPE.priorityUpdate, 0, on, Buffer.concat([number32(stream), Buffer.from(priority, 'latin1')]))

/** RFC 9218: priorities. In what order responses then come is in `priorities.test.ts`. */
export const PRIORITIES: readonly Case[] = [
  ...[2, 2 ** 32 - 1].map(
    (value): Case => ({
      section: 'RFC 9218 2.1',
      says: `SETTINGS_NO_RFC7540_PRIORITIES other than 0 or 1 MUST be a connection error of type PROTOCOL_ERROR: ${value}`,
      sends: [frame(TYPE.settings, 0, 0, setting(SETTING.noRfc7540Priorities, value))],
      expects: BROKEN,
    }),
  ),
  ...[0, 1].map(
    (value): Case => ({
      section: 'RFC 9218 2.1',
      says: `SETTINGS_NO_RFC7540_PRIORITIES may be ${value}`,
      settings: setting(SETTING.noRfc7540Priorities, value),
      sends: [headers(1, asking('GET', '/hit'))],
      expects: { status: 200 },
    }),
  ),
  {
    section: 'RFC 9218 7.1',
    says: 'PRIORITY_UPDATE on another stream than 0 MUST be a connection error of type PROTOCOL_ERROR',
    sends: [pending(1), update(1, 'u=1', 1)],
    expects: BROKEN,
  },
  {
    section: 'RFC 9218 7.1',
    says: 'A Prioritized Stream ID of 0 MUST be a connection error of type PROTOCOL_ERROR',
    sends: [update(0, 'u=1')],
    expects: BROKEN,
  },
  {
    section: 'RFC 9218 7.1',
    says: 'PRIORITY_UPDATE for a push stream that is idle MUST be a connection error of type PROTOCOL_ERROR',
    sends: [update(2, 'u=1')],
    expects: BROKEN,
  },
  ...[0, 3].map(
    (length): Case => ({
      section: 'RFC 9218 7.1',
      says: `PRIORITY_UPDATE too short for its stream MUST be a connection error of type FRAME_SIZE_ERROR: ${length}`,
      sends: [frame(TYPE.priorityUpdate, 0, 0, Buffer.alloc(length))],
      expects: { connection: 'FRAME_SIZE_ERROR' },
    }),
  ),
  {
    section: 'RFC 9218 7.1',
    says: 'PRIORITY_UPDATE may come before its request, while it is under way, and after its end',
    sends: async ({ send, status }) => {
      await send(update(1, 'u=1, i'), headers(1, asking('GET', '/hit')), pending(3), update(3, 'u=7'))
      await status(1)
      await send(update(1, 'u=0'))
    },
    expects: { status: 200 },
  },
  ...[
    '',
    'u=1',
    'u=9',
    'u=-1',
    'u=x',
    'u',
    'i=?0',
    'i=1',
    '"unclosed',
    'u=1;',
    '\xff\x00',
    `u=1, ${'a=1, '.repeat(500)}b`,
  ].map(
    (value): Case => ({
      section: 'RFC 9218 4',
      says: `Unknown and invalid priorities are ignored: PRIORITY_UPDATE ‘${value.slice(0, 12)}’`,
      sends: [update(1, value), headers(1, asking('GET', '/hit'))],
      expects: { status: 200 },
    }),
  ),
  ...['', 'u=1, i', 'u=9', 'u=x', '"unclosed', 'i=?2', 'u=1;a="b', ', ,'].map(
    (value): Case => ({
      section: 'RFC 9218 5',
      says: `An intermediary passes on the priority field, whatever it says: ‘${value}’`,
      sends: [headers(1, asking('GET', '/hit', ['priority', value]))],
      expects: { status: 200 },
    }),
  ),
  {
    section: 'RFC 9218 7',
    says: 'Servers may limit how many PRIORITY_UPDATE frames they keep for streams that haven’t begun',
    sends: [
      ...Array.from({ length: 100 }, (_, at) => update(1 + 2 * at, 'u=1')),
      headers(1, asking('GET', '/hit')),
    ],
    expects: [{ status: 200 }, BROKEN, { connection: 'ENHANCE_YOUR_CALM' }],
  },
]

const websocket = (fields: readonly string[]) =>
  headers(1, [':method', 'CONNECT', ...fields, 'sec-websocket-version', '13'], 0)
const END_TO_END = [':protocol', 'websocket', ':scheme', 'https', ':authority', HOST]

/** RFC 8441: WebSocket over HTTP/2. That it gets there and back is in the tests of WebSocket. */
export const WEBSOCKETS: readonly Case[] = [
  {
    section: 'RFC 8441 3',
    says: 'SETTINGS_ENABLE_CONNECT_PROTOCOL MUST be 0 or 1; a server has no use for it',
    settings: setting(SETTING.enableConnectProtocol, 1),
    sends: [headers(1, asking('GET', '/hit'))],
    expects: { status: 200 },
  },
  {
    section: 'RFC 8441 3',
    says: 'A server that takes extended CONNECT says so by 1; the value MUST be 0 or 1',
    sends: [],
    expects: { works: true },
    sees: ({ settings }) => {
      const value = settings.get(SETTING.enableConnectProtocol) ?? 0
      if (value > 1) throw new Error(`it says ${value}`)
    },
  },
  {
    section: 'RFC 8441 4',
    says: 'Extended CONNECT MUST have :scheme and :path: without :path',
    sends: [websocket(END_TO_END)],
    expects: MALFORMED,
  },
  {
    section: 'RFC 8441 4',
    says: 'Extended CONNECT MUST have :scheme and :path: without :scheme',
    sends: [websocket([':protocol', 'websocket', ':authority', HOST, ':path', UNSEEN])],
    expects: MALFORMED,
  },
  {
    section: 'RFC 8441 4',
    says: 'Extended CONNECT without :authority is malformed',
    sends: [websocket([':protocol', 'websocket', ':scheme', 'https', ':path', UNSEEN])],
    expects: MALFORMED,
  },
  {
    section: 'RFC 8441 4',
    says: ':protocol is of CONNECT alone',
    sends: [headers(1, [...END_TO_END, ':method', 'GET', ':path', UNSEEN])],
    expects: MALFORMED,
  },
  {
    section: 'RFC 8441 4',
    says: ':protocol twice is malformed',
    sends: [websocket([...END_TO_END, ':protocol', 'websocket', ':path', UNSEEN])],
    expects: MALFORMED,
  },
  {
    section: 'RFC 8441 5',
    says: 'Fields of the handshake by HTTP/1.1 are malformed here: Connection, Upgrade',
    sends: [websocket([...END_TO_END, ':path', UNSEEN, 'connection', 'upgrade', 'upgrade', 'websocket'])],
    expects: MALFORMED,
  },
  {
    section: 'RFC 8441 4',
    says: 'A :protocol that a server doesn’t know is refused (RFC 9220 §3: 501)',
    sends: [
      headers(
        1,
        [
          ':method',
          'CONNECT',
          ':protocol',
          'connect-udp',
          ':scheme',
          'https',
          ':authority',
          HOST,
          ':path',
          UNSEEN,
        ],
        0,
      ),
    ],
    expects: [...MALFORMED, { status: 501 }],
  },
  {
    section: 'RFC 8441 4',
    says: 'A WebSocket that the origin doesn’t take is answered as any request, or is malformed to who takes none',
    sends: [websocket([...END_TO_END, ':path', '/plain'])],
    expects: [{ status: 200 }, { status: 502 }, { status: 404 }, { status: 501 }, ...MALFORMED],
  },
  {
    section: 'RFC 8441 5',
    says: 'A tunnel that was refused has nothing else ended with it',
    sends: [
      websocket([...END_TO_END, ':protocol', 'x', ':path', UNSEEN]),
      begun(3),
      frame(TYPE.data, FLAG.endStream, 3),
    ],
    expects: { status: 200, on: 3 },
  },
]
