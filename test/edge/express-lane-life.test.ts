import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { HOST, houseInFrontOf } from './house.ts'
import { PARTIAL, RECORDED } from './request-corpus.ts'
import { site } from './site.ts'
import { sendOver } from './wire.ts'

const get = (target: string, more = '') => `GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\n${more}\r\n`
const LAST = get('/last', 'Connection: close\r\n')
const KEPT = { 'cache-control': 'max-age=1000', etag: '"one"' }

/** A connection whose answers are waited for one by one. */
async function conversation(port: number) {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  let received = ''
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
  })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return {
    socket,
    async ask(bytes: string, until: string): Promise<string> {
      received = ''
      socket.write(bytes, 'latin1')
      await expect.poll(() => received, { interval: 2, timeout: 20_000 }).toContain(until)
      return received
    },
  }
}

describe('a connection', () => {
  test('stays in the lane, whatever is asked of it that is plain', async () => {
    await using origin = await site(KEPT)
    await using house = await houseInFrontOf(origin.url)
    const { socket, ask } = await conversation(house.port)

    for (let count = 1; count < 100; count += 1) {
      await ask(get(`/miss-${count}`), `answer ${count}`)
      await ask(get(`/miss-${count}`), `answer ${count}`)
    }
    expect(house.expressAnswers).toBe(99)
    socket.destroy()
  })

  test('that is read slowly gets every byte, whatever others are told meanwhile', async () => {
    await using origin = await site()
    const bodies = { '/big': 'big body '.repeat(100_000), '/small': 'small body '.repeat(4_000) }
    origin.answers((request, response) => {
      const body = bodies[request.url as keyof typeof bodies] ?? 'last'
      response.writeHead(200, KEPT).end(body)
    })
    await using house = await houseInFrontOf(origin.url)
    await sendOver({ port: house.port, pieces: [get('/big'), get('/small') + LAST] })

    const asked = [get('/small').repeat(100), get('/big').repeat(5), get('/small').repeat(50)].join('') + LAST
    const readers = Array.from({ length: 8 }, (_, at) => readSlowly(house.port, asked, at % 2 === 0 ? 1 : 5))
    const received = await Promise.all(readers)

    const body = (path: keyof typeof bodies, times: number) => Array(times).fill(bodies[path])
    const expected = [...body('/small', 100), ...body('/big', 5), ...body('/small', 50), 'last']
    for (const text of received) {
      const parts = text.split(/HTTP\/1\.1 200 OK\r\n[\s\S]*?\r\n\r\n/).slice(1)
      expect(parts.map((part) => part.length)).toEqual(expected.map((part) => part.length))
      expect(parts.join('') === expected.join('')).toBe(true)
      expect(new Set(text.match(/(?<=X-Selvedge-Request-Id: ).{20}/g)).size).toBe(156)
    }
    // All but the last, which isn't kept in every reader's first round.
    expect(house.expressAnswers).toBeGreaterThan(8 * 155)
  })

  test('is told the age it asked at, though others are told another before it has read', async () => {
    await using origin = await site()
    const body = 'big body '.repeat(100_000)
    origin.answers((_, response) => response.writeHead(200, KEPT).end(body))
    await using house = await houseInFrontOf(origin.url)
    house.clock.stand()
    await sendOver({ port: house.port, pieces: [LAST.replace('/last', '/big')] })

    const slow = connect({ host: '127.0.0.1', port: house.port })
    slow.pause()
    for (let times = 0; times < 10; times += 1) slow.write(get('/big'))
    await expect.poll(() => house.expressAnswers).toBeGreaterThan(1)
    // One digit more: a head as wide as before would be written in its place.
    house.clock.advanceSeconds(10)
    const others = await sendOver({ port: house.port, pieces: [get('/big').repeat(3) + LAST] })
    expect(others.text.match(/(?<=\r\nAge: )\d+/g)).toEqual(['10', '10', '10', '0'])

    slow.write(LAST)
    const ages = (await allOf(slow)).split(body).map((part) => /(?<=\r\nAge: )\d+/.exec(part)?.[0])
    expect(ages.slice(0, 2)).toEqual(['0', '0'])
    expect(ages.slice(2, 10).every((age) => age === '0' || age === '10')).toBe(true)
    expect(ages).toEqual([...ages.slice(0, 10), '0', undefined])
  })

  test('gets the new response once the old one is replaced or stale', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60' })
    await using house = await houseInFrontOf(origin.url)
    house.clock.stand()
    const { socket, ask } = await conversation(house.port)
    await ask(get('/a'), 'answer 1')
    for (let times = 0; times < 5; times += 1) await ask(get('/a'), 'answer 1')
    expect(house.expressAnswers).toBe(5)

    house.clock.advanceSeconds(9)
    expect(await ask(get('/a'), 'answer 1')).toMatch(/\r\nAge: 9\r\n[\s\S]*; ttl=51\r\n/)
    house.clock.advanceSeconds(45)
    expect(await ask(get('/a'), 'answer 1')).toMatch(/\r\nAge: 54\r\n[\s\S]*; ttl=6\r\n/)
    house.clock.advanceSeconds(10)
    expect(await ask(get('/a'), 'answer 2')).toMatch(/\r\nAge: 0\r\n/)
    expect(await ask(get('/a'), 'answer 2')).toMatch(/\r\nAge: 0\r\n[\s\S]*; ttl=60\r\n/)
    expect(house.expressAnswers).toBe(8)
    socket.destroy()
  })
})

