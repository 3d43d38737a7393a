import { HOST } from '../house.ts'
import { FLAG, frame, headers, SETTING, section, setting, TYPE } from '../http2-frames.ts'
import { type Case, MALFORMED, UNSEEN } from './case.ts'
import { asking, begun, unseen } from './requests.ts'
import { FIELDS, PSEUDO } from './section-8-fields.ts'
import { ended, fieldsOn } from './viewer.ts'

const data = (text: string, flags = 0) => frame(TYPE.data, flags, 1, Buffer.from(text))
const END = FLAG.endStream

/** RFC 9113 section 8.1: what a request is made of. */
const FRAMING: readonly Case[] = [
  {
    section: '8.1',
    says: 'A request is HEADERS, DATA, and at most one HEADERS with trailers, which ends it',
    sends: [begun(1), data('body'), headers(1, ['x-trailer', '1'])],
    expects: { status: 200 },
    sees: async (viewer) => {
      await ended(viewer)
      if (viewer.body(1).toString() !== 'body') throw new Error(`the body is ${viewer.body(1)}`)
    },
  },
  {
    section: '8.1',
    says: 'Trailers may come without any DATA',
    sends: [begun(1), headers(1, ['x-trailer', '1'])],
    expects: { status: 200 },
  },
  {
    section: '8.1',
    says: 'HEADERS after the first without END_STREAM MUST be treated as malformed',
    sends: [begun(1), data('x'), headers(1, ['x-trailer', '1'], 0), data('y', END)],
    expects: MALFORMED,
  },
  {
    section: '8.1',
    says: 'Trailers MUST NOT include pseudo-header fields',
    sends: [begun(1), data('x'), headers(1, [':path', '/other'])],
    expects: MALFORMED,
  },
  {
    section: '8.1',
    says: 'Trailers with a field name in upper case are malformed',
    sends: [begun(1), data('x'), headers(1, ['X-Trailer', '1'])],
    expects: MALFORMED,
  },
  {
    section: '8.1',
    says: 'Trailers with a field about the connection are malformed',
    sends: [begun(1), data('x'), headers(1, ['transfer-encoding', 'chunked'])],
    expects: MALFORMED,
  },
  {
    section: '8.1',
    says: 'A server can answer before the request is whole, and ask for no more of it by RST_STREAM with NO_ERROR',
    sends: [begun(1, '/early'), data('x')],
    expects: { status: 403 },
    sees: async (viewer) => {
      await ended(viewer)
      const { code, at } = await viewer.until(() => {
        const at = viewer.frames.findIndex(({ type }) => type === TYPE.reset)
        return at < 0 ? undefined : { at, code: viewer.frames[at]?.payload.readUInt32BE() }
      }, 'RST_STREAM')
      const end = viewer.frames.findIndex(({ stream, flags, type }) => stream === 1 && type < 2 && flags & 1)
      if (code !== 0 || at < end) throw new Error(`reset with ${code} before the answer’s end`)
      if (viewer.body(1).toString() !== 'no') throw new Error(`the body is ${viewer.body(1)}`)
    },
  },
  {
    section: '8.1',
    says: 'Interim answers come in HEADERS of their own, without END_STREAM',
    sends: [headers(1, asking('GET', '/hints'))],
    expects: { status: 200 },
    sees: ({ frames }) => {
      const [first, second] = fieldsOn({ frames }, 1)
      if (first?.[1] !== '103' || !first.includes('</a.css>; rel=preload') || second?.[1] !== '200')
        throw new Error(`answers ${first} and ${second}`)
      if (frames.find(({ type }) => type === TYPE.headers)?.flags !== FLAG.endHeaders)
        throw new Error('103 ended the stream')
    },
  },
  ...(
    [
      ['more than it says', ['content-length', '3'], [data('four')]],
      ['more than it says, in several frames', ['content-length', '3'], [data('12'), data('34')]],
      ['less than it says', ['content-length', '5'], [data('four', END)]],
      ['less than it says, and an empty end', ['content-length', '5'], [data('four'), data('', END)]],
      ['less than it says, and trailers', ['content-length', '5'], [data('four'), headers(1, ['x', 'y'])]],
    ] as const
  ).map(
    ([what, fields, bytes]): Case => ({
      section: '8.1.1',
      says: `A content-length that doesn’t equal the sum of the DATA is malformed: ${what}`,
      sends: [begun(1, '/echo', fields), ...bytes],
      expects: MALFORMED,
    }),
  ),
  {
    section: '8.1.1',
    says: 'A content-length that doesn’t equal the sum of the DATA is malformed: some where it says none',
    sends: [begun(1, '/echo', ['content-length', '0']), data('x', END)],
    // Where it comes late, an answer to a request of nothing is on its way.
    expects: [...MALFORMED, { status: 200 }],
    sees: ({ body }) => {
      if (body(1).includes('x')) throw new Error('it was part of the body')
    },
  },
  {
    section: '8.1.1',
    says: 'A content-length that doesn’t equal the sum of the DATA is malformed: none at all comes',
    sends: [unseen(['content-length', '5'], 'POST')],
    expects: MALFORMED,
  },
  {
    section: '8.1.1',
    says: 'A content-length that equals the sum of the DATA, padding and empty frames aside',
    sends: [begun(1, '/echo', ['content-length', '4']), data('fo'), data(''), data('ur', END)],
    expects: { status: 200 },
  },
  {
    section: '8.1.1',
    says: 'A content-length of nothing, for a request without a body',
    sends: [headers(1, asking('POST', '/echo', ['content-length', '0']))],
    expects: { status: 200 },
  },
  ...['-1', '+4', '4, 4', '0x4', '4 4', 'four', '', '99999999999999999999'].map(
    (length): Case => ({
      section: '8.1.1',
      says: `A content-length that is no number is malformed: ‘${length}’`,
      sends: [begun(1, UNSEEN, ['content-length', length]), data('four', END)],
      expects: MALFORMED,
    }),
  ),
  {
    section: '8.1.1',
    says: 'Two content-lengths that differ are malformed',
    sends: [begun(1, UNSEEN, ['content-length', '4', 'content-length', '5']), data('four', END)],
    expects: MALFORMED,
  },
]

