import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LaneUse } from '../../edge/listen/fronts.ts'
import { HOST, type House, houseInFrontOf } from './house.ts'
import { type CertificateFiles, certificateFiles } from './http2-client.ts'
import { type Site, site } from './site.ts'

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`
const BODIES = { '/small': 's'.repeat(1_000), '/large': 'l'.repeat(300_000) }

/** How a viewer says that it asks for nothing more. `last words` alone leave TCP open; `an end` alone isn't TLS's. */
const WAYS = ['last words and an end', 'last words', 'an end'] as const

describe.each(['off', 'on', 'public'] as const satisfies readonly LaneUse[])(
  'a viewer by TLS who asks for nothing more, and waits (lane %s)',
  (lane) => {
    let files: CertificateFiles
    let origin: Site
    let house: House

    beforeAll(async () => {
      files = await certificateFiles()
      origin = await site()
      origin.answers(({ url }, response) =>
        response.writeHead(200, { 'cache-control': 'max-age=1000' }).end(BODIES[url as '/small']),
      )
      house = await houseInFrontOf(origin.url, { tls: files.tls, lane })
      for (const path of Object.keys(BODIES)) await untilKept(house, path)
    })

    afterAll(async () => {
      await house[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
      await files[Symbol.asyncDispose]()
    })

    test.each(WAYS)('by %s, gets the hits that it asked for, and the connection ends', async (way) => {
      for (const asked of [['/small'], ['/large'], ['/small', '/small', '/small'], []] as const) {
        const viewer = await viewerOf(house)
        await viewer.ask(asked.map(get).join(''))
        await viewer.end(way)

        const bodies = (await viewer.all()).split(/HTTP\/1\.1 200 OK\r\n[\s\S]*?\r\n\r\n/).slice(1)
        expect(bodies.map(({ length }) => length)).toEqual(asked.map((path) => BODIES[path].length))
      }
      await expect.poll(() => house.connections).toBe(0)
    })
  },
)

/** Asks until the answer is out of memory. */
async function untilKept(house: House, path: string): Promise<void> {
  for (let text = ''; !text.includes('Hit from'); ) {
    const viewer = await viewerOf(house)
    await viewer.ask(get(path).replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    text = await viewer.all()
  }
}

async function viewerOf(house: House) {
  const tcp = connect({ host: '127.0.0.1', port: house.securePort, noDelay: true, allowHalfOpen: true })
  await once(tcp, 'connect')
  const at = { servername: HOST, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'], allowHalfOpen: true }
  const socket = connectTls({ ...at, socket: withoutEnd(tcp) } as object)
  await once(socket, 'secureConnect')
  socket.setNoDelay(true)
  let text = ''
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
  })
  const ended = once(socket, 'end', { signal: AbortSignal.timeout(20_000) })
  return {
    async ask(requests: string): Promise<void> {
      if (requests !== '') await new Promise((done) => socket.write(requests, done))
    },
    async end(way: (typeof WAYS)[number]): Promise<void> {
      if (way !== 'an end') socket.end()
      if (way === 'last words and an end') await once(socket, 'finish')
      // Into the handshake's last words it would cut.
      if (way !== 'last words') setImmediate(() => tcp.end())
    },
    /** All that came, once it has ended. */
    async all(): Promise<string> {
      await ended
      socket.destroy()
      tcp.destroy()
      return text
    },
  }
}

/** A connection that stays open when what goes over it has ended. */
function withoutEnd(tcp: Socket): Duplex {
  const duplex = new Duplex({
    read: () => void tcp.resume(),
    write: (chunk, _, done) => void tcp.write(chunk, done),
    allowHalfOpen: true,
  })
  tcp.on('data', (bytes) => {
    if (!duplex.push(bytes)) tcp.pause()
  })
  tcp.on('end', () => duplex.push(null))
  tcp.on('error', () => duplex.destroy())
  return duplex
}
