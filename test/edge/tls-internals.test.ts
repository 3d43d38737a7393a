import { once } from 'node:events'
import { Writable } from 'node:stream'
import { connect } from 'node:tls'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { checkTlsInternals, DOCUMENTED_TLS } from '../../edge/listen/tls/tls-internals.ts'
import { HOST, houseInFrontOf } from './house.ts'
import { certificateFiles } from './http2-client.ts'
import { frame, get, PREFACE, statusIn, TYPE } from './http2-frames.ts'
import { site } from './site.ts'

test('this Node has what TLS sockets are read and written by', async () => {
  const told: string[] = []
  const lines = new Writable({ write: (line, _, done) => done(void told.push(String(line))) })

  const internals = await checkTlsInternals(pino(lines))

  expect(told).toEqual([])
  expect(internals).not.toBe(DOCUMENTED_TLS)
})

test.each(['on', 'public'] as const)(
  'what comes with the end of the handshake is read (lane %s)',
  async (lane) => {
    await using files = await certificateFiles()
    await using origin = await site({ 'cache-control': 'max-age=1000' })
    await using house = await houseInFrontOf(origin.url, { tls: files.tls, lane })
    const open = (protocol: string, bytes: Buffer) => {
      const at = { host: '127.0.0.1', port: house.securePort, servername: HOST, rejectUnauthorized: false }
      const socket = connect({ ...at, ALPNProtocols: [protocol] })
      // Before there is a connection: TLS says it together with its Finished.
      socket.write(bytes)
      return socket
    }

    for (let times = 0; times < 20; times += 1) {
      const plain = open('http/1.1', Buffer.from(`GET /${times % 2} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`))
      const [answer] = await once(plain, 'data')
      expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /)
      plain.destroy()

      const h2 = open('h2', Buffer.concat([PREFACE, frame(TYPE.settings, 0, 0), get(1, `/${times % 2}`)]))
      let came = Buffer.alloc(0)
      h2.on('data', (bytes: Buffer) => {
        came = Buffer.concat([came, bytes])
      })
      await expect.poll(() => statusOn1(came)).toBe(200)
      h2.destroy()
    }
  },
)

/** The status on stream 1, once it is there. */
function statusOn1(bytes: Buffer): number | undefined {
  for (let at = 0; at + 9 <= bytes.byteLength; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes[at + 3] === TYPE.headers)
      return statusIn(bytes.subarray(at + 9, at + 9 + bytes.readUIntBE(at, 3)))
  }
  return undefined
}
