import { FLAG, frame, get, number32, PREFACE, SETTING, setting, TYPE } from '../http2-frames.ts'
import type { Case } from './case.ts'

const SETTINGS = frame(TYPE.settings, 0, 0)
const opening = (...parts: readonly (Buffer | string)[]) =>
  Buffer.concat(parts.map((one) => Buffer.from(one)))
/** GOAWAY may be left out, since such a peer may not speak HTTP/2 at all. */
const REFUSED = [{ connection: 'PROTOCOL_ERROR' }, { closed: true }] as const

/** RFC 9113 section 3: how a connection starts. */
export const STARTING: readonly Case[] = [
  {
    section: '3.4',
    says: 'The server connection preface consists of a SETTINGS frame that MUST be the first frame the server sends',
    sends: [get(1, '/hit')],
    expects: { status: 200 },
    sees: ({ frames: [first] }) => {
      if (first?.type !== TYPE.settings || first.flags !== 0 || first.stream !== 0)
        throw new Error(`the first frame is ${JSON.stringify(first)}`)
    },
  },
  {
    section: '3.4',
    says: 'The client connection preface MUST be followed by a SETTINGS frame, which MAY be empty',
    opens: opening(PREFACE, SETTINGS),
    sends: [],
    expects: { works: true },
  },
  {
    section: '3.4',
    says: 'Clients may send further frames at once after the preface, without waiting for the server’s',
    opens: opening(PREFACE, SETTINGS, get(1, '/hit'), get(3, '/hit')),
    sends: [],
    expects: { status: 200, on: 3 },
  },
  {
    section: '3.4',
    says: 'The SETTINGS frames received as part of the preface MUST be acknowledged',
    opens: opening(PREFACE, frame(TYPE.settings, 0, 0, setting(SETTING.maxConcurrentStreams, 7))),
    sends: [],
    expects: { works: true },
    sees: async ({ until, frames }) => {
      await until(
        () => frames.find(({ type, flags }) => type === TYPE.settings && flags === FLAG.ack),
        'an acknowledgement',
      )
    },
  },
  {
    section: '3.4',
    says: 'Settings of the preface hold for the very first answer',
    settings: setting(SETTING.initialWindowSize, 3),
    sends: [get(1, '/hit')],
    expects: { status: 200 },
    sees: async ({ ping, body }) => {
      await ping()
      if (body(1).byteLength > 3) throw new Error('more than the window allows')
    },
  },
  {
    section: '3.4',
    says: 'An invalid connection preface MUST be treated as a connection error of type PROTOCOL_ERROR',
    opens: opening('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n', SETTINGS),
    sends: [],
    expects: REFUSED,
  },
  {
    section: '3.4',
    says: 'An invalid connection preface: its first byte',
    opens: opening('XRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', SETTINGS),
    sends: [],
    expects: REFUSED,
  },
  {
    section: '3.4',
    says: 'An invalid connection preface: its last byte',
    opens: opening('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r', SETTINGS),
    sends: [],
    expects: REFUSED,
  },
  {
    section: '3.4',
    says: 'An invalid connection preface: a request of HTTP/1.1',
    opens: opening('GET /unseen HTTP/1.1\r\nHost: site.example\r\n\r\n'),
    sends: [],
    expects: REFUSED,
  },
  {
    section: '3.4',
    says: 'An invalid connection preface: none, but frames',
    opens: opening(SETTINGS, get(1, '/unseen'), SETTINGS),
    sends: [],
    expects: REFUSED,
  },
  {
    section: '3.4',
    says: 'The preface twice is a frame of a size that no frame has',
    opens: opening(PREFACE, SETTINGS, PREFACE),
    sends: [],
    expects: [{ connection: 'FRAME_SIZE_ERROR' }, { connection: 'PROTOCOL_ERROR' }],
  },
  {
    section: '3.4',
    says: 'The preface MUST be followed by SETTINGS: not by HEADERS',
    opens: opening(PREFACE, get(1, '/unseen')),
    sends: [],
    expects: REFUSED,
  },
  {
    section: '3.4',
    says: 'The preface MUST be followed by SETTINGS: not by PING',
    opens: opening(PREFACE, frame(TYPE.ping, 0, 0, Buffer.alloc(8))),
    sends: [],
    expects: REFUSED,
  },
  {
    section: '3.4',
    says: 'The preface MUST be followed by SETTINGS: not by WINDOW_UPDATE',
    opens: opening(PREFACE, frame(TYPE.window, 0, 0, number32(1)), SETTINGS),
    sends: [],
    expects: REFUSED,
  },
  {
    section: '3.4',
    says: 'The preface MUST be followed by SETTINGS: not by a frame of a type that nobody knows',
    opens: opening(PREFACE, frame(0x42, 0, 0), SETTINGS),
    sends: [],
    expects: REFUSED,
  },
  {
    section: '3.4',
    says: 'The preface MUST be followed by SETTINGS: not by an acknowledgement',
    opens: opening(PREFACE, frame(TYPE.settings, FLAG.ack, 0)),
    sends: [],
    expects: REFUSED,
  },
  {
    section: '3.4',
    says: 'The preface MUST be followed by SETTINGS: of the right size',
    opens: opening(PREFACE, frame(TYPE.settings, 0, 0, Buffer.alloc(5))),
    sends: [],
    expects: [{ connection: 'FRAME_SIZE_ERROR' }, ...REFUSED],
  },
  {
    section: '3.4',
    says: 'The preface MUST be followed by SETTINGS: on stream 0',
    opens: opening(PREFACE, frame(TYPE.settings, 0, 1)),
    sends: [],
    expects: REFUSED,
  },
]
