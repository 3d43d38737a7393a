import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bodyStream, type Request, type Response } from '../../edge/cache/message.ts'
import { Chunks } from '../../edge/shield-link/chunks.ts'
import { requestHead } from '../../edge/shield-link/request-head.ts'
import { readHead } from '../../edge/shield-link/response-head.ts'
import { openShieldLink } from '../../edge/shield-link/shield-link.ts'
import { type ByteServer, startByteServer } from '../origin-shield/byte-server.ts'

const GET: Request = {
  method: 'GET',
  scheme: 'http',
  host: 'site.example',
  target: '/a',
  fields: ['X-A', 'b'],
}
const LIMITS = { connectionsMax: 4, connectMs: 3_000, headMs: 60_000, bodyMs: 60_000, idleMs: 30_000 }
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const never = () => new AbortController().signal
const bodyOf = (response: Response) => text(bodyStream(response))

/** A link to a shield that says these bytes; `answer` when it depends. */
async function linkTo(answer: string | Parameters<typeof startByteServer>[0], limits: object = {}) {
  const say = typeof answer === 'string' ? (socket: Socket) => void socket.write(answer, 'latin1') : answer
  const shield = await startByteServer(say)
  const link = openShieldLink(new URL(shield.url), { ...LIMITS, ...limits })
  return {
    shield,
    ask: (request: Request = GET, signal = never()) => link.ask(request, signal),
    async [Symbol.asyncDispose]() {
      link.destroy()
      await shield[Symbol.asyncDispose]()
    },
  }
}

