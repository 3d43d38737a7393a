import { once } from 'node:events'
import { type ClientRequest, createServer, type IncomingMessage, request } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { pino } from 'pino'
import { generate } from 'selfsigned'
import { describe, expect, test, vi } from 'vitest'
import { HOST, type House, houseInFrontOf } from '../edge/house.ts'
import { freePort } from '../free-port.ts'
import { startByteServer } from './byte-server.ts'
import { BEFORE_THE_BODY, GOOD, IN_THE_BODY, ODD_BUT_RIGHT, says } from './faults.ts'

/** A house in front of one origin, and the reasons that its shield gave its operator. */
async function houseThatTells(url: string) {
  const told: string[] = []
  const write = (line: string) => void told.push(...(/"failure":"(\w+)"/.exec(line)?.slice(1) ?? []))
  const http = { url, originReadTimeout: 0.4, connectionAttempts: 1 }
  const distributions = [{ id: 'site', aliases: [HOST], origins: [{ id: 'origin', http }] }]
  const house = await houseInFrontOf(distributions, { log: pino({ level: 'warn' }, { write }) })
  return { house, told }
}

/** In front of an origin that does something first and is well from then on. */
async function faultyHouse(does: (socket: Socket) => void) {
  let isWell = false
  const origin = await startByteServer((socket) => (isWell ? says(GOOD)(socket) : does(socket)))
  const { house, told } = await houseThatTells(origin.url)
  return {
    house,
    told,
    /** What a viewer gets once the origin is well; whatever it did before left no connection behind. */
    async afterwards() {
      isWell = true
      const { status, body } = await house.get('/page')
      await vi.waitFor(() => {
        if (origin.open() > 1) throw new Error(`${origin.open()} connections are open`)
      })
      return [status, body]
    },
    async [Symbol.asyncDispose]() {
      await house[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
    },
  }
}

/** What the last fault was called, to the viewer and in the log. */
async function reasonOf(house: House) {
  const got = await house.get('/page')
  const [record] = await house.records(1)
  const detail = /detail=(\w+)$/.exec(got.headers['cache-status'] ?? '')?.[1]
  return { status: got.status, viewer: detail, log: record?.detailedResultType }
}

describe('an origin that says', () => {
  test.concurrent.each(BEFORE_THE_BODY)(
    '$name is a $status for the viewer: $reason',
    async ({ does, status, reason }) => {
      await using faulty = await faultyHouse(does)

      const got = await reasonOf(faulty.house)

      expect(got).toEqual({ status, viewer: reason, log: reason })
      expect(new Set(faulty.told)).toEqual(new Set([reason]))
      expect(await faulty.afterwards()).toEqual([200, 'good'])
    },
  )

  test.concurrent.each(ODD_BUT_RIGHT)('$name is understood', async ({ does, status = 200, body }) => {
    await using faulty = await faultyHouse(does)

    const got = await faulty.house.get('/page')

    expect([got.status, got.body]).toEqual([status, body])
    expect(faulty.told).toEqual([])
  })
})

describe('an origin that', () => {
  test.concurrent.each(IN_THE_BODY)(
    '$name breaks the viewer’s connection, which is logged, and nothing is kept',
    async ({ does }) => {
      await using faulty = await faultyHouse(does)

      const got = await faulty.house.get('/page').catch((error: Error) => error)
      const [record] = await faulty.house.records(1)

      // Where none of it has gone out yet, there still is a status.
      expect(got instanceof Error || got.status === 502 || got.status === 504).toBe(true)
      expect(record?.detailedResultType).toMatch(/^Origin(Read|InvalidResponse|Timeout)Error$/)
      expect(faulty.told.length).toBeGreaterThan(0)
      expect(await faulty.afterwards()).toEqual([200, 'good'])
    },
  )

  test('answers a kept connection ahead of time, after a response without a body, is not believed', async () => {
    const evil = GOOD.replace('good', 'evil')
    await using faulty = await faultyHouse(says(`HTTP/1.1 204 No Content\r\n\r\n${evil}`))

    const first = await faulty.house.get('/other')

    expect(first.status).toBe(204)
    expect(await faulty.afterwards()).toEqual([200, 'good'])
  })

  test.each([
    ['leaves', (socket: Socket) => socket.end()],
    ['resets', (socket: Socket) => setTimeout(() => socket.resetAndDestroy(), 30)],
    ['stays', () => undefined],
  ])('answers before the request has ended, and %s, is heard', async (_, then) => {
    const refusal = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\n\r\ntoo much'
    await using origin = await startByteServer((socket) => socket.write(refusal, () => then(socket)))
    const { house } = await houseThatTells(origin.url)
    await using _house = house

    const upload = post(house)
    upload.write('x'.repeat(1_000_000))
    const [response] = (await once(upload, 'response')) as [IncomingMessage]

    expect([response.statusCode, await text(response)]).toEqual([413, 'too much'])
    upload.destroy()
    await expect.poll(() => origin.open()).toBe(0)
  })

  test('says 100 Continue to an upload that didn’t ask gets the upload, and is heard', async () => {
    await using origin = await startByteServer((socket, nth) => {
      // The end of the upload looks like that of a head.
      if (nth.request > 1) return
      let body = ''
      socket.write('HTTP/1.1 100 ')
      setTimeout(() => socket.write('Continue\r\nX-Why: not\r\n\r\n'), 20)
      socket.on('data', (chunk) => {
        body += chunk
        if (body.endsWith('0\r\n\r\n')) socket.write(GOOD)
      })
    })
    const { house } = await houseThatTells(origin.url)
    await using _house = house

    const upload = post(house)
    upload.write('first, ')
    await expect.poll(() => origin.heads.length).toBe(1)
    upload.end('second')
    const [response] = (await once(upload, 'response')) as [IncomingMessage]

    expect([response.statusCode, await text(response)]).toEqual([200, 'good'])
  })
})

describe('an origin that can’t be connected to', () => {
  test('because nobody listens there', async () => {
    expect(await reasonAt(`http://127.0.0.1:${await freePort()}`)).toBe('OriginConnectError')
  })

  test('because its name has no address', async () => {
    // A label of 64 characters can't be in the DNS, so nobody is asked.
    expect(await reasonAt(`http://${'x'.repeat(64)}.example`)).toBe('OriginDnsError')
  })

  test('because it speaks plain HTTP where TLS is expected', async () => {
    await using plain = await listening(createServer((_, response) => response.end('good')))
    expect(await reasonAt(plain.url)).toBe('OriginConnectError')
  })

  test.each([
    ['nobody vouches for its certificate', { isTrusted: false }],
    ['its certificate is of another host', { host: '127.0.0.2' }],
    ['its certificate has expired', { until: new Date('2021-01-02') }],
  ])('because %s', async (_, flaw) => {
    await using secure = await secureOrigin(flaw)
    expect(await reasonAt(secure.url)).toBe('OriginConnectError')
  })

  test('is none when its certificate holds', async () => {
    await using secure = await secureOrigin({})
    expect(await reasonAt(secure.url)).toBe(undefined)
  })

  async function reasonAt(url: string): Promise<string | undefined> {
    const { house, told } = await houseThatTells(url)
    await using _house = house
    const got = await reasonOf(house)
    if (got.status === 200) return undefined
    expect(got).toEqual({ status: 502, viewer: told[0], log: told[0] })
    return told[0]
  }
})

/** An HTTPS server whose certificate has a flaw, or none. */
async function secureOrigin({ host = '127.0.0.1', isTrusted = true, until = new Date('2100-01-01') }) {
  const notBeforeDate = new Date('2021-01-01')
  const authority = await generate([{ name: 'commonName', value: 'authority' }], {
    notBeforeDate,
    notAfterDate: new Date('2100-01-01'),
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  })
  const { private: key, cert } = await generate([{ name: 'commonName', value: host }], {
    notBeforeDate,
    notAfterDate: until,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: host }] }],
    ca: { key: authority.private, cert: authority.cert },
  })
  const trusted = getCACertificates('default')
  if (isTrusted) setDefaultCACertificates([...trusted, authority.cert])
  const server = await listening(createTlsServer({ key, cert }, (_, response) => response.end('good')))
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      setDefaultCACertificates(trusted)
      await server[Symbol.asyncDispose]()
    },
  }
}

async function listening(server: Server) {
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}

function post(house: House): ClientRequest {
  const upload = request({
    host: '127.0.0.1',
    port: house.port,
    method: 'POST',
    path: '/up',
    headers: { host: HOST },
    agent: false,
  })
  // A viewer who is refused may lose the connection while it still sends.
  return upload.on('error', () => undefined)
}
