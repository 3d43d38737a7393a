import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LaneUse } from '../../edge/listen/fronts.ts'
import { HOST, type House, houseInFrontOf } from './house.ts'
import { type Site, site } from './site.ts'
import { normalised, sendOver } from './wire.ts'

/** The same edge in several ways; `off` is node:http, and the measure of the others. */
const WAYS = ['off', 'on', 'public'] as const satisfies readonly LaneUse[]
const houses = new Map<LaneUse, House>()
const parts = new AsyncDisposableStack()
let origin: Site
/** What tests wait for at the origin, by path. */
const atOrigin = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>()

const get = (target: string, more = '') => `GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\n${more}\r\n`
const head = (target: string, more = '') => get(target, more).replace('GET', 'HEAD')
const upload = (method: string, body: string, more = '') =>
  `${method} /echo HTTP/1.1\r\nHost: ${HOST}\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`
const LAST = get('/last', 'Connection: close\r\n')
const NOT_KEPT = { 'cache-control': 'no-store', 'content-type': 'text/plain' }
const BIG = 'a rather long body '.repeat(50_000)

beforeAll(async () => {
  origin = parts.use(await site())
  origin.answers((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    const own = atOrigin.get(path)
    if (own !== undefined) own(request, response)
    else void answerAs(path, request, response)
  })
  for (const lane of WAYS) houses.set(lane, parts.use(await houseInFrontOf(origin.url, { lane })))
}, 120_000)

afterAll(() => parts.disposeAsync())

/** What origins do with bodies. */
async function answerAs(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (path) {
    case '/length':
      return void response.writeHead(200, { ...NOT_KEPT, 'content-length': 5 }).end('hello')
    case '/nothing':
      return void response.writeHead(200, { ...NOT_KEPT, 'content-length': 0 }).end()
    case '/big':
      return void response.writeHead(200, { ...NOT_KEPT, 'content-length': BIG.length }).end(BIG)
    case '/pieces':
    case '/big-pieces':
      response.writeHead(200, NOT_KEPT)
      for (let count = 0; count < 5; count += 1) {
        response.write(path === '/pieces' ? `piece ${count} ` : BIG)
        await pause(5)
      }
      return void response.end()
    case '/hints':
      response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })
      return void response.writeHead(200, NOT_KEPT).end('after hints')
    case '/empty':
      return void response.writeHead(204, NOT_KEPT).end()
    case '/reset':
      return void response.writeHead(205, { ...NOT_KEPT, 'content-length': 0 }).end()
    case '/unchanged':
      return void response.writeHead(request.headers['if-none-match'] ? 304 : 200, NOT_KEPT).end()
    case '/moved':
      return void response.writeHead(302, { ...NOT_KEPT, location: '/length' }).end('over there')
    case '/wrong':
      return void response.writeHead(500, NOT_KEPT).end('it broke')
    case '/kept':
      return void response.writeHead(200, { 'cache-control': 'max-age=1000' }).end('kept')
    case '/echo': {
      const body = await text(request)
      return void response.writeHead(200, NOT_KEPT).end(`${request.method} <${body}>`)
    }
    case '/gone':
      return void request.socket.destroy()
    case '/cut':
    case '/cut-pieces':
      response.writeHead(200, path === '/cut' ? { ...NOT_KEPT, 'content-length': 100_000 } : NOT_KEPT)
      response.write('the beginning')
      await pause(20)
      return void request.socket.destroy()
    default:
      return void response.writeHead(200, NOT_KEPT).end('not kept')
  }
}

/** A reply without what differs from one time to the next; in how many chunks a body comes is chance. */
function comparable(text: string): string {
  const pieces = text.split(/(?<=\r\nTransfer-Encoding: chunked\r\n(?:[^\r]+\r\n)*\r\n)/)
  return normalised(pieces.map((piece, at) => (at === 0 ? piece : withOneChunk(piece))).join(''))
}

