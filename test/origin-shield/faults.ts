import type { Socket } from 'node:net'

const OK = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\n'

/** What an origin says that is well. */
export const GOOD = `${OK}Content-Length: 4\r\n\r\ngood`

/** What an origin does with a connection, once it has a request. */
type Does = (socket: Socket) => void

/** Says something on a connection. */
export const says =
  (text: string): Does =>
  (socket) =>
    void socket.write(text, 'latin1')

const saysAndLeaves =
  (text: string): Does =>
  (socket) =>
    void socket.end(text, 'latin1')

/** What was said has to be there before the connection is reset. */
const saysAndResets =
  (text: string): Does =>
  (socket) =>
    void socket.write(text, 'latin1', () => setTimeout(() => socket.resetAndDestroy(), 30))

/** Says something, and then more and more of the same. */
const saysWithoutEnd =
  (text: string, more: string, everyMs: number): Does =>
  (socket) => {
    const timer = setInterval(() => socket.write(more), everyMs)
    socket.once('close', () => clearInterval(timer))
    socket.write(text)
  }

/** What an origin does wrong, and the viewer's status with its reason in `Cache-Status` and the log. */
export interface Fault {
  name: string
  does: Does
  status: number
  reason: string
}

const fault = (status: number, reason: string) => (name: string, does: Does) => ({
  name,
  does,
  status,
  reason,
})
const timeout = fault(504, 'OriginTimeoutError')
const broken = fault(502, 'OriginReadError')
const invalid = fault(502, 'OriginInvalidResponseError')
const wrong = (name: string, text: string) => invalid(name, says(text))
const wrongField = (name: string, field: string) =>
  wrong(name, `${OK}${field}\r\nContent-Length: 4\r\n\r\ngood`)