/** RFC 9113 sections 8.4 to 8.7: pushing, CONNECT, upgrades, what wasn't done. */
const METHODS: readonly Case[] = [
  {
    section: '8.4',
    says: 'An endpoint that gets SETTINGS_ENABLE_PUSH 0 MUST NOT send PUSH_PROMISE',
    settings: setting(SETTING.enablePush, 0),
    sends: [headers(1, asking('GET', '/hints')), headers(3, asking('GET', '/hit'))],
    expects: { status: 200 },
    sees: ({ frames }) => {
      if (frames.some(({ type }) => type === TYPE.push)) throw new Error('it pushed')
    },
  },
  {
    section: '8.4',
    says: 'A server MUST NOT set SETTINGS_ENABLE_PUSH to other than 0',
    sends: [],
    expects: { works: true },
    sees: ({ settings }) => {
      if ((settings.get(SETTING.enablePush) ?? 0) !== 0) throw new Error('it says that it takes pushes')
    },
  },
  {
    section: '8.5',
    says: 'CONNECT with :scheme and :path is malformed, unless it says :protocol',
    sends: [headers(1, asking('CONNECT', UNSEEN), 0)],
    expects: MALFORMED,
  },
  {
    section: '8.5',
    says: 'CONNECT without :authority is malformed',
    sends: [headers(1, [':method', 'CONNECT'], 0)],
    expects: MALFORMED,
  },
  {
    section: '8.5',
    says: 'CONNECT in good order is for proxies: it is refused',
    sends: [headers(1, [':method', 'CONNECT', ':authority', `${HOST}:443`], 0)],
    expects: [...MALFORMED, { status: 405 }, { status: 403 }, { status: 501 }, { stream: 'REFUSED_STREAM' }],
  },
  {
    section: '8.6',
    says: 'HTTP/2 has no 101: an upgrade to h2c is malformed',
    sends: [unseen(['upgrade', 'h2c', 'http2-settings', 'AAMAAABkAAQAAP__'])],
    expects: MALFORMED,
  },
  {
    section: '8.7',
    says: 'A stream beyond the limit was not processed, which REFUSED_STREAM says, and may be sent again',
    settings: setting(SETTING.initialWindowSize, 0),
    sends: async ({ send, settings, until, resetCode, status }) => {
      const most = settings.get(SETTING.maxConcurrentStreams) ?? 0
      const all = Array.from({ length: most }, (_, at) => headers(11 + 2 * at, asking('GET', '/hit')))
      const beyond = 11 + 2 * most
      await send(...all)
      await status(beyond - 2)
      await send(headers(beyond, asking('GET', UNSEEN)))
      await until(() => resetCode(beyond), 'a reset')
      // As a viewer does it: on a new stream, once there is room.
      await send(
        ...Array.from({ length: 2 }, (_, at) => frame(TYPE.reset, 0, 11 + 2 * at, Buffer.from([0, 0, 0, 8]))),
        headers(beyond + 2, asking('GET', '/hit')),
      )
    },
    expects: { status: 200, on: 11 + 2 * 129 },
  },
  {
    section: '8.1.1',
    says: 'Intermediaries MUST NOT forward a malformed request: of thousand fields, one of them wrong',
    sends: [
      frame(
        TYPE.headers,
        FLAG.endHeaders | END,
        1,
        section([
          ...asking('GET', UNSEEN),
          ...Array.from({ length: 300 }, (_, at) => [`x-${at}`, 'y']).flat(),
          'x-last',
          'split\nhere',
        ]),
      ),
    ],
    expects: MALFORMED,
  },
]

/** RFC 9113 section 8 as a whole. */
export const HTTP: readonly Case[] = [...FRAMING, ...FIELDS, ...PSEUDO, ...METHODS]
