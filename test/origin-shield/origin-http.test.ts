import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { generate } from 'selfsigned'
import { describe, expect, test } from 'vitest'
import { firstValue } from '../../edge/cache/fields.ts'
import { bodyStream, type Request, type Response } from '../../edge/cache/message.ts'
import { openHttpOrigin } from '../../origin-shield/origin/http.ts'
import { httpOrigin } from '../../origin-shield/origin/schema.ts'
import { site } from '../edge/site.ts'
import { startByteServer } from './byte-server.ts'

const GET: Request = { method: 'GET', scheme: 'http', host: 'viewer.example', target: '/page', fields: [] }

const openAt = (url: string, but: object = {}) => openHttpOrigin(httpOrigin.parse({ url, ...but }))
const soon = () => AbortSignal.timeout(8_000)
const bodyOf = (response: Response) => text(bodyStream(response))

/** Writes the beginning of an answer, and ends the connection once that has surely been read. */
function sayAndLeave(socket: Socket, beginning: string, how: 'closes' | 'resets'): void {
  socket.write(beginning, 'latin1', () => {
    setTimeout(() => (how === 'closes' ? socket.end() : socket.resetAndDestroy()), 30)
  })
}

describe('an origin that leaves in the middle of a body', () => {
  const chunked = 'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n'
  const counted = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\nabcde'
  const untilClose = 'HTTP/1.1 200 OK\r\n\r\nabcde'

  test.each([
    ['closes', 'chunks', chunked],
    ['resets', 'chunks', chunked],
    ['closes', 'counted bytes', counted],
    ['resets', 'counted bytes', counted],
    ['resets', 'bytes until the connection ends', untilClose],
  ] as const)('%s the connection among %s: an error, never a clean end', async (how, _, beginning) => {
    await using server = await startByteServer((socket) => sayAndLeave(socket, beginning, how))
    await using origin = openAt(server.url)

    const response = await origin.fetch(GET, soon())

    expect(response.status).toBe(200)
    await expect(bodyOf(response)).rejects.toThrow()
    expect(server.connections()).toBe(1)
  })

  test('a body that only the connection’s end can end is whole when it is closed in order', async () => {
    await using server = await startByteServer((socket) => sayAndLeave(socket, untilClose, 'closes'))
    await using origin = openAt(server.url)

    expect(await bodyOf(await origin.fetch(GET, soon()))).toBe('abcde')
  })

  test('one that stalls is given up after the read timeout', async () => {
    await using server = await startByteServer((socket) => socket.write(counted))
    await using origin = openAt(server.url, { originReadTimeout: 0.3 })

    await expect(bodyOf(await origin.fetch(GET, soon()))).rejects.toMatchObject({
      code: 'UND_ERR_BODY_TIMEOUT',
    })
  })
})

