import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import type { Leaving } from '../../edge/cache/leaving.ts'
import { startConnections } from '../../edge/listen/connections.ts'
import { PUBLIC_ONLY } from '../../edge/listen/node-internals.ts'
import { edgeLane } from '../../origin-shield/edge-lane.ts'
import { type AnswersEdges, shieldListener } from '../../origin-shield/front.ts'
import { sendOver } from '../edge/wire.ts'

const LIMITS = {
  connectionsMax: 100,
  connectionsPerAddressMax: 100,
  headMs: 30_000,
  requestMs: 300_000,
  idleMs: 60_000,
  stallMs: 60_000,
}
const READS = [
  ['read into one buffer', { ownReads: true }],
  ['read as Node documents it', PUBLIC_ONLY],
] as const

const GET = 'GET /a HTTP/1.1\r\nHost: site.example\r\nX-A: b\r\n\r\n'
const second = GET.replace('/a', '/b')

let close = async () => {}
afterEach(() => close())

/** A port where `answers` speaks. */
async function laneTo(answers: AnswersEdges, internals: { ownReads: boolean }, limits: object = {}) {
  const slow = createHttpServer(shieldListener(answers))
  slow.emit('listening')
  const connections = startConnections({ ...LIMITS, ...limits })
  const take = edgeLane({ answers, slow, connections, internals })
  const options = { noDelay: true, allowHalfOpen: true, pauseOnConnect: internals.ownReads }
  const server = createServer(options, take).listen({ host: '127.0.0.1', port: 0 })
  await new Promise((resolve) => server.once('listening', resolve))
  close = async () => {
    connections.closeAll()
    connections.stop()
    slow.close()
    await new Promise((resolve) => server.close(resolve))
  }
  return (server.address() as AddressInfo).port
}

/** Answers with what was asked for; `/stream` in pieces. */
const echo: AnswersEdges = async ({ method, target, fields, body }, { outlet }) => {
  const sent = body === undefined ? '' : Buffer.concat(await body.toArray()).toString()
  const said = `${method} ${target} ${fields.length / 2} ${sent}`
  const whole =
    target === '/stream' ? Readable.from([Buffer.from('one '), Buffer.from('two')]) : Buffer.from(said)
  await outlet.write({
    status: 200,
    fields: [
      'Date',
      'Thu, 01 Jan 2026 00:00:00 GMT',
      ...(target === '/stream' ? [] : ['Content-Length', String(said.length)]),
    ],
    body: whole,
    outcome: { kind: 'own', upstreamUs: 0 },
  })
}

/** A reply's bodies, one after another. */
const bodiesOf = (text: string) => text.split(/HTTP\/1\.1 [\s\S]*?\r\n\r\n/).slice(1)

describe.each(READS)('requests from edges, %s', (_, internals) => {
  test('are answered on the connection, which is kept', async () => {
    const port = await laneTo(echo, internals)

    const { text, closed } = await sendOver({ port, pieces: [GET, second, GET] })

    expect(bodiesOf(text)).toEqual(['GET /a 2 ', 'GET /b 2 ', 'GET /a 2 '])
    expect(closed).toBe(false)
  })

  test('are the same wherever they are parted, and when several come at once', async () => {
    const port = await laneTo(echo, internals)

    const whole = await sendOver({ port, pieces: [GET + second] })
    const replies = await Promise.all(
      Array.from({ length: GET.length + 5 }, (_, at) =>
        sendOver({ port, pieces: [GET.slice(0, at), (GET + second).slice(Math.min(at, GET.length))] }),
      ),
    )

    expect(bodiesOf(whole.text)).toEqual(['GET /a 2 ', 'GET /b 2 '])
    for (const { text } of replies) expect(text).toBe(whole.text)
  })

  test('wait in the kernel, however many come behind one another', async () => {
    const port = await laneTo(async (read, to, gone) => {
      await new Promise((resolve) => setImmediate(resolve))
      await echo(read, to, gone)
    }, internals)
    const many = GET.repeat(1_000)
    const edge = connect({ host: '127.0.0.1', port })
    for (let count = 0; count < 600; count += 1) edge.write(many)

    let answers = 0
    for await (const chunk of edge) {
      answers += bodiesOf(String(chunk)).length
      if (answers > 600) break
    }

    expect(600 * many.length - edge.writableLength).toBeLessThan(20_000_000)
  })

  test('with a body, or odd ones, go to node:http with all that came behind', async () => {
    const port = await laneTo(echo, internals)
    const post = 'POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello'

    const posted = await sendOver({ port, pieces: [GET + post + GET] })
    const malformed = await sendOver({ port, pieces: [`${GET}GET /a\n\n`] })

    expect(bodiesOf(posted.text)).toEqual(['GET /a 2 ', 'POST /p 2 hello', 'GET /a 2 '])
    expect(malformed.text).toMatch(/^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 400 /)
    expect(malformed.closed).toBe(true)
  })

  test('are given bodies of unknown length in chunks, and HEAD none', async () => {
    const port = await laneTo(echo, internals)
    const head = GET.replace('GET', 'HEAD')

    const { text } = await sendOver({ port, pieces: [head + GET.replace('/a', '/stream') + GET] })

    expect(bodiesOf(text)).toEqual(['', '4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n', 'GET /a 2 '])
  })

  test('end a connection when they say so', async () => {
    const port = await laneTo(echo, internals)

    const { text, closed } = await sendOver({ port, pieces: [GET.replace('X-A: b', 'Connection: close')] })

    expect([bodiesOf(text), closed]).toEqual([['GET /a 2 '], true])
  })

  test('end a connection when only half of one comes', async () => {
    // Less than the second between two looks: the very next one ends it.
    const port = await laneTo(echo, internals, { headMs: 200 })

    expect(await sendOver({ port, pieces: [GET.slice(0, 20)] })).toEqual({ text: '', closed: true })
  })

  test('are given up when their edge leaves, and broken off when answering fails', async () => {
    const asked = Promise.withResolvers<Leaving>()
    const left = Promise.withResolvers<void>()
    const port = await laneTo(async ({ target }, { outlet, destroy }, gone) => {
      if (target !== '/a') {
        void outlet.writeInformation(103, ['Link', '</a.css>'])
        destroy()
        return
      }
      gone.addEventListener('abort', () => left.resolve())
      asked.resolve(gone)
      await left.promise
    }, internals)

    await sendOver({ port, pieces: [GET] })
    const broken = await sendOver({ port, pieces: [second] })

    await left.promise
    expect((await asked.promise).aborted).toBe(true)
    expect([bodiesOf(broken.text).length, broken.closed]).toEqual([broken.text === '' ? 0 : 1, true])
  })
})