/** What begins with a body in chunks, with that body in one. */
function withOneChunk(text: string): string {
  let body = ''
  for (let at = 0; ; ) {
    const line = text.indexOf('\r\n', at)
    const bytes = Number.parseInt(text.slice(at, line), 16)
    if (line === -1 || Number.isNaN(bytes)) return `${body}<broken off>`
    if (bytes === 0) return `${body}<end>${text.slice(line + 4)}`
    body += text.slice(line + 2, line + 2 + bytes)
    at = line + 2 + bytes + 2
  }
}

/** Sends the same down all ways; they must say the same. Returns what they said. */
async function same(...pieces: string[]): Promise<string> {
  const replies: { text: string; closed: boolean }[] = []
  // One after the other, so that each meets the same state at the shield.
  for (const way of WAYS) {
    const { text, closed } = await sendOver({ port: (houses.get(way) as House).port, pieces })
    replies.push({ text: comparable(text), closed })
  }
  const [expected, ...others] = replies
  for (const other of others) expect(other, pieces.join('').slice(0, 500)).toEqual(expected)
  return expected?.text ?? ''
}

const PATHS = [
  '/length',
  '/nothing',
  '/big',
  '/pieces',
  '/big-pieces',
  '/hints',
  '/empty',
  '/reset',
  '/unchanged',
  '/moved',
  '/wrong',
  '/other',
]

describe('down both ways the same comes back of what is not in memory', () => {
  // Whatever the shield keeps of it is kept then.
  beforeAll(async () => {
    for (const way of WAYS) await sendOver({ port: (houses.get(way) as House).port, pieces: [LAST] })
  })

  test.each(PATHS)(
    '%s, alone, as HEAD, and with what else may be said',
    async (path) => {
      await same(get(path) + LAST)
      await same(head(path) + LAST)
      await same(get(path, 'Connection: close\r\n'))
      await same(get(path, 'If-None-Match: "x"\r\n') + LAST)
      await same(get(path, 'Range: bytes=1-3\r\n') + LAST)
      await same(get(path, 'Authorization: Basic YTpi\r\nCookie: a=b\r\n') + LAST)
    },
    60_000,
  )

  test('pipelined, in order, hits and what is for node:http among them', async () => {
    await same(get('/kept') + LAST)
    // node:http says hints out of turn, and answers what is pipelined at the same time: errors meet at the cache.
    const inTurn = PATHS.filter((path) => path !== '/hints' && path !== '/wrong')
    const all = inTurn.map((path) => get(path) + get('/kept') + head(path)).join('')
    const post = `POST /other HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 5\r\n\r\nhello`

    await same(all + LAST)
    await same(all + post + get('/length') + LAST)
    await same(...((all + LAST).match(/[\s\S]{1,300}/g) ?? []))
  }, 60_000)

  test('small uploads, whole and in pieces, alone and pipelined', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(await same(upload(method, 'a\nb\r\n\r\nGET / HTTP/1.1') + LAST)).toContain(`${method} <a\nb`)
      await same(upload(method, '') + LAST)
      await same(upload(method, 'x'.repeat(16_384), 'Connection: close\r\n'))
      await same(upload(method, 'x'.repeat(16_385)) + LAST)
    }
    const several =
      upload('POST', 'one') + get('/kept') + upload('PUT', 'two', 'X: y\r\n') + upload('POST', '')
    await same(several + LAST)
    await same(...((several + LAST).match(/[\s\S]{1,40}/g) ?? []))
    await same(...(upload('POST', 'slow') + LAST))
  }, 60_000)

  test('uploads that say in two ways how long they are, or ask before they send', async () => {
    for (const more of [
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Expect: 100-continue\r\n',
      'X: y\r\nContent-Length : 3\r\n',
      'Upgrade: h2c\r\n',
    ]) {
      await same(upload('POST', 'abc', more) + LAST)
      await same(upload('POST', 'abc', more).replace(/(?<=\n)Content-Length: 3\r\n\r\n/, '\r\n') + LAST)
    }
    for (const length of ['', '+3', '3 3', '0x3', '-3', '3,3', '03', '000003', '3\t'])
      await same(upload('POST', 'abc').replace('h: 3', `h: ${length}`) + LAST)
  }, 60_000)

  test('bad targets, hosts and requests that have been here before', async () => {
    for (const bad of [
      get('/a%00b'),
      get('/x/..%2Fa'),
      get('/a').replace(HOST, 'a b'),
      get('/a').replace(HOST, 'x'),
    ]) {
      await same(bad + LAST)
      await same(bad)
    }
  }, 60_000)

  test('origins that break off or never answer: never a clean end', async () => {
    expect(await same(get('/gone') + LAST)).toMatch(/^HTTP\/1.1 502 /)
    for (const path of ['/cut', '/cut-pieces']) {
      const text = await same(get(path) + LAST)
      expect(text).toMatch(/^HTTP\/1.1 200 OK/)
      expect(text).not.toContain('<end>')
      expect(text.match(/HTTP\/1.1/g)).toHaveLength(1)
    }
  }, 60_000)
})

