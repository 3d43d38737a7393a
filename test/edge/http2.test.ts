import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOST, houseInFrontOf } from './house.ts'
import { type CertificateFiles, certificateFiles, HTTP2, http2Client, replyOn } from './http2-client.ts'
import { FLAG, frame, number32, rawHttp2, section, TYPE } from './http2-frames.ts'
import { site } from './site.ts'

const KEPT = { 'cache-control': 'max-age=1000', etag: '"one"', 'content-type': 'text/plain' }
let files: CertificateFiles
let tls: CertificateFiles['tls']

beforeAll(async () => {
  files = await certificateFiles()
  tls = files.tls
})

afterAll(() => files[Symbol.asyncDispose]())

describe.each(HTTP2)('by %s:', (http2) => {
  describe('a connection', () => {
    test('is HTTP/2 for whoever offers it first, HTTP/1.1 for others', async () => {
      await using origin = await site(KEPT)
      await using house = await houseInFrontOf(origin.url, { http2, tls })

      const chosen: unknown[] = []
      for (const ALPNProtocols of [['h2', 'http/1.1'], ['http/1.1', 'h2'], ['http/1.1'], undefined]) {
        const options = {
          port: house.securePort,
          rejectUnauthorized: false,
          ...(ALPNProtocols && { ALPNProtocols }),
        }
        const socket = connect(options)
        await once(socket, 'secureConnect')
        chosen.push(socket.alpnProtocol)
        socket.destroy()
      }

      expect(chosen).toEqual(['h2', 'h2', 'http/1.1', false])
    })

    test('carries many requests at once, hits and misses, each with an id of its own', async () => {
      await using origin = await site(KEPT)
      origin.answers((request, response) => response.writeHead(200, KEPT).end(`body of ${request.url}`))
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)

      const paths = Array.from({ length: 100 }, (_, at) => `/${at % 10}`)
      const first = await Promise.all(paths.map((path) => viewer.ask({ path })))
      const second = await Promise.all(paths.map((path) => viewer.ask({ path })))

      expect(first.map(({ body }) => body)).toEqual(paths.map((path) => `body of ${path}`))
      expect(second).toMatchObject(paths.map((path) => ({ status: 200, body: `body of ${path}` })))
      expect(second.every(({ headers }) => headers['x-cache'] === 'Hit from selvedge')).toBe(true)
      const ids = [...first, ...second].map(({ headers }) => headers['x-selvedge-request-id'])
      expect(new Set(ids).size).toBe(200)
      expect(house.expressAnswers).toBe(100)
      expect(origin.requests).toHaveLength(10)
    })

    test('that stops takes no more, and what is under way ends well', async () => {
      await using origin = await site()
      const { promise: asked, resolve } = Promise.withResolvers<() => void>()
      origin.answers((_, response) => resolve(() => response.writeHead(200).end('whole')))
      const house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)
      const goaway = once(viewer.session, 'goaway')
      const reply = viewer.ask()
      const answer = await asked

      const disposed = house[Symbol.asyncDispose]()
      expect((await goaway)[0]).toBe(0)
      answer()

      expect(await reply).toMatchObject({ status: 200, body: 'whole' })
      await disposed
    })
  })

  describe('a response', () => {
    test('of any size gets to whoever asks for many at once', async () => {
      await using origin = await site()
      const body = Buffer.alloc(1_000_000, 'large')
      origin.answers((request, response) =>
        response.writeHead(200, KEPT).end(request.url === '/' ? body : 'small'),
      )
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)
      await viewer.ask()

      const large = Array.from({ length: 60 }, () => viewer.ask())
      const small = await viewer.ask({ path: '/small' })
      const again = await viewer.ask({ path: '/small' })

      expect([small, again]).toMatchObject([{ body: 'small' }, { body: 'small' }])
      for (const reply of await Promise.all(large)) expect(reply.body === body.toString()).toBe(true)
    }, 30_000)

    test('says of a hit how old it is when it is said', async () => {
      await using origin = await site({ 'cache-control': 'max-age=100' })
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)

      await viewer.ask()
      const young = await viewer.ask()
      house.clock.advanceSeconds(42)
      const old = await viewer.ask()
      house.clock.advanceSeconds(60)
      const renewed = await viewer.ask()

      expect(young.headers).toMatchObject({ age: '0', 'x-cache': 'Hit from selvedge' })
      expect(old.headers.age).toMatch(/^4[23]$/)
      expect(old.headers['cache-status']).toMatch(/; ttl=5[78]$/)
      expect(renewed).toMatchObject({ body: 'answer 2', headers: { 'x-cache': 'Miss from selvedge' } })
    })

    test('has no body to HEAD, nor where nothing changed; a part where one is asked for', async () => {
      await using origin = await site(KEPT)
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)
      await viewer.ask()

      const head = await viewer.ask({ method: 'HEAD' })
      const same = await viewer.ask({ fields: ['if-none-match', '"one"'] })
      const part = await viewer.ask({ fields: ['range', 'bytes=0-5'] })

      expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '8' } })
      expect(same).toMatchObject({ status: 304, body: '' })
      expect(part).toMatchObject({ status: 206, body: 'answer', headers: { 'content-range': 'bytes 0-5/8' } })
    })

    test('leaves out what is about an origin’s connection, and says twice what it said twice', async () => {
      await using origin = await site({
        connection: 'close, x-hop',
        'x-hop': '1',
        'keep-alive': 'timeout=5',
        'content-type': ['text/plain', 'text/html'] as never,
        'set-cookie': ['a=1', 'b=2'],
      })
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)

      const { fields } = await viewer.ask()

      expect(fields.filter((_, at) => at % 2 === 0)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(connection|keep-alive|x-hop|transfer-encoding)$/)]),
      )
      expect(fields.filter((name) => name === 'set-cookie')).toHaveLength(2)
      expect(fields.filter((name) => name === 'content-type')).toHaveLength(2)
    })

    test('comes after the interim ones of the origin', async () => {
      await using origin = await site()
      origin.answers((_, response) => {
        response.writeEarlyHints({ link: '</a.css>; rel=preload' })
        response.writeHead(200).end('page')
      })
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)

      expect(await viewer.ask()).toMatchObject({
        interim: ['103 </a.css>; rel=preload'],
        status: 200,
        body: 'page',
      })
    })

    test('that breaks off at the origin is reset, and the connection goes on', async () => {
      await using origin = await site()
      origin.answers((request, response) => {
        if (request.url === '/whole') return response.end('whole')
        response.writeHead(200, { 'content-length': 1_000_000 }).write(Buffer.alloc(200_000))
        return setTimeout(() => response.destroy(), 200)
      })
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)

      await expect(viewer.ask({ path: '/broken' })).rejects.toThrow('NGHTTP2_INTERNAL_ERROR')

      expect(await viewer.ask({ path: '/whole' })).toMatchObject({ body: 'whole' })
      expect(await house.records(2)).toMatchObject([
        { resultType: 'Error', status: '200' },
        { status: '200' },
      ])
    })
  })

  describe('an upload', () => {
    test('of any length gets to the origin whole, and other requests go on meanwhile', async () => {
      await using origin = await site()
      origin.answers((request, response) => {
        if (request.method === 'GET') return response.end('meanwhile')
        const hash = createHash('sha256')
        request.on('data', (chunk) => hash.update(chunk))
        return request.on('end', () => response.end(hash.digest('hex')))
      })
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)
      const sent = randomBytes(20_000_000)

      const upload = viewer.ask({ method: 'POST', path: '/upload', body: sent })
      const meanwhile = await viewer.ask({ path: '/page' })
      const small = await viewer.ask({ method: 'POST', path: '/upload', body: 'small' })
      const none = await viewer.ask({
        method: 'POST',
        path: '/upload',
        fields: ['content-length', '0'],
        body: '',
      })

      const digest = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')
      expect([(await upload).body, small.body, none.body]).toEqual([
        digest(sent),
        digest('small'),
        digest(''),
      ])
      expect(meanwhile.body).toBe('meanwhile')
      const [, , , large] = await house.records(4)
      expect(Number(large?.bytesReceived)).toBeGreaterThan(20_000_000)
    }, 30_000)

    test('that an origin answers before its end is ended there', async () => {
      await using origin = await site()
      origin.answers((_, response) => response.writeHead(403).end('no'))
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)

      const stream = viewer.begin({ method: 'POST', body: Buffer.alloc(0) })
      const endless = viewer.session.request({ ':method': 'POST', ':authority': HOST, ':path': '/' })
      endless.write(Buffer.alloc(1_000))
      stream.on('error', () => undefined)
      const reply = await replyOn(endless)

      expect(reply).toMatchObject({ status: 403, body: 'no' })
      await expect.poll(() => endless.rstCode).toBe(0)
      await expect.poll(() => endless.destroyed).toBe(true)
    })

    test('that breaks off never looks whole to the origin', async () => {
      await using origin = await site()
      const { promise: arrived, resolve } = Promise.withResolvers<void>()
      const ends: string[] = []
      origin.answers((request) => {
        request.once('data', () => resolve())
        request.on('end', () => ends.push('whole'))
        request.on('error', () => ends.push('broken'))
      })
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      const viewer = await rawHttp2(house.securePort)
      const put = [':method', 'PUT', ':scheme', 'https', ':authority', HOST, ':path', '/']

      viewer.send(
        frame(TYPE.headers, FLAG.endHeaders, 1, section(put)),
        frame(TYPE.data, 0, 1, Buffer.alloc(999)),
      )
      await arrived
      viewer.send(frame(TYPE.reset, 0, 1, number32(0)))
      await expect.poll(() => ends).toEqual(['broken'])
      viewer.send(
        frame(TYPE.headers, FLAG.endHeaders, 3, section(put)),
        frame(TYPE.data, 0, 3, Buffer.alloc(999)),
      )
      await expect.poll(() => origin.requests).toHaveLength(2)
      viewer.socket.destroy()

      await expect.poll(() => ends).toEqual(['broken', 'broken'])
      expect(await house.records(2)).toMatchObject([
        // Nobody answered, and yet it is a request of that site.
        { status: '0', detailedResultType: 'ClientCommError', distribution: 'site' },
        { status: '0', distribution: 'site' },
      ])
    })
  })

  describe('a viewer who cancels', () => {
    test('ends what was asked upstream for nobody else', async () => {
      await using origin = await site()
      const ends: string[] = []
      origin.answers((request, response) => {
        response.on('close', () => ends.push(`${request.url} ${response.writableFinished}`))
        if (request.url === '/whole') response.end('whole')
      })
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)

      const stream = viewer.begin({ path: '/slow' })
      stream.on('error', () => undefined)
      await expect.poll(() => origin.requests).toEqual(['GET /slow'])
      stream.close(8)

      await expect.poll(() => ends).toEqual(['/slow false'])
      expect(await viewer.ask({ path: '/whole' })).toMatchObject({ body: 'whole' })
    })
  })

  describe('a request', () => {
    test.each([
      ['another Host than :authority', { fields: ['host', 'evil.example'] }],
      ['no host at all', { authority: '' }],
      ['a path in its authority', { authority: `${HOST}/x` }],
      ['user information in its authority', { authority: `user@${HOST}` }],
      ['a fragment in its path', { path: '/a#b' }],
      ['a path that can be read in two ways', { path: '/%zz' }],
    ])('with %s gets 400, and nothing reaches the origin', async (_, asked) => {
      await using origin = await site()
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)

      const reply = await viewer.ask(asked).catch((error: Error) => error.message)

      // What nghttp2 refuses by itself, it resets (RFC 9113 §8.1.1).
      if (typeof reply === 'string') expect(reply).toContain('NGHTTP2_PROTOCOL_ERROR')
      else expect(reply.status).toBe(400)
      expect(origin.requests).toEqual([])
    })

    test('for a name that is not ours gets 421, one with a head too large 413', async () => {
      await using origin = await site()
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)

      expect(await viewer.ask({ authority: 'other.example' })).toMatchObject({ status: 421 })
      expect(await viewer.ask({ fields: ['x', 'a'.repeat(21_000)] })).toMatchObject({ status: 413 })
      await expect(viewer.ask({ fields: ['x', 'a'.repeat(70_000)] })).rejects.toThrow()
      expect(await viewer.ask()).toMatchObject({ status: 200 })
    })

    test('gets to the origin as one by HTTP/1.1 would, cookies in one piece', async () => {
      await using origin = await site()
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)

      await viewer.ask({ fields: ['cookie', 'a=1', 'x', '1', 'cookie', 'b=2', 'te', 'trailers'] })

      expect(origin.headers[0]).toMatchObject({
        cookie: 'a=1; b=2',
        x: '1',
        'x-forwarded-host': HOST,
        'x-forwarded-proto': 'https',
        via: expect.stringMatching(/^2\.0 test \(selvedge\)/),
      })
      expect(origin.headers[0]).not.toHaveProperty('te')
    })

    test('waits for 100 where it says so', async () => {
      await using origin = await site()
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using viewer = await http2Client(house.securePort)

      const stream = viewer.session.request({
        ':method': 'POST',
        ':authority': HOST,
        ':path': '/',
        expect: '100-continue',
      })
      await once(stream, 'continue')
      stream.end('body')

      expect(await replyOn(stream)).toMatchObject({ status: 200 })
    })
  })

  test('the log has the same records as of HTTP/1.1, but for the version and the bytes', async () => {
    await using origin = await site(KEPT)
    await using house = await houseInFrontOf(origin.url, { http2, tls })
    await using viewer = await http2Client(house.securePort)
    const fields = [
      'user-agent',
      'Agent',
      'referer',
      'https://r/',
      'sec-fetch-dest',
      'document',
      'sec-gpc',
      '1',
    ]

    for (let times = 0; times < 3; times += 1) await viewer.ask({ path: '/page?x=1', fields })
    const records = await house.records(3)

    expect(records).toMatchObject(
      ['Miss', 'Hit', 'Hit'].map((resultType) => ({
        resultType,
        distribution: 'site',
        host: HOST,
        method: 'GET',
        scheme: 'https',
        protocolVersion: 'HTTP/2.0',
        path: '/page',
        query: 'x=1',
        status: '200',
        contentType: 'text/plain',
        clientIp: '127.0.0.1',
        tlsProtocol: 'TLSv1.3',
        userAgent: 'Agent',
        referer: 'https://r/',
        secFetchDest: 'document',
        doNotTrack: '1',
      })),
    )
    for (const { bytesSent, bytesReceived } of records) {
      expect(Number(bytesSent)).toBeGreaterThan(200)
      expect(Number(bytesReceived)).toBeGreaterThan(100)
    }
  })
})