/** Before anything of a body is there all is still open. */
export const BEFORE_THE_BODY: Fault[] = [
  timeout('nothing at all', () => undefined),
  timeout('half a status line', says('HTTP/1.1 20')),
  timeout('a status line alone', says('HTTP/1.1 200 OK\r\n')),
  timeout('half a head', says(`${OK}X-Half: `)),
  timeout('a head in drops', saysWithoutEnd(`${OK}X-Slow: `, 'X', 50)),
  timeout('a head and none of its body', says(`${OK}Content-Length: 9\r\n\r\n`)),
  timeout('a head and no chunk', says(`${OK}Transfer-Encoding: chunked\r\n\r\n`)),

  broken('nothing, and leaves', (socket) => void socket.end()),
  broken('nothing, and resets', (socket) => void socket.resetAndDestroy()),
  broken('half a status line, and leaves', saysAndLeaves('HTTP/1.1 20')),
  broken('half a head, and leaves', saysAndLeaves(`${OK}X-Half: `)),
  broken('half a head, and resets', saysAndResets(`${OK}X-Half: `)),
  broken('a head and none of its body, and leaves', saysAndLeaves(`${OK}Content-Length: 9\r\n\r\n`)),
  broken('a head and none of its body, and resets', saysAndResets(`${OK}Content-Length: 9\r\n\r\n`)),
  broken(
    'a 101 that nobody asked for',
    says('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
  ),

  invalid('HTTP/0.9', saysAndLeaves('<html>good')),
  invalid('another protocol', saysAndLeaves('220 smtp.example ESMTP\r\n')),
  wrong('a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'),
  wrong('a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'),
  wrong('a status below 100', 'HTTP/1.1 099 Low\r\n\r\n'),
  wrong('two different lengths', `${OK}Content-Length: 4\r\nContent-Length: 5\r\n\r\ngoood`),
  // RFC 9112 §6.3 lets a recipient take it as one; refusing it is the other way that it allows.
  wrong('the same length twice', `${OK}Content-Length: 4\r\nContent-Length: 4\r\n\r\ngood`),
  wrong('a length that is none', `${OK}Content-Length: four\r\n\r\ngood`),
  wrong('a length and chunks', `${OK}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
  wrong('a coding that nobody asked for', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`),
  wrong('a chunk size beyond all bounds', `${OK}Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(18)}\r\n`),
  wrongField('a NUL in a field', 'X-Bad: a\0b'),
  wrongField('a control character in a field', 'X-Bad: a\x01b'),
  wrongField('a bare CR in a field', 'X-Bad: a\rSet-Cookie: x=1'),
  wrongField('a bare LF in a field', 'X-Bad: a\nSet-Cookie: x=1'),
  wrongField('a folded field', 'X-Folded: a\r\n b'),
  wrongField('a space before the colon', 'X-Bad : a'),
  wrongField('a name that is none', 'X-B(a)d: a'),
  wrongField('no name', ': a'),
  wrong('100,000 fields', `${OK}${'X-Many: 1\r\n'.repeat(100_000)}\r\n`),
  invalid('fields without end', saysWithoutEnd(OK, 'X-More: and more\r\n'.repeat(100), 5)),
  invalid(
    'interim responses without end',
    saysWithoutEnd('', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 4),
  ),
  wrong('a 103 with a NUL', `HTTP/1.1 103 Early Hints\r\nLink: a\0b\r\n\r\n${GOOD}`),
  wrong('a 304 that nobody asked for', 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'),
  wrong('a 304 with a body', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\nbad'),
  wrong(
    'a part that nobody asked for',
    'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/9\r\nContent-Length: 4\r\n\r\ngood',
  ),
]

const chunked = `${OK}Transfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n`
const counted = `${OK}Content-Length: 10\r\n\r\ngood`

/** Once bytes have gone out, only the connection can tell that the body isn't whole. */
export const IN_THE_BODY: Pick<Fault, 'name' | 'does'>[] = [
  { name: 'leaves before its length is there', does: saysAndLeaves(counted) },
  { name: 'resets before its length is there', does: saysAndResets(counted) },
  { name: 'leaves between two chunks', does: saysAndLeaves(chunked) },
  { name: 'resets between two chunks', does: saysAndResets(chunked) },
  { name: 'resets a body that only its end can end', does: saysAndResets(`${OK}\r\ngood`) },
  { name: 'sends a chunk whose size is none', does: says(`${chunked}zz\r\n`) },
  {
    name: 'sends a chunk that is longer than it said',
    does: says(`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\ngood\r\n0\r\n\r\n`),
  },
  { name: 'sends trailers that are none', does: says(`${chunked}0\r\nX-Bad a\r\n\r\n`) },
  {
    name: 'sends trailers without end',
    does: saysWithoutEnd(`${chunked}0\r\n`, 'X-T: y\r\n'.repeat(200), 5),
  },
  { name: 'stops in the middle', does: says(counted) },
]

const noContent = 'HTTP/1.1 204 No Content\r\nCache-Control: max-age=600\r\n'

/** What is odd but sound, or can be read in one way only. */
export const ODD_BUT_RIGHT: (Pick<Fault, 'name' | 'does'> & { status?: number; body: string })[] = [
  {
    name: 'HTTP/1.0 and the end of the connection for a length',
    does: saysAndLeaves('HTTP/1.0 200 OK\r\nCache-Control: max-age=600\r\n\r\ngood'),
    body: 'good',
  },
  { name: 'more than its length', does: saysAndLeaves(`${GOOD} and more`), body: 'good' },
  { name: 'a body after a 204', does: says(`${noContent}\r\nbad`), status: 204, body: '' },
  {
    name: 'a 204 with a length',
    does: says(`${noContent}Content-Length: 3\r\n\r\nbad`),
    status: 204,
    body: '',
  },
  { name: 'a body in drops', does: saysWithoutEnd(`${OK}Content-Length: 4\r\n\r\n`, 'd', 100), body: 'dddd' },
  {
    name: 'a 103 first',
    does: says(`HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${GOOD}`),
    body: 'good',
  },
  { name: 'a 100 that nobody asked for', does: says(`HTTP/1.1 100 Continue\r\n\r\n${GOOD}`), body: 'good' },
]
