import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOST, type House, houseInFrontOf } from './house.ts'
import { type CertificateFiles, certificateFiles } from './http2-client.ts'
import { type Site, site } from './site.ts'

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`
const BODIES = { '/small': 's'.repeat(1_000), '/middle': 'm'.repeat(60_000), '/large': 'l'.repeat(300_000) }

describe.each(['on', 'public'] as const)(
  'hits over TLS and HTTP/1.1 (lane %s) come whole, in order,',
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
      const viewer = await viewerOf(house)
      for (const path of Object.keys(BODIES)) {
        viewer.socket.write(get(path))
        await viewer.bodies(1)
      }
      viewer.socket.destroy()
    })

    afterAll(async () => {
      await house[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
      await files[Symbol.asyncDispose]()
    })

    const asked = Array.from({ length: 60 }, (_, at) => Object.keys(BODIES)[at % 3] as keyof typeof BODIES)
    const expected = asked.map((path) => `${BODIES[path][0]} ${BODIES[path].length}`)

    test('when each is asked for while the one before is on its way', async () => {
      const viewer = await viewerOf(house)
      for (const path of asked) {
        viewer.socket.write(get(path))
        await turn()
      }

      expect(await viewer.bodies(asked.length)).toEqual(expected)
      viewer.socket.destroy()
    })

    test('when the viewer doesn’t read for a while', async () => {
      const viewer = await viewerOf(house)
      viewer.socket.pause()
      for (const path of asked) {
        viewer.socket.write(get(path))
        await turn()
      }
      await pause(200)
      viewer.socket.resume()

      expect(await viewer.bodies(asked.length)).toEqual(expected)
      viewer.socket.destroy()
    })

    test('when node:http is given the connection behind them', async () => {
      for (let times = 0; times < 20; times += 1) {
        const viewer = await viewerOf(house)
        viewer.socket.write(get('/small'))
        // At once, and when the hit has been written and perhaps not been taken yet.
        if (times % 2 === 1) await turn()
        viewer.socket.write(get('/middle').replace('Host', 'TE: trailers\r\nHost'))

        expect(await viewer.bodies(2)).toEqual(['s 1000', 'm 60000'])
        viewer.socket.destroy()
      }
    })

    test('and then the connection ends, if that was asked for', async () => {
      for (const path of Object.keys(BODIES) as (keyof typeof BODIES)[]) {
        const viewer = await viewerOf(house)
        viewer.socket.write(get('/small') + get(path).replace('Host', 'Connection: close\r\nHost'))

        expect(await viewer.bodies(2)).toEqual(['s 1000', `${BODIES[path][0]} ${BODIES[path].length}`])
        if (!viewer.socket.readableEnded) await once(viewer.socket, 'end')
        viewer.socket.destroy()
      }
    })

    test('or not at all, to viewers who leave in their midst', async () => {
      for (let times = 0; times < 20; times += 1) {
        const viewer = await viewerOf(house)
        viewer.socket.write(get('/middle'))
        if (times % 2 === 1) await turn()
        viewer.socket.write(get('/middle').repeat(50))
        await turn()
        if (times % 3 === 0) viewer.socket.destroy()
        else viewer.reset()
      }

      await expect.poll(() => house.connections).toBe(0)
      const viewer = await viewerOf(house)
      viewer.socket.write(get('/small'))
      expect(await viewer.bodies(1)).toEqual(['s 1000'])
      viewer.socket.destroy()
    })
  },
)

/** A connection, and the bodies that came over it: their letters and length. */
async function viewerOf(house: House) {
  const tcp = connectPlain({ host: '127.0.0.1', port: house.securePort, allowHalfOpen: true })
  const at = { socket: tcp, rejectUnauthorized: false, servername: HOST, allowHalfOpen: true }
  const socket: TLSSocket = connect({ ...at, ALPNProtocols: ['http/1.1'] } as object)
  await once(socket, 'secureConnect')
  socket.setNoDelay(true)
  let text = ''
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
  })
  function next(): string | undefined {
    const head = text.indexOf('\r\n\r\n')
    const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1])
    if (head < 0 || text.length < head + 4 + length) return undefined
    const body = text.slice(head + 4, head + 4 + length)
    text = text.slice(head + 4 + length)
    return `${[...new Set(body)].join('')} ${body.length}`
  }
  return {
    socket,
    reset: () => void tcp.resetAndDestroy(),
    async bodies(count: number): Promise<string[]> {
      const found: string[] = []
      while (found.length < count) {
        const body = next()
        if (body !== undefined) found.push(body)
        else await once(socket, 'data', { signal: AbortSignal.timeout(20_000) })
      }
      return found
    },
  }
}
