import { HOST } from '../house.ts'
import { headers } from '../http2-frames.ts'
import { type Case, MALFORMED, UNSEEN } from './case.ts'
import { asking, unseen } from './requests.ts'
import { ended, fieldsOn } from './viewer.ts'

const char = (code: number) => String.fromCharCode(code)
const told = (code: number) => `0x${code.toString(16).padStart(2, '0')}`

/** RFC 9113 section 8.2: fields. */
export const FIELDS: readonly Case[] = [
  ...[0x00, 0x01, 0x09, 0x0a, 0x0d, 0x1f, 0x20, 0x41, 0x5a, 0x7f, 0x80, 0xff].map(
    (code): Case => ({
      section: '8.2.1',
      says: `A field name MUST NOT contain 0x00-0x20, 0x41-0x5a, 0x7f-0xff: ${told(code)}`,
      sends: [unseen([`x${char(code)}y`, 'value'])],
      expects: MALFORMED,
    }),
  ),
  ...[0x22, 0x28, 0x2c, 0x2f, 0x3b, 0x40, 0x5b, 0x7b].map(
    (code): Case => ({
      section: '8.2.1',
      says: `A field name that is no token is no field of HTTP (RFC 9110 §5.1): ${char(code)}`,
      sends: [unseen([`x${char(code)}y`, 'value'])],
      expects: MALFORMED,
    }),
  ),
  {
    section: '8.2.1',
    says: 'A field name MUST NOT contain a colon, but for the first of a pseudo-header field',
    sends: [unseen(['x:y', 'value'])],
    expects: MALFORMED,
  },
  {
    section: '8.2.1',
    says: 'A field name that is empty is no field of HTTP',
    sends: [unseen(['', 'value'])],
    expects: MALFORMED,
  },
  ...[0x00, 0x0a, 0x0d].flatMap((code) =>
    [`${char(code)}value`, `va${char(code)}lue`, `value${char(code)}`].map(
      (value, at): Case => ({
        section: '8.2.1',
        says: `A field value MUST NOT contain NUL, LF or CR at any position: ${told(code)} at ${['the start', 'the middle', 'the end'][at]}`,
        sends: [unseen(['x', value])],
        expects: MALFORMED,
      }),
    ),
  ),
  ...[' value', '\tvalue', 'value ', 'value\t', ' '].map(
    (value): Case => ({
      section: '8.2.1',
      says: `A field value MUST NOT start or end with SP or HTAB: ${JSON.stringify(value)}`,
      sends: [unseen(['x', value])],
      expects: MALFORMED,
    }),
  ),
  {
    section: '8.2.1',
    says: 'Values of pseudo-header fields are held to the same',
    sends: [
      headers(1, [':method', 'GET', ':scheme', 'https', ':authority', HOST, ':path', `${UNSEEN}\r\nx: y`]),
    ],
    expects: MALFORMED,
  },
  {
    section: '8.2.1',
    says: 'Names of all other characters of a token, values of all that is visible and bytes above, are fields',
    sends: [
      headers(
        1,
        asking('GET', '/hit', ["!#$%&'*+-.^_`|~09az", 'a value\twith "all" of \x80\xff', 'x-empty', '']),
      ),
    ],
    expects: { status: 200 },
  },
  ...(
    [
      ['connection', 'keep-alive'],
      ['connection', 'close'],
      ['proxy-connection', 'keep-alive'],
      ['keep-alive', 'timeout=5'],
      ['transfer-encoding', 'chunked'],
      ['upgrade', 'websocket'],
      ['te', 'gzip'],
      ['te', 'trailers, deflate;q=0.5'],
      ['te', ''],
    ] as const
  ).map(
    ([name, value]): Case => ({
      section: '8.2.2',
      says: `A message with connection-specific fields MUST be treated as malformed: ${name}: ${value}`,
      sends: [unseen([name, value])],
      expects: MALFORMED,
    }),
  ),
  {
    section: '8.2.2',
    says: 'TE MAY be present, and MUST NOT contain anything other than “trailers”',
    sends: [headers(1, asking('GET', '/hit', ['te', 'trailers']))],
    expects: { status: 200 },
  },
  {
    section: '8.2.3',
    says: 'Several cookie fields MUST be joined by "; " before they are passed on by HTTP/1.1',
    sends: [
      headers(1, asking('GET', '/cookies', ['cookie', 'a=1', 'x', 'y', 'cookie', 'b=2', 'cookie', 'c=3'])),
    ],
    expects: { status: 200 },
    sees: async (viewer) => {
      await ended(viewer)
      if (viewer.body(1).toString() !== 'a=1; b=2; c=3') throw new Error(`the origin got ${viewer.body(1)}`)
    },
  },
]