describe('an origin whose answer could be read in two ways', () => {
  test.each([
    ['a length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
    [
      'a transfer coding that nobody asked for',
      'Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    ],
    [
      'chunks that are not the last coding',
      'Transfer-Encoding: chunked, identity\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    ],
    ['a negative length', 'Content-Length: -3\r\n\r\nabc'],
    ['a folded field', 'X-A: a\r\n b\r\nContent-Length: 3\r\n\r\nabc'],
    ['a bare line feed', 'X-A: a\nContent-Length: 3\r\n\r\nabc'],
    ['NUL in a value', 'X-A: a\0b\r\nContent-Length: 3\r\n\r\nabc'],
    ['a space in a name', 'X A: a\r\nContent-Length: 3\r\n\r\nabc'],
  ])('%s: an invalid response, asked for once', async (_, rest) => {
    await using server = await startByteServer((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`))
    await using origin = openAt(server.url)

    const invalid = { failure: 'OriginInvalidResponseError', status: 502 }
    await expect(origin.fetch(GET, soon())).rejects.toMatchObject(invalid)
    expect(server.heads).toHaveLength(1)
  })

  test('an answer that was sent ahead of its request is never given to anybody', async () => {
    const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n'
    await using server = await startByteServer((socket, { request }) => {
      socket.write(request === 1 ? `${ok}own1${ok}evil` : `${ok}own2`)
    })
    await using origin = openAt(server.url)

    const first = await bodyOf(await origin.fetch(GET, soon()))
    const second = await bodyOf(await origin.fetch(GET, soon()))

    expect([first, second]).toEqual(['own1', 'own2'])
  })
})

test('a body that is here whole is so when its reader is slow, and the connection closes meanwhile', async () => {
  const bytes = 300_000
  await using server = await startByteServer((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`)
    // The last of it comes when nobody reads any more.
    setTimeout(() => socket.end(Buffer.alloc(bytes, 'x')), 20)
  })
  await using origin = openAt(server.url)

  const response = await origin.fetch(GET, soon())
  const body = bodyStream(response)
  const pieces: Buffer[] = []
  while (pieces.reduce((sum, piece) => sum + piece.byteLength, 0) < bytes) {
    const piece = body.read(20_000) ?? body.read()
    if (piece !== null) pieces.push(piece)
    await sleep(5)
    if (body.destroyed) break
  }

  expect(Buffer.concat(pieces).byteLength).toBe(bytes)
})

test('a few bytes of a body that is long in coming keep no more memory than they are', async () => {
  await using server = await startByteServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ')
    setTimeout(() => socket.write('half.'), 50)
  })
  await using origin = openAt(server.url)

  const response = await origin.fetch(GET, soon())
  const chunks: Buffer[] = await bodyStream(response).toArray()

  expect(Buffer.concat(chunks).toString()).toBe('half half.')
  for (const { buffer: memory } of chunks) expect(memory.byteLength).toBeLessThan(100)
})

describe('what passes untouched', () => {
  test('redirects, codings, and every byte of a field; 103 is no answer, 204 has no length', async () => {
    const answers = [
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nX-Ü: \xe9\xff\r\nContent-Length: 3\r\n\r\n\x1f\x8b\xff',
      'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
    ].map((answer) => answer.replace('X-Ü', 'X-Latin'))
    await using server = await startByteServer((socket, { request }) => {
      socket.write(answers[request - 1] ?? '', 'latin1')
    })
    await using origin = openAt(server.url)

    const redirect = await origin.fetch(GET, soon())
    await bodyOf(redirect)
    const coded = await origin.fetch(GET, soon())
    const bytes = await buffer(bodyStream(coded))
    const empty = await origin.fetch(GET, soon())

    expect([redirect.status, firstValue(redirect.fields, 'location')]).toEqual([302, '/b'])
    expect(bytes).toEqual(Buffer.from([0x1f, 0x8b, 0xff]))
    expect(firstValue(coded.fields, 'x-latin')).toBe('\xe9\xff')
    expect([empty.status, empty.body, firstValue(empty.fields, 'content-length')]).toEqual([
      204,
      undefined,
      undefined,
    ])
  })

  test('the body of a POST, as it comes', async () => {
    const { promise: got, resolve } = Promise.withResolvers<string>()
    await using server = await startByteServer((socket) => {
      let body = ''
      socket.on('data', (chunk) => {
        body += chunk
        if (!body.endsWith('0\r\n\r\n')) return
        resolve(body)
        socket.end('HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n')
      })
    })
    await using origin = openAt(server.url)

    const body = new Readable({ read: () => undefined })
    const answer = origin.fetch({ ...GET, method: 'POST', body }, soon())
    body.push('one')
    await expect.poll(() => server.heads.length).toBe(1)
    body.push('two')
    body.push(null)

    expect((await answer).status).toBe(201)
    expect(await got).toContain('two\r\n')
  })
})

describe('connections', () => {
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

  test('a kept one that the origin drops as it is used costs a second attempt, and no error', async () => {
    await using server = await startByteServer((socket, { request, connection }) => {
      if (connection === 1 && request === 2) socket.resetAndDestroy()
      else socket.write(ok)
    })
    await using origin = openAt(server.url)

    await bodyOf(await origin.fetch(GET, soon()))
    await setImmediate() // undici lets a turn of the loop pass before it uses a connection again
    const second = await origin.fetch(GET, soon())

    expect(await bodyOf(second)).toBe('ok')
    expect([server.heads.length, server.connections()]).toEqual([3, 2])
  })

  test('no attempt follows once a head has come, or when it may not be repeated', async () => {
    await using server = await startByteServer((socket) => socket.resetAndDestroy())
    await using origin = openAt(server.url)

    const body = () => Readable.from(['x'])
    const failure = { failure: 'OriginReadError', status: 502 }
    await expect(origin.fetch({ ...GET, method: 'POST' }, soon())).rejects.toMatchObject(failure)
    await expect(origin.fetch({ ...GET, method: 'PUT', body: body() }, soon())).rejects.toMatchObject(failure)
    expect(server.heads).toHaveLength(2)
    await expect(origin.fetch(GET, soon())).rejects.toMatchObject(failure)
    expect(server.heads).toHaveLength(2 + 3)
  })

  test('failures have CloudFront’s names: a name without address, TLS that is none or not trusted', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }])
    const certified = createTlsServer({ key, cert }).listen({ host: '127.0.0.1', port: 0 })
    const plain = createServer().listen({ host: '127.0.0.1', port: 0 })
    await Promise.all([once(certified, 'listening'), once(plain, 'listening')])
    const httpsAt = (server: Server) => `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const one = { connectionAttempts: 1 }

    // A label of 64 characters can't be in the DNS, so nobody is asked.
    await using nameless = openAt(`http://${'x'.repeat(64)}.example`, one)
    await using untrusted = openAt(httpsAt(certified), one)
    await using cleartext = openAt(httpsAt(plain), one)

    await expect(nameless.fetch(GET, soon())).rejects.toMatchObject({ failure: 'OriginDnsError' })
    await expect(untrusted.fetch(GET, soon())).rejects.toMatchObject({ failure: 'OriginConnectError' })
    await expect(cleartext.fetch(GET, soon())).rejects.toMatchObject({ failure: 'OriginConnectError' })
    certified.close()
    plain.close()
  })

  test('a handshake that never ends is a connect timeout, a head in drops a read timeout', async () => {
    await using silent = await startByteServer(() => undefined)
    await using dripping = await startByteServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const drops = setInterval(() => socket.write('X-Drop: 1\r\n'), 50)
      socket.once('close', () => clearInterval(drops))
    })
    const tls = silent.url.replace('http:', 'https:')
    await using handshake = openAt(tls, { connectionTimeout: 0.3, connectionAttempts: 1 })
    await using drops = openAt(dripping.url, { originReadTimeout: 0.3 })

    const timeout = { failure: 'OriginTimeoutError', status: 504 }
    await Promise.all([
      expect(handshake.fetch(GET, soon())).rejects.toMatchObject(timeout),
      expect(drops.fetch(GET, soon())).rejects.toMatchObject(timeout),
    ])
  })
})

