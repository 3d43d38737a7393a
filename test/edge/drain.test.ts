import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { selfSignedCertificate } from '../../deploy/certificate.ts'
import { startConnections } from '../../edge/listen/connections.ts'
import { drainOf } from '../../edge/listen/drain.ts'
import { listenLimits } from '../../edge/listen/settings.ts'
import { HOST, houseInFrontOf } from './house.ts'
import { site } from './site.ts'

const KEPT = { 'cache-control': 'max-age=1000' }
const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`

/** A connection, and all that came over it. */
async function connected(port: number, { tls = false } = {}) {
  const at = { host: '127.0.0.1', port, noDelay: true, rejectUnauthorized: false, allowHalfOpen: true }
  const socket: Socket = tls ? connectTls(at) : connect(at)
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => undefined)
  await once(socket, tls ? 'secureConnect' : 'connect')
  const ended = once(socket, 'end')
  return {
    socket,
    text: () => text,
    async ask(bytes: string, until: string): Promise<string> {
      text = ''
      socket.write(bytes)
      await expect.poll(() => text, { interval: 5, timeout: 10_000 }).toContain(until)
      return text
    },
    async ended(): Promise<void> {
      await ended
      socket.end()
    },
  }
}

describe('a worker that another one has replaced', () => {
  test.each(['on', 'public', 'off'] as const)(
    'ends each connection with its next answer (lane: %s)',
    async (lane) => {
      await using origin = await site()
      origin.answers((_, response) => response.writeHead(200, KEPT).end('always the same'))
      const folder = await mkdtemp(join(tmpdir(), 'selvedge-drain-'))
      const tls = await selfSignedCertificate([HOST], folder)
      await using house = await houseInFrontOf(origin.url, { lane, tls, limits: { drainMs: 60_000 } })
      const plain = await connected(house.port)
      const secure = await connected(house.securePort, { tls: true })
      const missing = await connected(house.port)
      const all = [plain, secure, missing]
      // Often enough that the answer is prepared.
      for (let times = 0; times < 4; times += 1) {
        for (const { ask } of all) expect(await ask(get('/a'), 'the same')).not.toContain('close')
      }

      const retired = house.retire()
      const answers = [
        await plain.ask(get('/a'), 'the same'),
        await secure.ask(get('/a'), 'the same'),
        await missing.ask(get('/b'), 'the same'),
      ]

      for (const answer of answers) expect(answer).toContain('\r\nConnection: close\r\n')
      await Promise.all(all.map(({ ended }) => ended()))
      await retired
      await rm(folder, { recursive: true })
    },
    30_000,
  )

  test('answers all of a pipeline, and says close in its last answer only', async () => {
    await using origin = await site(KEPT)
    await using house = await houseInFrontOf(origin.url, { limits: { drainMs: 60_000 } })
    const { ask, ended } = await connected(house.port)
    await ask(get('/a'), 'answer 1')

    const retired = house.retire()
    const text = await ask(get('/a').repeat(5), 'close')

    expect(text.match(/answer 1/g)).toHaveLength(5)
    expect(text.match(/Connection: close/g)).toHaveLength(1)
    expect(text).toMatch(/Connection: close\r\n[\s\S]*answer 1$/)
    await ended()
    await retired
  })

  test('loses nothing of an answer to a viewer who asks on before it has read that it is the last', async () => {
    await using origin = await site()
    const body = 'large '.repeat(100_000)
    origin.answers((_, response) => response.writeHead(200, KEPT).end(body))
    await using house = await houseInFrontOf(origin.url, { limits: { drainMs: 60_000 } })
    await house.get('/a')
    const viewer = connect({ host: '127.0.0.1', port: house.port })
    await once(viewer, 'connect')
    const open = house.connections

    const retired = house.retire()
    viewer.write(get('/a'))
    await expect.poll(() => house.expressAnswers).toBe(1)
    viewer.write(get('/a'))
    await pause(50)
    let text = ''
    for await (const bytes of viewer) text += bytes

    expect(text).toContain('\r\nConnection: close\r\n')
    expect(text.slice(text.indexOf('\r\n\r\n') + 4) === body).toBe(true)
    await expect.poll(() => house.connections).toBeLessThan(open)
    void retired
  })

  test('takes no new connection, finishes what is under way, and cuts it off when the time is over', async () => {
    await using origin = await site()
    const held: (() => void)[] = []
    origin.answers((_, response) => {
      response.writeHead(200, { 'content-length': '8' }).write('half')
      held.push(() => response.end('half'))
    })
    await using house = await houseInFrontOf(origin.url, { limits: { drainMs: 3_000 } })
    const [quick, slow] = [await connected(house.port), await connected(house.port)]
    await quick.ask(get('/quick'), 'half')
    await slow.ask(get('/slow'), 'half')

    const retired = house.retire()
    const refused = connect(house.port, '127.0.0.1')
    expect((await once(refused, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' })
    held[0]?.()
    await expect.poll(quick.text).toMatch(/halfhalf$/)
    // It was told that its connection stays; nothing is under way on it, and it is closed when all are.
    await retired

    await slow.ended()
    expect(slow.text()).toMatch(/\r\n\r\nhalf$/)
  }, 30_000)
})

describe('a worker that stops', () => {
  test('waits for what is under way, not for those that are idle', async () => {
    await using origin = await site()
    const held: (() => void)[] = []
    origin.answers((_, response) => {
      response.writeHead(200, { 'content-length': '8' }).write('half')
      held.push(() => response.end('half'))
    })
    const house = await houseInFrontOf(origin.url, { limits: { drainMs: 60_000 } })
    const [busy, idle] = [await connected(house.port), await connected(house.port)]
    await busy.ask(get('/busy'), 'half')

    const stopped = house[Symbol.asyncDispose]()
    await idle.ended()
    held[0]?.()
    await busy.ended()
    await stopped

    expect(busy.text()).toMatch(/halfhalf$/)
  }, 30_000)
})

test('it has ended once all is seen to that viewers have left undone, of whom many were cut off', async () => {
  const connections = startConnections(listenLimits.parse(undefined))
  let seenTo = 0
  for (let viewer = 0; viewer < 200; viewer += 1) {
    connections.leaving(() => {
      seenTo += 1
    })
  }

  await drainOf([], connections, 0).retire()

  expect(seenTo).toBe(200)
  connections.stop()
})

test('it has ended once all is seen to that connections leave undone which were cut off', async () => {
  const connections = startConnections(listenLimits.parse(undefined))
  let seenTo = 0
  const server = createServer((socket) => {
    connections.admit('viewer', socket)
    socket.on('error', () => undefined)
    socket.on('close', () =>
      connections.leaving(() => {
        seenTo += 1
      }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const viewers = Array.from({ length: 50 }, () => connect({ host: '127.0.0.1', port }))
  for (const viewer of viewers) viewer.on('error', () => undefined)
  await expect.poll(() => connections.open).toBe(50)

  const slow = createHttpServer()
  await drainOf([{ servers: [server], slow }], connections, 0).retire()

  expect(seenTo).toBe(50)
  connections.stop()
})
