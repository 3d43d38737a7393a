import { once } from 'node:events'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect as connectHttp2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { selfSignedCertificate } from '../../deploy/certificate.ts'
import { matchDistributions } from '../../edge/distribution/match.ts'
import { readCertificate } from '../../edge/listen/tls/certificate.ts'
import { openKeyring } from '../../edge/listen/tls/keyring.ts'
import { namedCertificates } from '../../edge/listen/tls/named-certificates.ts'
import { viewerTls } from '../../edge/listen/tls/viewer-tls.ts'
import { houseInFrontOf } from './house.ts'
import { ocspResponse } from './ocsp-response.ts'
import { type Site, site } from './site.ts'
import { visit } from './tls-viewer.ts'

let folder: string
let origin: Site

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'selvedge-tls-'))
  origin = await site({ 'cache-control': 'max-age=1000' })
})

afterAll(async () => {
  await origin[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** Files of a certificate for one name, made once for each name and place. */
async function certificateFor(name: string, place = name.replace('*', 'any')) {
  return selfSignedCertificate([name], join(folder, place))
}

/** A distribution for some names, with a certificate of its own if one is given. */
function distribution(aliases: string[], viewerCertificate?: object) {
  const id = aliases[0]?.replace(/\W/g, '-')
  return { id, aliases, viewerCertificate, origins: [{ id: 'o', http: { url: origin.url } }] }
}

describe('the certificate', () => {
  test('is that of the name asked for: exact before wildcard; of the edge for other names and none', async () => {
    const tls = await certificateFor('edge.example')
    await using house = await houseInFrontOf(
      [
        distribution(['a.example'], await certificateFor('a.example')),
        distribution(['*.example', 'b.test'], await certificateFor('*.example')),
        distribution(['plain.test']),
      ],
      { tls },
    )

    const shown = async (name?: string) => (await visit(house.securePort, name)).shown
    expect(await shown('a.example')).toBe('DNS:a.example')
    expect(await shown('A.Example')).toBe('DNS:a.example')
    expect(await shown('b.example')).toBe('DNS:*.example')
    expect(await shown('b.test')).toBe('DNS:*.example')
    for (const name of ['plain.test', 'nobody.test', undefined]) {
      expect(await shown(name)).toBe('DNS:edge.example')
    }
  })

  test.each(['on', 'off'] as const)(
    'speaks for its sites alone: any other Host gets 421, with the express lane %s',
    async (lane) => {
      const shared = await certificateFor('*.example')
      await using house = await houseInFrontOf(
        [
          distribution(['a.example'], shared),
          distribution(['b.example'], shared),
          distribution(['c.test'], await certificateFor('c.test')),
          distribution(['plain.test']),
          distribution(['other.test']),
        ],
        { tls: await certificateFor('edge.example'), lane },
      )
      const ask = async (name: string | undefined, host: string) =>
        (await visit(house.securePort, name, { host })).status
      for (const name of ['a.example', 'b.example', 'c.test', 'plain.test', 'other.test']) {
        expect(await ask(name, name)).toBe(200)
      }

      expect(await ask('a.example', 'b.example')).toBe(200)
      expect(await ask('plain.test', 'other.test:443')).toBe(200)
      expect(await ask(undefined, 'plain.test')).toBe(200)
      for (const host of ['c.test', 'plain.test']) expect(await ask('a.example', host)).toBe(421)
      for (const name of ['plain.test', 'nobody.test', undefined]) expect(await ask(name, 'c.test')).toBe(421)
    },
  )

  test('is shared by its sites on one connection of HTTP/2, and by no others', async () => {
    const shared = await certificateFor('*.example')
    await using house = await houseInFrontOf(
      [
        distribution(['a.example'], shared),
        distribution(['b.example'], shared),
        distribution(['c.test'], await certificateFor('c.test')),
      ],
      { tls: await certificateFor('edge.example') },
    )
    const options = { servername: 'a.example', rejectUnauthorized: false }
    const connection = connectHttp2(`https://127.0.0.1:${house.securePort}`, options)
    const ask = async (authority: string) => {
      const stream = connection.request({ ':path': '/page', ':authority': authority })
      const [headers] = await once(stream.resume(), 'response')
      return headers[':status']
    }

    expect(await ask('a.example')).toBe(200)
    expect(await ask('b.example')).toBe(200)
    expect(await ask('c.test')).toBe(421)
    expect(await ask('a.example')).toBe(200)
    connection.destroy()
  })

  test('when there is one for all, every Host is answered on every connection', async () => {
    await using house = await houseInFrontOf([distribution(['a.example']), distribution(['b.example'])], {
      tls: await certificateFor('edge.example'),
    })

    const answers = [undefined, 'a.example', 'nobody.test'].map((name) =>
      visit(house.securePort, name, { host: 'b.example' }),
    )
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200])
  })
})

describe('a certificate that has expired, or is not valid yet', () => {
  test('is used all the same, and doubted', async () => {
    const files = await certificateFor('a.example')
    const named = { files, field: (part: string) => `tls.${part}`, aliases: ['a.example'] }
    const yearMs = 366 * 86_400_000

    const doubts = (nowMs: number) => readCertificate(named, nowMs).doubts.join()
    expect(doubts(Date.now())).toBe('')
    expect(doubts(Date.now() + yearMs)).toMatch(/^tls\.cert: .* expired on \d{4}-/)
    expect(doubts(Date.now() - yearMs)).toMatch(/^tls\.cert: .* is not valid before \d{4}-/)
  })
})

describe('changed files', () => {
  test('are taken over while connections go on; a broken one isn’t, and is told of once', async () => {
    const files = await certificateFor('old.example', 'renewed')
    const [next, other] = [await certificateFor('new.example'), await certificateFor('other.example')]
    const lines: string[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
    const told = (text: string) => lines.filter((line) => line.includes(text)).length
    await using house = await houseInFrontOf([distribution(['a.example'], files)], {
      tls: await certificateFor('edge.example'),
      log,
    })
    const shown = async () => (await visit(house.securePort, 'a.example')).shown
    expect(await shown()).toBe('DNS:old.example')
    const open = connect({
      host: '127.0.0.1',
      port: house.securePort,
      servername: 'a.example',
      rejectUnauthorized: false,
    })
    open.write('GET /page HTTP/1.1\r\nHost: a.exa')

    await copyFile(other.key, files.key)
    await expect.poll(() => told('can’t be used'), { timeout: 10_000 }).toBe(1)
    expect(lines.join()).toContain('is the key of another certificate')
    await writeFile(files.cert, 'no certificate')
    await expect.poll(() => told('holds no certificate'), { timeout: 10_000 }).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(told('can’t be used')).toBe(2)
    expect(await shown()).toBe('DNS:old.example')

    await copyFile(next.cert, files.cert)
    await copyFile(next.key, files.key)
    await expect.poll(shown, { timeout: 10_000 }).toBe('DNS:new.example')
    let text = ''
    open.on('data', (chunk) => {
      text += chunk
    })
    open.write('mple\r\nConnection: close\r\n\r\n')
    await expect.poll(() => text, { timeout: 10_000 }).toMatch(/^HTTP\/1\.1 200 /)
    open.destroy()
  })

  test('of the edge’s own certificate are taken over too', async () => {
    const tls = await certificateFor('old.example', 'own')
    const next = await certificateFor('new.example')
    await using house = await houseInFrontOf([distribution(['a.example'])], { tls })

    await copyFile(next.cert, tls.cert)
    await copyFile(next.key, tls.key)

    const shown = async () => (await visit(house.securePort, 'a.example')).shown
    await expect.poll(shown, { timeout: 10_000 }).toBe('DNS:new.example')
  })
})

describe('sessions', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'are resumed with %s, and answered as before',
    async (version) => {
      await using house = await houseInFrontOf(
        [distribution(['a.example'], await certificateFor('a.example')), distribution(['plain.test'])],
        { tls: await certificateFor('edge.example') },
      )
      const only = { minVersion: version, maxVersion: version }

      for (const name of ['a.example', 'plain.test']) {
        const first = await visit(house.securePort, name, only)
        const second = await visit(house.securePort, name, { ...only, session: first.session })
        expect([first.reused, first.status]).toEqual([false, 200])
        expect([second.reused, second.status, second.protocol]).toEqual([true, 200, version])
      }
    },
  )
})