describe('an abort', () => {
  test('ends the exchange while it connects, waits for the head, and reads the body', async () => {
    await using silent = await startByteServer(() => undefined)
    await using half = await startByteServer((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'),
    )
    await using connecting = openAt(silent.url.replace('http:', 'https:'))
    await using waiting = openAt(silent.url)
    await using reading = openAt(half.url)

    const startedMs = performance.now()
    const stop = new AbortController()
    const response = await reading.fetch(GET, stop.signal)
    const ends = [
      expect(connecting.fetch(GET, stop.signal)).rejects.toThrow(),
      expect(waiting.fetch(GET, stop.signal)).rejects.toThrow(),
      expect(bodyOf(response)).rejects.toThrow(),
    ]
    await expect.poll(() => silent.heads.length).toBe(1)
    stop.abort()

    await Promise.all(ends)
    expect(performance.now() - startedMs).toBeLessThan(3_000)
  })

  test('before anything was sent sends nothing', async () => {
    await using server = await startByteServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
    await using origin = openAt(server.url)

    await expect(origin.fetch(GET, AbortSignal.abort())).rejects.toThrow()
    expect(server.heads).toEqual([])
  })
})

describe('an origin with a path', () => {
  test.each([
    '/../admin',
    '/%2e%2e/admin',
    '/a/.%2E/../admin',
    '/..%2fadmin',
    '/..\\admin',
    '/..;/admin',
    '/..',
  ])('%s does not leave it', async (target) => {
    await using server = await startByteServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
    await using origin = openAt(`${server.url}/public/`)

    const response = await origin.fetch({ ...GET, target }, soon())

    expect([response.status, server.heads]).toEqual([400, []])
  })

  test('dots that lead nowhere are the origin’s to read', async () => {
    await using server = await startByteServer((socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n'))
    await using origin = openAt(`${server.url}/public/`)

    const targets = ['/a..b/...', '/?next=/../x', '/%2F/%252e%252e', '/']
    for (const target of targets) await origin.fetch({ ...GET, target }, soon())

    const asked = server.heads.map((head) => head.split(' ')[1])
    expect(asked).toEqual(targets.map((target) => `/public${target}`))
  })

  test.each(['*', 'http://other.example/'])('the target %s is refused: it is no path', async (target) => {
    await using origin = openAt('http://127.0.0.1:9')

    expect((await origin.fetch({ ...GET, target }, soon())).status).toBe(400)
  })
})

test('bodies that come slowly keep no request waiting that has none', { timeout: 30_000 }, async () => {
  await using behind = await site()
  behind.answers((request, response) => {
    request.resume().once('end', () => response.end('whole'))
  })
  await using origin = openAt(behind.url)
  const slow = Array.from({ length: 200 }, () => {
    const body = new Readable({ read: () => undefined })
    body.push('one byte of many')
    const posted: Request = { ...GET, method: 'POST', body, fields: ['content-length', '1000'] }
    return { body, answer: origin.fetch(posted, AbortSignal.timeout(20_000)).catch(() => 'ended') }
  })
  await expect.poll(() => behind.requests.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(128)

  const answer = await origin.fetch(GET, soon())

  expect(await bodyOf(answer)).toBe('whole')
  for (const { body } of slow) body.destroy()
  await Promise.all(slow.map((one) => one.answer))
})
