import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { echoing } from './echoing.ts'
import { HOST, type House, houseInFrontOf } from './house.ts'
import { type CertificateFiles, certificateFiles, type Http2Client, http2Client } from './http2-client.ts'
import { site } from './site.ts'

/** Asks for a WebSocket on a stream (RFC 8441 §4). */
function openSocket(session: ClientHttp2Session, fields: Record<string, string> = {}): ClientHttp2Stream {
  const asked = {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'https',
    ':authority': HOST,
    ':path': '/chat?room=1',
    'sec-websocket-version': '13',
  }
  const stream = session.request({ ...asked, ...fields }, { endStream: false })
  stream.on('error', () => undefined)
  return stream
}

async function statusOf(stream: ClientHttp2Stream): Promise<number> {
  const [head] = await once(stream, 'response')
  return Number(head[':status'])
}

describe('a WebSocket over HTTP/2 (RFC 8441)', () => {
  let files: CertificateFiles
  let origin: Awaited<ReturnType<typeof echoing>>
  let house: House
  let viewer: Http2Client

  beforeAll(async () => {
    files = await certificateFiles()
    origin = await echoing()
    house = await houseInFrontOf(origin.url, { tls: files.tls, http2: 'own' })
    viewer = await http2Client(house.securePort)
  })

  afterAll(async () => {
    await viewer[Symbol.asyncDispose]()
    await house[Symbol.asyncDispose]()
    await origin[Symbol.asyncDispose]()
    await files[Symbol.asyncDispose]()
  })

  test('is announced, goes to the origin and back, and is logged as over HTTP/1.1', async () => {
    await expect.poll(() => viewer.session.remoteSettings.enableConnectProtocol).toBe(true)
    const forged = {
      'selvedge-distribution': 'other',
      'sec-websocket-key': 'mine',
      'x-forwarded-for': '1.2.3.4',
    }
    const stream = openSocket(viewer.session, { ...forged, 'sec-websocket-protocol': 'chat' })
    let received = ''

    expect(await statusOf(stream)).toBe(200)
    stream.on('data', (chunk) => {
      received += chunk
    })
    stream.write('there and back')
    await expect.poll(() => received).toBe('there and back')
    stream.end()
    await once(stream, 'close')

    expect(stream.rstCode).toBe(0)
    const [record] = await house.records(1)
    const [asked = {}] = origin.asked
    expect(asked).toMatchObject({
      upgrade: 'websocket',
      'x-forwarded-for': '127.0.0.1',
      'sec-websocket-protocol': 'chat',
      'sec-websocket-version': '13',
    })
    expect(asked['sec-websocket-key']).toMatch(/^[A-Za-z0-9+/]{22}==$/)
    expect(Object.keys(asked).filter((name) => name.startsWith('selvedge-'))).toEqual([])
    expect(record).toMatchObject({
      scheme: 'wss',
      status: '101',
      path: '/chat',
      query: 'room=1',
      method: 'GET',
    })
  })

  test('whose viewer reads slowly loses nothing, and other streams go on', { timeout: 60_000 }, async () => {
    const stream = openSocket(viewer.session)
    expect(await statusOf(stream)).toBe(200)
    const bytes = Buffer.from(Uint8Array.from({ length: 5_000_000 }, (_, at) => (at * at) % 251))
    const hash = createHash('sha256')
    stream.write(bytes)
    // More than any window of its lies unread by now, or soon will; the connection is the others' too.
    const other = openSocket(viewer.session)
    expect(await statusOf(other)).toBe(200)
    other.destroy()

    let left = bytes.byteLength
    for await (const chunk of stream) {
      hash.update(chunk)
      left -= chunk.byteLength
      if (left === 0) break
    }

    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  test('that the viewer resets ends at the origin, and the connection goes on', async () => {
    const before = origin.sockets.length
    const stream = openSocket(viewer.session)
    expect(await statusOf(stream)).toBe(200)

    stream.close(constants.NGHTTP2_CANCEL)

    await expect.poll(() => origin.sockets[before]?.destroyed).toBe(true)
    expect(await statusOf(openSocket(viewer.session))).toBe(200)
  })

  test.each([
    ['ends', (socket: Socket) => socket.end()],
    ['breaks off', (socket: Socket) => socket.resetAndDestroy()],
  ])('that the origin %s is closed, though the viewer doesn’t end its side', async (_, act) => {
    const before = origin.sockets.length
    const stream = openSocket(viewer.session)
    expect(await statusOf(stream)).toBe(200)
    stream.resume()

    act(origin.sockets[before] as Socket)
    await once(stream, 'close')

    expect(await statusOf(openSocket(viewer.session))).toBe(200)
  })

  test('of another protocol is answered with 501, and of another name as any request for it', async () => {
    const other = openSocket(viewer.session, { ':protocol': 'connect-udp' })
    const stranger = openSocket(viewer.session, { ':authority': 'elsewhere.example' })
    const before = origin.asked.length

    expect(await statusOf(other)).toBe(501)
    expect(await statusOf(stranger)).toBeGreaterThanOrEqual(400)
    expect(origin.asked.length).toBe(before)
  })

  test('brings no body of another request with it', async () => {
    const before = origin.asked.length
    const stream = openSocket(viewer.session, { 'content-length': '5', expect: '100-continue' })

    expect(await statusOf(stream)).toBe(200)
    const [asked = {}] = origin.asked.slice(before)
    expect(Object.keys(asked)).not.toContain('content-length')
    expect(Object.keys(asked)).not.toContain('expect')
    stream.destroy()
  })
})

describe('a WebSocket over HTTP/2 that is refused', () => {
  test('by the origin gets its answer, and may be followed by others', async () => {
    await using files = await certificateFiles()
    await using origin = await site({ 'cache-control': 'max-age=60' })
    await using house = await houseInFrontOf(origin.url, { tls: files.tls, http2: 'own' })
    await using viewer = await http2Client(house.securePort)
    origin.answers((_, response) => response.writeHead(403, { 'content-length': 6 }).end('not so'))

    const stream = openSocket(viewer.session)
    const status = await statusOf(stream)
    let body = ''
    for await (const chunk of stream) body += chunk

    expect([status, body]).toEqual([403, 'not so'])
    expect((await viewer.ask()).status).toBe(403)
    const [record] = await house.records(2)
    expect(record).toMatchObject({ scheme: 'wss', status: '403' })
  })

  test('because nobody is there gets 502', async () => {
    await using files = await certificateFiles()
    await using house = await houseInFrontOf('http://127.0.0.1:9', {
      tls: files.tls,
      http2: 'own',
      shields: ['http://127.0.0.1:9'],
    })
    await using viewer = await http2Client(house.securePort)

    expect(await statusOf(openSocket(viewer.session))).toBe(502)
  })
})