/** What JavaScript holds, bytes, without garbage. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

const isIdle = (shield: ByteServer) => expect.poll(() => shield.open()).toBe(0)

describe('what is said', () => {
  test('is the request as it is, its framing and its Host our own', async () => {
    await using world = await linkTo(OK)
    const fields = ['X-A', 'b', 'Content-Length', '0', 'Host', 'evil', 'Transfer-Encoding', 'chunked']

    await world.ask({ ...GET, fields })

    expect(world.shield.heads).toEqual(['GET /a HTTP/1.1\r\nHost: site.example\r\nX-A: b\r\n\r\n'])
  })

  test.each([
    ['a value with a line of its own', { fields: ['X-A', 'b\r\nX-B: c'] }],
    ['a name that is none', { fields: ['X A', 'b'] }],
    ['a value that isn’t latin1', { fields: ['X-A', '\u{10d}'] }],
    ['a target with a space', { target: '/a HTTP/1.1' }],
    ['a target that is no path', { target: 'http://a/' }],
    ['a host with a line of its own', { host: 'a\r\nX-B: c' }],
    ['a method that is none', { method: 'GET /' }],
  ])('is nothing of %s', async (_, odd) => {
    await using world = await linkTo(OK)

    await expect(world.ask({ ...GET, ...odd })).rejects.toMatchObject({ failure: 'OriginError' })

    expect(world.shield.connections()).toBe(0)
    expect(() => requestHead({ ...GET, ...odd })).toThrow()
  })
})

describe('what is heard', () => {
  test('is a body in one piece with its head, as a Buffer, and the connection is kept', async () => {
    await using world = await linkTo(OK)

    const responses = [await world.ask(), await world.ask()]

    expect(responses.map(({ body }) => String(body))).toEqual(['ok', 'ok'])
    expect(responses[0]?.fields).toEqual(['Content-Length', '2'])
    expect(world.shield.connections()).toBe(1)
  })

  test.each([
    ['a length', 'Content-Length: 10\r\n\r\n0123456789'],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n'],
  ])('is a body with %s, wherever its bytes are parted', async (_, rest) => {
    const bytes = `HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\n${rest}`
    let at = 0
    await using world = await linkTo((socket) => {
      at += 1
      socket.write(bytes.slice(0, at))
      setTimeout(() => socket.write(bytes.slice(at)), 1)
    })

    for (let made = 1; made < bytes.length; made += 1) {
      const told: number[] = []
      const response = await world.ask({ ...GET, informed: (status) => told.push(status) })
      expect(await bodyOf(response)).toBe('0123456789')
      expect(told).toEqual([103])
    }

    expect(world.shield.connections()).toBe(1)
  })

  test('keeps no body in memory by its fields', async () => {
    const etag = '"a value too long to be copied"'
    const body = 'x'.repeat(40_000)
    await using world = await linkTo(
      `HTTP/1.1 200 OK\r\nETag: ${etag}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    const ask = async () => (await world.ask()).fields
    await ask()
    const before = heapBytes()

    const kept: (readonly string[])[] = []
    for (let asked = 0; asked < 500; asked += 1) kept.push(await ask())

    expect(heapBytes() - before).toBeLessThan(5_000_000)
    expect(kept.at(-1)).toContain(etag)
  })

  test.each(['HEAD', 'GET'])(
    'is no body of a 304, or to HEAD, whatever length it names (%s)',
    async (method) => {
      const status = method === 'HEAD' ? 200 : 304
      await using world = await linkTo(`HTTP/1.1 ${status} x\r\nContent-Length: 100\r\n\r\n`)

      const bodies = [await world.ask({ ...GET, method }), await world.ask({ ...GET, method })]

      expect(bodies.map(({ body }) => body)).toEqual([undefined, undefined])
      expect(world.shield.connections()).toBe(1)
    },
  )

  test('stops while nobody reads, and goes on', async () => {
    const bytes = 4_000_000
    await using world = await linkTo((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`)
      socket.write(Buffer.alloc(bytes, 'x'))
    })

    const { body } = await world.ask()
    const flowing = body as Readable
    await expect.poll(() => flowing.readableLength).toBeGreaterThan(60_000)

    expect(flowing.readableLength).toBeLessThan(200_000)
    expect((await text(flowing)).length).toBe(bytes)
    expect((await bodyOf(await world.ask())).length).toBe(bytes)
    expect(world.shield.connections()).toBe(1)
  })

  test.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['another version', 'HTTP/1.0 200 OK\r\n\r\n'],
    ['a bare line feed', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
    ['a folded field', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n'],
    ['a space before a colon', 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n'],
    ['a NUL', 'HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx'],
    ['another coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nx'],
    ['no framing', 'HTTP/1.1 200 OK\r\n\r\nx'],
    ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['hints without end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(65)],
    ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(60_000)}`],
    ['chunks that are none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
    ['trailers', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n'],
  ])('is not %s', async (_, bytes) => {
    await using world = await linkTo(bytes)

    await expect(world.ask()).rejects.toMatchObject({ failure: 'OriginInvalidResponseError' })

    await isIdle(world.shield)
  })

  test('is nothing that comes behind the response, or unasked', async () => {
    await using world = await linkTo((socket, { request }) => {
      socket.write(request === 1 ? `${OK}${OK.replace('ok', 'no')}` : OK)
      if (request === 2) setTimeout(() => socket.write(OK.replace('ok', 'no')), 20)
    })

    const bodies = [await bodyOf(await world.ask()), await bodyOf(await world.ask())]
    await isIdle(world.shield)
    bodies.push(await bodyOf(await world.ask()))

    expect(bodies).toEqual(['ok', 'ok', 'ok'])
    expect(world.shield.connections()).toBe(3)
  })
})

describe('a connection that ends', () => {
  test('before a response is a failure; kept and just closed, the request goes over a new one', async () => {
    await using world = await linkTo((socket, { request }) => {
      if (request === 1) socket.write(OK)
      else if (request === 3) socket.end(OK)
      else socket.destroy()
    })

    const kept = await world.ask()
    const repeated = await world.ask()
    await isIdle(world.shield)

    expect([String(kept.body), String(repeated.body)]).toEqual(['ok', 'ok'])
    expect(world.shield.heads.length).toBe(3)
    await expect(world.ask()).rejects.toMatchObject({ failure: 'OriginReadError' })
    expect(world.shield.heads.length).toBe(4)
  })

  test('in a body ends that in an error', async () => {
    await using world = await linkTo((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234')
      setTimeout(() => socket.destroy(), 20)
    })

    const response = await world.ask()

    await expect(bodyOf(response)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  test('with its response isn’t used again', async () => {
    await using world = await linkTo(OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))

    await world.ask()
    await world.ask()

    expect(world.shield.connections()).toBe(2)
  })

  test('is what a refused one comes to as well', async () => {
    await using world = await linkTo(OK)
    await world.shield[Symbol.asyncDispose]()

    await expect(world.ask()).rejects.toMatchObject({ failure: 'OriginConnectError' })
  })
})

describe('who leaves', () => {
  test.each([
    ['a length', 'Content-Length: 10\r\n\r\n01234', '56789'],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n', '5\r\n56789\r\n0\r\n\r\n'],
  ])('at the very last piece of a body (%s) leaves no dead connection behind', async (_, begin, end) => {
    await using world = await linkTo((socket, { request }) => {
      if (request > 1) return void socket.write(OK)
      socket.write(`HTTP/1.1 200 OK\r\n${begin}`)
      setTimeout(() => socket.write(end), 20)
    })

    const body = (await world.ask()).body as Readable
    body.on('data', (piece) => {
      if (String(piece) === '56789') body.destroy()
    })
    await once(body, 'close')
    await isIdle(world.shield)

    expect(await bodyOf(await world.ask())).toBe('ok')
    expect(world.shield.connections()).toBe(2)
  })

  test('ends the exchange, before a response and in its body', async () => {
    await using world = await linkTo((socket, { request }) => {
      if (request === 2) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234')
    })
    const viewers = [new AbortController(), new AbortController()] as const

    const waiting = world.ask(GET, viewers[0].signal)
    await expect.poll(() => world.shield.heads.length).toBe(1)
    viewers[0].abort(new Error('gone'))
    await expect(waiting).rejects.toMatchObject({ failure: 'OriginError' })
    const response = await world.ask(GET, viewers[1].signal)
    viewers[1].abort(new Error('gone'))
    await expect(bodyOf(response)).rejects.toThrow('gone')

    await isIdle(world.shield)
    await expect(world.ask(GET, AbortSignal.abort(new Error('gone')))).rejects.toThrow()
    expect(world.shield.connections()).toBe(2)
  })

  test('lets whoever waits for a connection have it', async () => {
    const sockets: Socket[] = []
    await using world = await linkTo((socket) => void sockets.push(socket), { connectionsMax: 1 })
    const leaver = new AbortController()

    const first = world.ask()
    const second = world.ask(GET, leaver.signal)
    const third = world.ask()
    const refused = expect(second).rejects.toThrow('gone')
    await expect.poll(() => sockets.length).toBe(1)
    leaver.abort(new Error('gone'))
    sockets[0]?.write(OK)
    await expect.poll(() => sockets.length).toBe(2)
    sockets[1]?.write(OK.replace('ok', '3.'))

    await refused
    expect([await first, await third].map(({ body }) => String(body))).toEqual(['ok', '3.'])
    expect(world.shield.connections()).toBe(1)
  })
})

test('a shield that is silent for too long is given up, before its head and in a body', async () => {
  const beginning = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234'
  await using world = await linkTo((socket, { request }) => void (request === 2 && socket.write(beginning)), {
    headMs: 100,
    bodyMs: 100,
  })

  await expect(world.ask()).rejects.toMatchObject({ failure: 'OriginTimeoutError' })
  await expect(bodyOf(await world.ask())).rejects.toMatchObject({ code: 'UND_ERR_BODY_TIMEOUT' })

  await isIdle(world.shield)
})

describe('chunks, made up', () => {
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 })
  const framed = (bodies: readonly Uint8Array[]) =>
    Buffer.concat([
      ...bodies.flatMap((body) => [
        Buffer.from(`${body.length.toString(16)}\r\n`),
        body,
        Buffer.from('\r\n'),
      ]),
      Buffer.from('0\r\n\r\n'),
    ])

  test('are put together wherever they are parted, and what comes behind is not theirs', () => {
    fc.assert(
      fc.property(pieces, fc.nat(400), (bodies, cut) => {
        const chunks = new Chunks()
        const got: Buffer[] = []
        const bytes = Buffer.concat([framed(bodies), Buffer.from('behind')])
        const give = (piece: Buffer) => void got.push(Buffer.from(piece))
        const used = chunks.take(bytes.subarray(0, cut), give)
        const more = chunks.isWhole ? 0 : chunks.take(bytes.subarray(cut), give)
        expect(Buffer.concat(got)).toEqual(Buffer.concat(bodies))
        expect([chunks.isWhole, used + more]).toEqual([true, bytes.byteLength - 6])
      }),
      { numRuns: 2_000 },
    )
  })

  test('are refused when a byte of what frames them is another one, or the body isn’t the same', () => {
    const body = Buffer.from('0123456789')
    const whole = framed([body])
    for (let at = 0; at < whole.byteLength; at += 1) {
      for (const byte of [0, 10, 13, 32, 45, 59, 71]) {
        const bytes = Buffer.from(whole)
        if (bytes[at] === byte || (at > 2 && at < 13)) continue
        bytes[at] = byte
        expect(() => new Chunks().take(bytes, () => undefined)).toThrow()
      }
    }
  })
})

test('whatever a head is made of, it is read as its lines say or not at all', () => {
  const line = fc.stringMatching(/^[!-~ \t\r\n]{0,12}$/)
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      const text = `HTTP/1.1 200 OK\r\n${lines.map((one) => `${one}\r\n`).join('')}\r\n`
      const head = readHead(text)
      if (head === undefined || head === 'unfinished') return
      const said = text
        .slice(0, head.bytes - 2)
        .split('\r\n')
        .slice(1, -1)
      expect(head.fields.length).toBe(said.length * 2)
      for (const [at, one] of said.entries()) {
        expect(one.split(':', 1)[0]).toBe(head.fields[at * 2])
        expect(one.slice(one.indexOf(':') + 1).trim()).toBe(head.fields[at * 2 + 1])
      }
    }),
    { numRuns: 5_000 },
  )
})