describe('the log', () => {
  test('has the same records of both ways', async () => {
    await using origin = await site()
    const fields = { ...KEPT, 'content-type': 'text/plain', 'last-modified': 'Tue, 02 Jan 2024 00:00:00 GMT' }
    origin.answers((_, response) => response.writeHead(200, fields).end('always the same'))
    const requests = [...RECORDED, ...PARTIAL].flatMap((request) => [request, request, request])
    const logged: object[][] = []
    for (const lane of ['off', 'on', 'public'] as const) {
      await using house = await houseInFrontOf(origin.url, { lane })
      for (let round = 0; round < 2; round += 1) {
        await sendOver({ port: house.port, pieces: requests.concat(LAST) })
      }
      const records = await house.records(requests.length * 2 + 2)
      logged.push(records.slice(requests.length + 1).map(comparable))
      if (lane !== 'off') expect(house.expressAnswers).toBeGreaterThan(100)
    }

    expect(logged[1]).toEqual(logged[0])
    expect(logged[2]).toEqual(logged[0])
  }, 60_000)
})

/** A record without what differs from one time to the next. */
function comparable(record: Record<string, string | undefined>): object {
  const { requestId, timeMs, timeTakenUs, timeToFirstByteUs, clientPort, cacheStatus, ...same } = record
  expect(requestId).toMatch(/^[\w-]{20}$/)
  expect(Math.abs(Number(timeMs) - Date.now())).toBeLessThan(60_000)
  for (const us of [timeTakenUs, timeToFirstByteUs]) expect(us).toMatch(/^\d{1,7}$/)
  // Which of a pipeline's bytes were read by when isn't for sure the long way.
  return { ...same, bytesReceived: undefined, cacheStatus: cacheStatus?.replace(/ttl=\d+/, 'ttl=…') }
}

describe('limits', () => {
  const limits = { headMs: 1_000, idleMs: 2_000, stallMs: 1_000, requestMs: 1_000 }

  test('half a head gets 408, as half a small body does; silence and slow reading get nothing, in time', async () => {
    await using origin = await site(KEPT)
    origin.answers((_, response) => response.writeHead(200, KEPT).end(Buffer.alloc(20_000_000)))
    await using house = await houseInFrontOf(origin.url, { limits })
    await sendOver({ port: house.port, pieces: [LAST] })

    const half = connect({ host: '127.0.0.1', port: house.port })
    const silent = connect({ host: '127.0.0.1', port: house.port })
    const odd = connect({ host: '127.0.0.1', port: house.port })
    const upload = connect({ host: '127.0.0.1', port: house.port })
    const deaf = connect({ host: '127.0.0.1', port: house.port })
    half.write('GET / HTTP/1.1\r\nHos')
    odd.write('POST / HTTP/1.1\r\nHos')
    upload.write(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 5\r\n\r\nhalf`)
    deaf.write(get('/last').repeat(3))
    deaf.pause()
    silent.resume()

    expect(await allOf(half)).toMatch(/^HTTP\/1\.1 408 /)
    expect(await allOf(odd)).toMatch(/^HTTP\/1\.1 408 /)
    expect(await allOf(upload)).toMatch(/^HTTP\/1\.1 408 /)
    if (!silent.closed) await once(silent, 'close')
    await expect.poll(() => house.connections, { timeout: 10_000 }).toBe(0)
    deaf.destroy()
  }, 30_000)

  test('reading slowly but steadily is no stall', async () => {
    await using origin = await site(KEPT)
    const body = Buffer.alloc(40_000_000)
    origin.answers((_, response) => response.writeHead(200, KEPT).end(body))
    await using house = await houseInFrontOf(origin.url, { limits: { ...limits, stallMs: 3_000 } })

    const slow = connect({ host: '127.0.0.1', port: house.port })
    slow.write(get('/large').replace('keep-alive', 'close'))
    let bytes = 0
    for await (const chunk of slow) {
      bytes += chunk.length
      // The kernel's own buffers hold some 6 MB: 40 MB at this pace make the edge wait for over ten seconds.
      await new Promise((resolve) => setTimeout(resolve, chunk.length / 3_000))
      if (bytes >= body.length) break
    }

    expect(bytes).toBeGreaterThanOrEqual(body.length)
  }, 60_000)

  test('too many connections: the further ones are closed at once, and the count goes down again', async () => {
    await using origin = await site(KEPT)
    await using house = await houseInFrontOf(origin.url, { limits: { connectionsPerAddressMax: 5 } })
    const open = await Promise.all(Array.from({ length: 5 }, () => conversation(house.port)))

    const refused = await sendOver({ port: house.port, pieces: [LAST] })
    expect(refused).toEqual({ text: '', closed: true })

    for (const { socket } of open) socket.destroy()
    await expect.poll(() => house.connections).toBe(0)
    expect((await sendOver({ port: house.port, pieces: [LAST] })).text).toContain('200 OK')
  })
})

async function allOf(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}

/** Reads a little now and then. */
async function readSlowly(port: number, bytes: string, pauseMs: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  socket.write(bytes)
  const chunks: Buffer[] = []
  let unread = 0
  for await (const chunk of socket) {
    chunks.push(chunk)
    unread += chunk.length
    if (unread < 1_000_000) continue
    unread = 0
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  return Buffer.concat(chunks).toString('latin1')
}
