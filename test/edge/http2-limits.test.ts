import { once } from 'node:events'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOST, houseInFrontOf } from './house.ts'
import { type CertificateFiles, certificateFiles, HTTP2, http2Client } from './http2-client.ts'
import { frame, get, number32, rawHttp2, section, setting, TYPE } from './http2-frames.ts'
import { site } from './site.ts'

const KEPT = { 'cache-control': 'max-age=1000' }
const INITIAL_WINDOW_SIZE = 4
const CANCEL = 8
const GENEROUS = { timeout: 20_000 }

let files: CertificateFiles
let tls: CertificateFiles['tls']

beforeAll(async () => {
  files = await certificateFiles()
  tls = files.tls
})

afterAll(() => files[Symbol.asyncDispose]())

describe.each(HTTP2)('by %s:', (http2) => {
  describe('silence', () => {
    test('before any request, and after one, ends the connection in good order', async () => {
      await using origin = await site(KEPT)
      const limits = { headMs: 1_000, idleMs: 3_000 }
      await using house = await houseInFrontOf(origin.url, { http2, tls, limits })

      const options = { port: house.securePort, rejectUnauthorized: false, ALPNProtocols: ['h2'] }
      const mute = connect(options, () => mute.write('PRI * HTT'))
      mute.resume()
      const silent = await rawHttp2(house.securePort)
      const half = await rawHttp2(house.securePort)
      half.send(frame(TYPE.headers, 0, 1, section([':method', 'GET'])))
      const content = await rawHttp2(house.securePort)
      content.send(get(1, '/'))

      if (!mute.closed) await once(mute, 'close')
      for (const viewer of [silent, half, content]) {
        await expect.poll(() => viewer.closed, GENEROUS).toBe(true)
        expect(viewer.goaway).toBe(0)
      }
      await expect.poll(() => house.connections, GENEROUS).toBe(0)
    }, 60_000)

    test('in the middle of an upload gets 408, and other requests of the connection go on', async () => {
      await using origin = await site()
      origin.answers((request, response) => request.resume().on('end', () => response.end('whole')))
      await using house = await houseInFrontOf(origin.url, { http2, tls, limits: { requestMs: 1_000 } })
      await using viewer = await http2Client(house.securePort)

      const stream = viewer.session.request({ ':method': 'POST', ':authority': HOST, ':path': '/' })
      stream.write('half')
      const [headers] = await once(stream, 'response')
      stream.resume()

      expect(headers[':status']).toBe(408)
      await expect.poll(() => stream.destroyed, GENEROUS).toBe(true)
      expect(await viewer.ask({ method: 'POST', body: 'x' })).toMatchObject({ status: 200, body: 'whole' })
      expect(await house.records(2)).toMatchObject([{ status: '408' }, { status: '200' }])
    }, 30_000)
  })

  describe('a viewer who doesn’t read', () => {
    const limits = { stallMs: 1_000, idleMs: 2_000 }

    test('with windows that stay shut loses those streams, and keeps the connection while it asks', async () => {
      await using origin = await site()
      const body = Buffer.alloc(1_000_000)
      origin.answers((request, response) =>
        response.writeHead(200, KEPT).end(request.url === '/' ? body : ''),
      )
      await using house = await houseInFrontOf(origin.url, { http2, tls, limits })
      await using other = await http2Client(house.securePort)
      await other.ask()
      const before = process.memoryUsage().rss

      const viewer = await rawHttp2(house.securePort, setting(INITIAL_WINDOW_SIZE, 0))
      const ids = Array.from({ length: 100 }, (_, at) => 1 + 2 * at)
      for (const id of ids) viewer.send(get(id, id % 4 === 1 ? '/' : `/?miss=${id}`))
      const resets = () => viewer.frames.filter(({ type }) => type === TYPE.reset)
      await expect.poll(() => resets().length, GENEROUS).toBe(50)
      viewer.send(get(301, '/empty'))

      expect(new Set(resets().map(({ payload }) => payload.readUInt32BE()))).toEqual(new Set([CANCEL]))
      await expect
        .poll(
          () => viewer.frames.some(({ type, stream }) => type === TYPE.headers && stream === 301),
          GENEROUS,
        )
        .toBe(true)
      expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000)
      await expect.poll(() => viewer.closed, GENEROUS).toBe(true)
    }, 60_000)

    test('at all loses the connection', async () => {
      await using origin = await site()
      const body = Buffer.alloc(30_000_000)
      origin.answers((_, response) => response.writeHead(200, KEPT).end(body))
      await using house = await houseInFrontOf(origin.url, { http2, tls, limits })

      const viewer = await rawHttp2(house.securePort, setting(INITIAL_WINDOW_SIZE, 2 ** 31 - 1))
      viewer.send(frame(TYPE.window, 0, 0, number32(2 ** 30)), get(1, '/'))
      await once(viewer.socket, 'data')
      viewer.socket.pause()

      await expect.poll(() => house.connections, GENEROUS).toBe(0)
      viewer.socket.destroy()
    }, 60_000)

    test('has little encrypted ahead of it, however wide its windows', async () => {
      await using origin = await site()
      const body = Buffer.alloc(1_000_000)
      origin.answers((_, response) => response.writeHead(200, KEPT).end(body))
      await using house = await houseInFrontOf(origin.url, { http2, tls })
      await using other = await http2Client(house.securePort)
      await other.ask()
      const before = process.memoryUsage().rss

      const viewers = []
      for (let count = 0; count < 8; count += 1) {
        const viewer = await rawHttp2(house.securePort, setting(INITIAL_WINDOW_SIZE, 2 ** 31 - 1))
        viewer.socket.pause()
        viewer.send(frame(TYPE.window, 0, 0, number32(2 ** 30)))
        for (let at = 0; at < 100; at += 1) viewer.send(get(1 + 2 * at, '/'))
        viewers.push(viewer)
      }
      await expect.poll(() => house.expressAnswers, GENEROUS).toBe(800)

      expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000)
      for (const { socket } of viewers) socket.destroy()
    }, 60_000)

    test('but slowly and steadily gets all', async () => {
      await using origin = await site()
      const body = Buffer.alloc(16_000_000)
      origin.answers((_, response) => response.writeHead(200, KEPT).end(body))
      await using house = await houseInFrontOf(origin.url, { http2, tls, limits })
      await using viewer = await http2Client(house.securePort)

      let bytes = 0
      for await (const chunk of viewer.begin()) {
        bytes += (chunk as Buffer).byteLength
        await new Promise((resolve) => setTimeout(resolve, (chunk as Buffer).byteLength / 4_000))
      }

      expect(bytes).toBe(body.byteLength)
    }, 60_000)
  })

  describe('too many', () => {
    test('requests at once on a connection: the further ones are refused, and may be sent again', async () => {
      await using origin = await site()
      const waiting: (() => void)[] = []
      origin.answers((_, response) => waiting.push(() => response.end('late')))
      await using house = await houseInFrontOf(origin.url, { http2, tls, limits: { streamsMax: 10 } })
      const viewer = await rawHttp2(house.securePort)

      for (let at = 0; at < 15; at += 1) viewer.send(get(1 + 2 * at, `/${at}`))
      const refused = () => viewer.frames.filter(({ type }) => type === TYPE.reset)
      await expect.poll(() => refused().length, GENEROUS).toBe(5)
      await expect.poll(() => waiting.length, GENEROUS).toBe(10)

      // REFUSED_STREAM (RFC 9113 §8.7).
      expect(new Set(refused().map(({ payload }) => payload.readUInt32BE()))).toEqual(new Set([7]))
      for (const answer of waiting) answer()
      const answered = () => viewer.frames.filter(({ type }) => type === TYPE.headers)
      await expect.poll(() => answered().length, GENEROUS).toBe(10)
      viewer.socket.destroy()
    }, 30_000)

    test('connections from one address: the further ones are closed at once', async () => {
      await using origin = await site(KEPT)
      await using house = await houseInFrontOf(origin.url, {
        http2,
        tls,
        limits: { connectionsPerAddressMax: 2 },
      })
      await using one = await http2Client(house.securePort)
      await using other = await http2Client(house.securePort)

      await expect(http2Client(house.securePort)).rejects.toThrow()

      expect(await one.ask()).toMatchObject({ status: 200 })
      expect(await other.ask()).toMatchObject({ status: 200 })
    })
  })
})
