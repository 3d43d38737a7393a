import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { selfSignedCertificate } from '../../deploy/certificate.ts'
import { HOST, houseInFrontOf } from './house.ts'
import { site } from './site.ts'

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`
const LAST = get('/small').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')

/** An edge with TLS whose `/large` has 16 MB, in one piece in memory, and a small body for anything else. */
async function houseWithLarge(lane: 'on' | 'off') {
  const folder = await mkdtemp(join(tmpdir(), 'selvedge-tls-'))
  const large = Buffer.alloc(16_000_000)
  for (let at = 0; at < large.length; at += 4) large.writeInt32LE(Math.imul(at, 0x9e3779b1), at)
  const origin = await site()
  origin.answers((request, response) => {
    const body = request.url === '/large' ? large : 'small'
    response.writeHead(200, { 'cache-control': 'max-age=600', etag: '"one"' }).end(body)
  })
  const tls = await selfSignedCertificate([HOST], folder)
  const house = await houseInFrontOf(origin.url, { lane, tls, cache: { sliceBytes: 32 * 1_048_576 } })
  const viewer = async (): Promise<TLSSocket> => {
    const socket = connect({ host: '127.0.0.1', port: house.securePort, rejectUnauthorized: false })
    socket.on('error', () => undefined)
    await once(socket, 'secureConnect')
    return socket
  }
  return {
    large,
    viewer,
    async [Symbol.asyncDispose]() {
      await house[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

test.each(['on', 'off'] as const)(
  'bodies over TLS arrive whole and in order, however large (lane: %s)',
  async (lane) => {
    await using house = await houseWithLarge(lane)
    const first = await house.viewer()
    first.write(get('/large') + LAST)
    for await (const _ of first);

    const socket = await house.viewer()
    socket.write(get('/small').repeat(20) + get('/large').repeat(2) + get('/small').repeat(3) + LAST)
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk)

    const text = Buffer.concat(chunks).toString('latin1')
    const bodies = text.split(/HTTP\/1\.1 200 OK\r\n[\s\S]*?\r\n\r\n/).slice(1)
    const large = house.large.toString('latin1')
    const expected = [...Array(20).fill('small'), large, large, ...Array(4).fill('small')]
    expect(bodies.map((body) => body.length)).toEqual(expected.map((body) => body.length))
    expect(bodies.every((body, at) => body === expected[at])).toBe(true)
  },
  60_000,
)

test('viewers who don’t read a large body take little memory each', async () => {
  await using house = await houseWithLarge('on')
  const first = await house.viewer()
  first.write(get('/large') + LAST)
  for await (const _ of first);
  const before = process.memoryUsage().rss

  const sockets = await Promise.all(Array.from({ length: 20 }, house.viewer))
  for (const socket of sockets) socket.pause().write(get('/large'))
  // Whoever asks after them is answered after them.
  const last = await house.viewer()
  last.write(LAST)
  for await (const _ of last);

  // Encrypted beforehand, these bodies had 320 MB.
  expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(120)
  for (const socket of sockets) socket.destroy()
}, 60_000)