const METHOD = [':method', 'GET']
const SCHEME = [':scheme', 'https']
const AUTHORITY = [':authority', HOST]
const PATH = [':path', UNSEEN]
const hit = [...METHOD, ...SCHEME, ':path', '/hit']

/** RFC 9113 section 8.3: pseudo-header fields of requests. */
export const PSEUDO: readonly Case[] = [
  ...(
    [
      ['one that isn’t defined', [...METHOD, ...SCHEME, ...AUTHORITY, ...PATH, ':unknown', 'x']],
      ['one of responses', [...METHOD, ...SCHEME, ...AUTHORITY, ...PATH, ':status', '200']],
      ['one without a name', [...METHOD, ...SCHEME, ...AUTHORITY, ...PATH, ':', 'x']],
      ['one in upper case', [':Method', 'GET', ...SCHEME, ...AUTHORITY, ...PATH]],
      ['after a regular field', [...METHOD, ...SCHEME, ...AUTHORITY, 'x', 'y', ...PATH]],
      ['after a regular field, :authority', [...METHOD, ...SCHEME, ...PATH, 'x', 'y', ...AUTHORITY]],
      [':method twice', [...METHOD, ...METHOD, ...SCHEME, ...AUTHORITY, ...PATH]],
      [':scheme twice', [...METHOD, ...SCHEME, ...SCHEME, ...AUTHORITY, ...PATH]],
      [':authority twice', [...METHOD, ...SCHEME, ...AUTHORITY, ...AUTHORITY, ...PATH]],
      [':path twice', [...METHOD, ...SCHEME, ...AUTHORITY, ...PATH, ...PATH]],
      ['no :method', [...SCHEME, ...AUTHORITY, ...PATH]],
      ['no :scheme', [...METHOD, ...AUTHORITY, ...PATH]],
      ['no :path', [...METHOD, ...SCHEME, ...AUTHORITY]],
      ['none at all', ['x', 'y']],
      ['an empty field section', []],
      ['an empty :path', [...METHOD, ...SCHEME, ...AUTHORITY, ':path', '']],
      ['an empty :method', [':method', '', ...SCHEME, ...AUTHORITY, ...PATH]],
      ['an empty :scheme', [...METHOD, ':scheme', '', ...AUTHORITY, ...PATH]],
      ['a :method that is no token', [':method', 'G ET', ...SCHEME, ...AUTHORITY, ...PATH]],
      ['a :path that doesn’t begin with /', [...METHOD, ...SCHEME, ...AUTHORITY, ':path', 'unseen']],
      ['a :path of * to GET', [...METHOD, ...SCHEME, ...AUTHORITY, ':path', '*']],
      ['a :path with a blank', [...METHOD, ...SCHEME, ...AUTHORITY, ':path', `${UNSEEN} x`]],
      [
        'a :path that is a whole URL',
        [...METHOD, ...SCHEME, ...AUTHORITY, ':path', `https://${HOST}${UNSEEN}`],
      ],
      ['a fragment in :path', [...METHOD, ...SCHEME, ...AUTHORITY, ':path', `${UNSEEN}#x`]],
      ['user information in :authority', [...METHOD, ...SCHEME, ':authority', `user@${HOST}`, ...PATH]],
      ['a path in :authority', [...METHOD, ...SCHEME, ':authority', `${HOST}/x`, ...PATH]],
      ['an empty :authority', [...METHOD, ...SCHEME, ':authority', '', ...PATH]],
      ['neither :authority nor Host', [...METHOD, ...SCHEME, ...PATH]],
      [
        'another Host than :authority',
        [...METHOD, ...SCHEME, ...AUTHORITY, ...PATH, 'host', 'other.example'],
      ],
      ['two Hosts', [...METHOD, ...SCHEME, ...PATH, 'host', HOST, 'host', 'other.example']],
      ['two Hosts of the same name', [...METHOD, ...SCHEME, ...PATH, 'host', HOST, 'host', HOST]],
      ['another scheme than the connection’s', [...METHOD, ':scheme', 'http', ...AUTHORITY, ...PATH]],
      ['a scheme that isn’t HTTP', [...METHOD, ':scheme', 'ftp', ...AUTHORITY, ...PATH]],
    ] as const
  ).map(
    ([what, fields]): Case => ({
      section: /Host|:authority|:path|scheme that|scheme than/.test(what) ? '8.3.1' : '8.3',
      says: `Requests with invalid pseudo-header fields MUST be treated as malformed: ${what}`,
      sends: [headers(1, fields)],
      expects: MALFORMED,
    }),
  ),
  ...(
    [
      ['Host in place of :authority', [...hit, 'host', HOST]],
      ['Host beside :authority, of the same meaning', [...hit, ...AUTHORITY, 'host', HOST.toUpperCase()]],
      ['in any order', [':path', '/hit', ...AUTHORITY, ...SCHEME, ...METHOD]],
    ] as const
  ).map(
    ([what, fields]): Case => ({
      section: '8.3.1',
      says: `A request has exactly one :method, :scheme and :path: ${what}`,
      sends: [headers(1, fields)],
      expects: { status: 200 },
    }),
  ),
  {
    section: '8.3.1',
    says: 'OPTIONS for no path has a :path of *: it is answered, and malformed to nobody',
    sends: [headers(1, [':method', 'OPTIONS', ...SCHEME, ...AUTHORITY, ':path', '*'])],
    // By HTTP/1.1 it is 400 too: no behaviour of a distribution is for it.
    expects: [{ status: 200 }, { status: 204 }, { status: 400 }, { status: 404 }],
  },
  {
    section: '8.3.2',
    says: ':status MUST be in all responses, before all other fields; names are in lower case, none about the connection',
    sends: [headers(1, asking('GET', '/odd-fields'))],
    expects: { status: 200 },
    sees: (viewer) => {
      const [fields = []] = fieldsOn(viewer, 1)
      const names = fields.filter((_, at) => at % 2 === 0)
      if (names[0] !== ':status' || names.slice(1).some((name) => name.startsWith(':') || /[A-Z]/.test(name)))
        throw new Error(`names ${names}`)
      const barred = ['connection', 'keep-alive', 'x-hop', 'transfer-encoding', 'upgrade', 'proxy-connection']
      if (names.some((name) => barred.includes(name))) throw new Error(`names ${names}`)
    },
  },
  {
    section: '8.3.2',
    says: 'A response to HEAD has no DATA that isn’t empty, and ends',
    sends: [headers(1, asking('HEAD', '/hit'))],
    expects: { status: 200 },
    sees: async (viewer) => {
      await ended(viewer)
      if (viewer.body(1).byteLength > 0) throw new Error(`the body is ${viewer.body(1)}`)
    },
  },
  ...(
    [
      [204, '/204', []],
      [304, '/hit', ['if-none-match', '"one"']],
    ] as const
  ).map(
    ([status, path, fields]): Case => ({
      section: '8.1.1',
      says: `A response of ${status} is never with a body, whatever its content-length says`,
      sends: [headers(1, asking('GET', path, fields))],
      expects: { status },
      sees: async (viewer) => {
        await ended(viewer)
        if (viewer.body(1).byteLength > 0) throw new Error(`the body is ${viewer.body(1)}`)
      },
    }),
  ),
]