describe('ticket keys', () => {
  test('are new each day, and sessions from before begin anew', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const tls = await certificateFor('edge.example')
    using keyring = await openKeyring(
      namedCertificates({ tls, distributions: [] }),
      pino({ level: 'silent' }),
    )
    const speaking = viewerTls(tls, keyring, matchDistributions([]))
    const server = createServer(speaking.options, (socket) => socket.resume().end('hello'))
    speaking.keep(server)
    server.listen({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { session } = await visit(port, 'a.example')
    const again = async (from = session) => (await visit(port, 'a.example', { session: from })).reused

    vi.advanceTimersByTime(23 * 3_600_000)
    expect(await again()).toBe(true)
    vi.advanceTimersByTime(2 * 3_600_000)
    expect(await again()).toBe(false)
    expect(await again((await visit(port, 'a.example')).session)).toBe(true)

    vi.useRealTimers()
    server.close()
    await once(server, 'close')
  })
})

describe('minimumProtocolVersion', () => {
  test('TLSv1.3_2025 refuses TLS 1.2', async () => {
    const files = await certificateFor('edge.example')
    await using house = await houseInFrontOf([distribution(['a.example'])], {
      tls: { ...files, minimumProtocolVersion: 'TLSv1.3_2025' },
    })

    expect((await visit(house.securePort, 'a.example')).protocol).toBe('TLSv1.3')
    await expect(visit(house.securePort, 'a.example', { maxVersion: 'TLSv1.2' })).rejects.toThrow(
      /protocol version/,
    )
  })

  test('TLSv1.2_2021 refuses ciphers that TLSv1.2_2019 takes', async () => {
    const files = await certificateFor('edge.example')
    const viewer = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' } as const
    const visited = async (minimumProtocolVersion: 'TLSv1.2_2019' | 'TLSv1.2_2021') => {
      await using house = await houseInFrontOf([distribution(['a.example'])], {
        tls: { ...files, minimumProtocolVersion },
      })
      return await visit(house.securePort, 'a.example', viewer)
    }

    expect((await visited('TLSv1.2_2019')).status).toBe(200)
    await expect(visited('TLSv1.2_2021')).rejects.toThrow(/handshake failure/)
  })
})

describe('an OCSP response', () => {
  test('is stapled when it says that the certificate is good, as long as that lasts', async () => {
    const files = await certificateFor('a.example', 'stapled')
    const ocspFile = join(folder, 'ocsp.der')
    const good = await ocspResponse(files.cert, {})
    await writeFile(ocspFile, good)
    await using house = await houseInFrontOf(
      [distribution(['a.example'], { ...files, ocspResponse: ocspFile })],
      { tls: await certificateFor('edge.example') },
    )
    const stapledFor = async (name: string) =>
      (await visit(house.securePort, name, { requestOCSP: true })).stapled
    const becomes = (response: Buffer | null) =>
      expect.poll(() => stapledFor('a.example'), { timeout: 10_000 }).toEqual(response)
    expect(await stapledFor('a.example')).toEqual(good)
    expect(await stapledFor('nobody.test')).toBeNull()

    for (const useless of [
      await ocspResponse(files.cert, { good: false }),
      await ocspResponse(files.cert, { untilMs: Date.now() - 1 }),
      await ocspResponse((await certificateFor('c.test')).cert, {}),
      Buffer.from('no DER'),
    ]) {
      await writeFile(ocspFile, useless)
      await becomes(null)
      await writeFile(ocspFile, good)
      await becomes(good)
    }

    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 })
    expect(await stapledFor('a.example')).toBeNull()
    vi.useRealTimers()
    expect(await stapledFor('a.example')).toEqual(good)
  })
})
