import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { HOST, houseInFrontOf } from '../edge/house.ts'
import { startByteServer } from './byte-server.ts'

const OK = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\n'
const GOOD = `${OK}Content-Length: 4\r\n\r\ngood`

/** What an origin does wrong, and what the viewer gets: a status with a reason, or a connection that breaks. */
interface Fault {
  name: string
  does(socket: Socket): void
  status: number
  /** In `Cache-Status` and the log (`x-edge-detailed-result-type`). */
  reason: string
}

const says = (text: string) => (socket: Socket) => void socket.write(text, 'latin1')
const saysAndLeaves = (text: string) => (socket: Socket) => void socket.end(text, 'latin1')

/** Before the head is whole all is still open: the viewer gets a status and a reason. */
const BEFORE_THE_HEAD: Fault[] = [
  { name: 'nothing, and leaves', does: (socket) => socket.end(), status: 502, reason: 'OriginReadError' },
  {
    name: 'nothing, and resets',
    does: (socket) => socket.resetAndDestroy(),
    status: 502,
    reason: 'OriginReadError',
  },
  { name: 'nothing at all', does: () => undefined, status: 504, reason: 'OriginTimeoutError' },
  { name: 'half a status line', does: says('HTTP/1.1 20'), status: 504, reason: 'OriginTimeoutError' },
  { name: 'half a head', does: says(`${OK}X-Half: `), status: 504, reason: 'OriginTimeoutError' },
  { name: 'a head in drops', does: drip, status: 504, reason: 'OriginTimeoutError' },
  { name: 'HTTP/0.9', does: saysAndLeaves('<html>good'), status: 502, reason: 'OriginInvalidResponseError' },
  {
    name: 'another protocol',
    does: saysAndLeaves('220 smtp.example ESMTP\r\n'),
    status: 502,
    reason: 'OriginInvalidResponseError',
  },
  {
    name: 'a status of two digits',
    does: says('HTTP/1.1 20 OK\r\n\r\n'),
    status: 502,
    reason: 'OriginInvalidResponseError',
  },
  {
    name: 'two different lengths',
    does: says(`${OK}Content-Length: 4\r\nContent-Length: 5\r\n\r\ngoood`),
    status: 502,
    reason: 'OriginInvalidResponseError',
  },
  // RFC 9112 §6.3 lets a recipient take it as one; refusing it is the other way that it allows.
  {
    name: 'the same length twice',
    does: says(`${OK}Content-Length: 4\r\nContent-Length: 4\r\n\r\ngood`),
    status: 502,
    reason: 'OriginInvalidResponseError',
  },
  // RFC 9110 §15.2 would have it ignored; undici closes the connection.
  {
    name: 'a 100 that nobody asked for',
    does: says(`HTTP/1.1 100 Continue\r\n\r\n${GOOD}`),
    status: 502,
    reason: 'OriginReadError',
  },
  {
    name: 'a length that is none',
    does: says(`${OK}Content-Length: four\r\n\r\ngood`),
    status: 502,
    reason: 'OriginInvalidResponseError',
  },
  {
    name: 'a length and chunks',
    does: says(`${OK}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
    status: 502,
    reason: 'OriginInvalidResponseError',
  },
  {
    name: 'a coding that nobody asked for',
    does: says(`${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`),
    status: 502,
    reason: 'OriginInvalidResponseError',
  },
  {
    name: 'a NUL in a field',
    does: says(`${OK}X-Bad: a\0b\r\nContent-Length: 4\r\n\r\ngood`),
    status: 502,
    reason: 'OriginInvalidResponseError',
  },
  {
    name: 'a bare CR in a field',
    does: says(`${OK}X-Bad: a\rSet-Cookie: x=1\r\nContent-Length: 4\r\n\r\ngood`),
    status: 502,
    reason: 'OriginInvalidResponseError',
  },
  {
    name: 'a folded field',
    does: says(`${OK}X-Folded: a\r\n b\r\nContent-Length: 4\r\n\r\ngood`),
    status: 502,
    reason: 'OriginInvalidResponseError',
  },
  {
    name: 'a space before the colon',
    does: says(`${OK}X-Bad : a\r\nContent-Length: 4\r\n\r\ngood`),
    status: 502,
    reason: 'OriginInvalidResponseError',
  },
  {
    name: '100,000 fields',
    does: says(`${OK}${'X-Many: 1\r\n'.repeat(100_000)}\r\n`),
    status: 502,
    reason: 'OriginInvalidResponseError',
  },
  { name: 'fields without end', does: endless, status: 502, reason: 'OriginInvalidResponseError' },
  {
    name: 'a 101 that nobody asked for',
    does: says('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    status: 502,
    reason: 'OriginReadError',
  },
]

/** With the head gone only the connection can tell that the body isn't whole. */
const IN_THE_BODY: Pick<Fault, 'name' | 'does'>[] = [
  { name: 'leaves before its length is there', does: saysAndLeaves(`${OK}Content-Length: 10\r\n\r\ngood`) },
  {
    name: 'leaves between two chunks',
    does: saysAndLeaves(`${OK}Transfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n`),
  },
  {
    name: 'sends a chunk whose size is none',
    does: says(`${OK}Transfer-Encoding: chunked\r\n\r\n4\r\ngood\r\nzz\r\n`),
  },
  {
    name: 'sends a chunk that is longer than it said',
    does: says(`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\ngood\r\n0\r\n\r\n`),
  },
  { name: 'stops in the middle', does: says(`${OK}Content-Length: 10\r\n\r\ngood`) },
]

/** What is odd but sound, or can be read in one way only. */
const ODD_BUT_RIGHT: (Pick<Fault, 'name' | 'does'> & { status?: number; body: string })[] = [
  {
    name: 'HTTP/1.0 and the end of the connection for a length',
    does: saysAndLeaves('HTTP/1.0 200 OK\r\nCache-Control: max-age=600\r\n\r\ngood'),
    body: 'good',
  },
  { name: 'more than its length', does: saysAndLeaves(`${GOOD} and more`), body: 'good' },
  {
    name: 'a body after a 204',
    does: saysAndLeaves('HTTP/1.1 204 No Content\r\nCache-Control: max-age=600\r\n\r\nbad'),
    status: 204,
    body: '',
  },
  {
    name: 'a 103 first',
    does: says(`HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n${GOOD}`),
    body: 'good',
  },
]

/** In front of an origin that does something first and is well from then on. */
async function faultyHouse(does: (socket: Socket) => void) {
  let isWell = false
  const origin = await startByteServer((socket) => (isWell ? says(GOOD)(socket) : does(socket)))
  const http = { url: origin.url, originReadTimeout: 0.4, connectionAttempts: 1 }
  const house = await houseInFrontOf([{ id: 'site', aliases: [HOST], origins: [{ id: 'origin', http }] }])
  return {
    house,
    recover: () => {
      isWell = true
    },
    async [Symbol.asyncDispose]() {
      await house[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
    },
  }
}

describe('an origin that says', () => {
  test.each(BEFORE_THE_HEAD)(
    '$name is a $status for the viewer: $reason',
    async ({ does, status, reason }) => {
      await using faulty = await faultyHouse(does)

      const got = await faulty.house.get('/page')
      const [record] = await faulty.house.records(1)
      faulty.recover()
      const after = await faulty.house.get('/page')

      expect([got.status, record?.detailedResultType]).toEqual([status, reason])
      expect(got.headers['cache-status']).toContain(`detail=${reason}`)
      expect([after.status, after.body]).toEqual([200, 'good'])
    },
  )

  test.each(ODD_BUT_RIGHT)('$name is understood', async ({ does, status = 200, body }) => {
    await using faulty = await faultyHouse(does)

    const got = await faulty.house.get('/page')

    expect([got.status, got.body]).toEqual([status, body])
  })
})

describe('an origin that', () => {
  test.each(IN_THE_BODY)('$name breaks the viewer’s connection, and nothing is kept', async ({ does }) => {
    await using faulty = await faultyHouse(does)

    const got = await faulty.house.get('/page').catch((error: Error) => error)
    faulty.recover()
    const after = await faulty.house.get('/page')

    expect(got instanceof Error || got.status === 502 || got.status === 504).toBe(true)
    expect([after.status, after.body]).toEqual([200, 'good'])
  })
})

function drip(socket: Socket): void {
  const timer = setInterval(() => socket.write('X'), 50)
  socket.once('close', () => clearInterval(timer))
  socket.write(`${OK}X-Slow: `)
}

function endless(socket: Socket): void {
  const timer = setInterval(() => socket.write('X-More: and more\r\n'.repeat(100)), 5)
  socket.once('close', () => clearInterval(timer))
  socket.write(OK)
}
