import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { echoing } from './echoing.ts'
import { HOST, houseInFrontOf } from './house.ts'
import { site } from './site.ts'

function upgradeRequest(host: string): string {
  return `GET /chat?room=1 HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSelvedge-Distribution: other\r\n\r\n`
}

describe('WebSocket', () => {
  test('goes through edge and shield to the origin and back, and is logged when it ends', async () => {
    await using origin = await echoing()
    await using house = await houseInFrontOf(origin.url)
    const socket = connect({ host: '127.0.0.1', port: house.port })
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })

    socket.write(upgradeRequest(HOST))
    await expect.poll(() => received).toContain('\r\n\r\n')
    socket.write('there and back')
    await expect.poll(() => received).toMatch(/there and back$/)
    socket.destroy()
    const [record] = await house.records(1)

    expect(received).toMatch(/^HTTP\/1\.1 101 /)
    expect(received).toContain('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
    expect(origin.asked[0]).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'cdn-loop': expect.stringMatching(/^selvedge-/),
    })
    expect(Object.keys(origin.asked[0] ?? {}).filter((name) => name.startsWith('selvedge-'))).toEqual([])
    expect(record).toMatchObject({ scheme: 'ws', status: '101', path: '/chat', query: 'room=1' })
  })

  test('a viewer who resets it, at any moment, ends nothing else', async () => {
    await using silent = await site()
    silent.answers(() => undefined)
    await using origin = await echoing()
    for (const url of [silent.url, origin.url]) {
      await using house = await houseInFrontOf(url)
      for (const waitMs of [0, 30, 100]) {
        const socket = connect({ host: '127.0.0.1', port: house.port })
        await once(socket, 'connect')
        socket.write(upgradeRequest(HOST))
        await new Promise((resolve) => setTimeout(resolve, waitMs))
        socket.resetAndDestroy()
      }

      // The worker and the shield are in this process: an error that they don't catch fails the test.
      expect((await house.records(3)).map(({ scheme }) => scheme)).toEqual(['ws', 'ws', 'ws'])
    }
  })

  test('an upgrade that we don’t carry is ignored, and the request answered (RFC 9110 §7.8)', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60' })
    await using house = await houseInFrontOf(origin.url)
    const socket = connect({ host: '127.0.0.1', port: house.port })
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })

    socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`)

    await expect.poll(() => received).toMatch(/^HTTP\/1\.1 200 [\s\S]*answer 1/)
    socket.destroy()
  })

  test('is refused without TLS where the site is for HTTPS only', async () => {
    await using origin = await echoing()
    const distribution = {
      id: 'site',
      aliases: [HOST],
      defaultCacheBehavior: { viewerProtocolPolicy: 'https-only' },
      origins: [{ id: 'o', http: { url: origin.url } }],
    }
    await using house = await houseInFrontOf([distribution])
    const socket = connect({ host: '127.0.0.1', port: house.port })
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })

    socket.write(upgradeRequest(HOST))
    await once(socket, 'close')

    expect(received).toMatch(/^HTTP\/1\.1 403 /)
    expect(origin.asked).toEqual([])
  })

  test.each([
    ['an unknown Host', 'unknown.example', 421],
    ['an origin that can’t be reached', HOST, 502],
  ])('%s is refused in plain HTTP', async (_, host, status) => {
    await using house = await houseInFrontOf('http://127.0.0.1:9')
    const socket = connect({ host: '127.0.0.1', port: house.port })
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })

    socket.write(upgradeRequest(host))
    await once(socket, 'close')

    expect(received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  })
})