describe.each(['on', 'public'] as const)('a connection in the lane (%s)', (way) => {
  const portOf = () => (houses.get(way) as House).port

  test('takes what is sent behind a request that is being answered, however much', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    atOrigin.set('/gated', async (_, response) => {
      await gate
      response.writeHead(200, NOT_KEPT).end('at last')
    })
    await sendOver({ port: portOf(), pieces: [get('/kept') + LAST] })
    const many = 3_000

    const reply = sendOver({ port: portOf(), pieces: [get('/gated'), get('/kept').repeat(many), LAST] })
    await expect.poll(() => origin.requests.filter((one) => one.endsWith('/gated')).length).toBeGreaterThan(0)
    open()

    const { text, closed } = await reply
    expect(closed).toBe(true)
    expect(text.split('\r\n\r\nkept')).toHaveLength(many + 1)
    expect(text).toMatch(/at last[\s\S]*kept[\s\S]*not kept/)
  }, 30_000)

  test('reads no more than it has room for while it answers what it has read', async () => {
    const asked = get('/missed').repeat(1_000)
    const viewer = connect({ host: '127.0.0.1', port: portOf() })
    viewer.on('error', () => undefined)
    // The kernel takes some of it, and the lane only as much as it answers.
    for (let count = 0; count < 600; count += 1) viewer.write(asked)
    let answers = 0
    for await (const chunk of viewer) {
      answers += String(chunk).split('not kept').length - 1
      if (answers > 600) break
    }

    expect(600 * asked.length - viewer.writableLength).toBeLessThan(20_000_000)
  }, 60_000)

  test('gives a fetch up when its viewer leaves, before the answer and in the middle of it', async () => {
    for (const begins of [false, true]) {
      const path = `/left-${way}-${begins}`
      const left = Promise.withResolvers<void>()
      atOrigin.set(path, (request, response) => {
        request.socket.once('close', () => left.resolve())
        if (begins) response.writeHead(200, { ...NOT_KEPT, 'content-length': 1_000_000 }).write('a beginning')
      })
      const viewer = connect({ host: '127.0.0.1', port: portOf() })
      viewer.write(get(path))
      if (begins) await once(viewer, 'data')
      else await expect.poll(() => origin.requests).toContain(`GET ${path}`)

      viewer.destroy()

      await left.promise
    }
    const records = await (houses.get(way) as House).records(1)
    expect(records.length).toBeGreaterThan(0)
  }, 30_000)

  test('lets an origin wait for a viewer who doesn’t read, and gives it every byte in the end', async () => {
    const path = `/endless-${way}`
    const bytesMax = 100_000_000
    let written = 0
    atOrigin.set(path, (_, response) => {
      response.writeHead(200, { ...NOT_KEPT, 'content-length': bytesMax })
      const chunk = Buffer.alloc(100_000, 'endless ')
      const more = () => {
        while (written < bytesMax) {
          written += chunk.byteLength
          if (!response.write(chunk)) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    })
    const viewer = connect({ host: '127.0.0.1', port: portOf() })
    viewer.write(get(path))
    await once(viewer, 'readable')
    let seen = -1
    await expect
      .poll(
        () => {
          const stands = written === seen
          seen = written
          return stands
        },
        { interval: 500, timeout: 20_000 },
      )
      .toBe(true)
    expect(written).toBeLessThan(60_000_000)

    let received = 0
    for await (const chunk of viewer) {
      received += (chunk as Buffer).byteLength
      if (received > bytesMax) break
    }

    expect(received).toBeGreaterThan(bytesMax)
  }, 120_000)
})

describe('the log', () => {
  test.each(WAYS)('gives each response of a pipeline its own bytes (%s)', async (lane) => {
    await using house = await houseInFrontOf(origin.url, { lane })
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const path = `/first-${lane}`
    atOrigin.set(path, async (_, response) => {
      await gate
      response.writeHead(200, NOT_KEPT).end('at last')
    })
    await sendOver({ port: house.port, pieces: [get('/kept') + LAST] })

    const reply = sendOver({ port: house.port, pieces: [get(path) + get('/kept') + get('/length') + LAST] })
    await expect.poll(() => origin.requests).toContain(`GET ${path}`)
    // By node:http all is answered at once, and waits for the first.
    if (lane === 'off')
      await expect
        .poll(() => origin.requests.filter((one) => one.endsWith('/last')).length)
        .toBeGreaterThan(1)
    open()
    const { text } = await reply

    const lengths = text.split(/(?=HTTP\/1\.1 200 OK)/).map((response) => response.length)
    const records = (await house.records(6)).slice(2)
    const bytesOf = (of: string) => Number(records.find(({ path: one }) => one === of)?.bytesSent)
    expect([path, '/kept', '/length', '/last'].map(bytesOf)).toEqual(lengths)
  })

  test('has the same records of what was not in memory', async () => {
    const close = 'Connection: close\r\n'
    const asked = [...PATHS, '/gone', '/cut'].flatMap((path) => [get(path, close), head(path, close)])
    const logged: object[][] = []
    for (const lane of WAYS) {
      await using house = await houseInFrontOf(origin.url, { lane })
      for (const request of asked) await sendOver({ port: house.port, pieces: [request] })
      const records = await house.records(asked.length)
      logged.push(records.map(lasting))
    }

    expect(logged[1]).toEqual(logged[0])
    expect(logged[2]).toEqual(logged[0])
  }, 120_000)

  test('has uploads, those too that broke off before their body was whole', async () => {
    const whole = upload('POST', 'a body', 'Connection: close\r\n')
    const logged: object[][] = []
    for (const lane of WAYS) {
      await using house = await houseInFrontOf(origin.url, { lane })
      await sendOver({ port: house.port, pieces: [whole] })
      for (const leave of ['end', 'destroy'] as const) {
        const viewer = connect({ host: '127.0.0.1', port: house.port })
        viewer.write(upload('POST', 'half of it').slice(0, -5))
        await expect.poll(() => house.connections).toBe(1)
        // What is read with the end is a body that broke off, or nothing at all.
        await pause(200)
        viewer[leave]()
        await expect.poll(() => house.connections).toBe(0)
      }
      logged.push((await house.records(3)).map(lasting))
    }

    expect(logged[0]?.[1]).toMatchObject({ path: '/echo', method: 'POST', status: '0' })
    expect(logged[1]).toEqual(logged[0])
    expect(logged[2]).toEqual(logged[0])
  }, 60_000)
})

/** A record without what differs from one time to the next. */
function lasting(record: Record<string, string | undefined>): object {
  const { requestId, timeMs, timeTakenUs, timeToFirstByteUs, originTimeUs, clientPort, ...same } = record
  expect(requestId).toMatch(/^[\w-]{20}$/)
  for (const us of [timeTakenUs, timeToFirstByteUs, originTimeUs]) expect(us).toMatch(/^\d{1,8}$/)
  const isChunked = same.contentLength === ''
  return { ...same, bytesReceived: undefined, bytesSent: isChunked ? undefined : same.bytesSent }
}
