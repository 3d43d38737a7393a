import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import type { Response } from '../../edge/cache/message.ts'
import { openHttpOrigin } from '../../origin-shield/origin/http.ts'
import { httpOrigin } from '../../origin-shield/origin/schema.ts'

/** A server that speaks bytes: `answer` is called with each connection once a request's head is there. */
async function bytes(answer: (socket: Socket, connection: number) => void) {
  const sockets = new Set<Socket>()
  const heads: string[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    let head = ''
    socket.on('data', (chunk) => {
      head += chunk
      if (!head.includes('\r\n\r\n')) return
      heads.push(head)
      head = ''
      answer(socket, sockets.size)
    })
  }).listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    heads,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function ask(url: string, but: object = {}, method = 'GET'): Promise<Response> {
  const origin = openHttpOrigin(httpOrigin.parse({ url, ...but }))
  const request = {
    method,
    scheme: 'http',
    host: 'viewer.example',
    target: '/path?q=%20',
    fields: ['X-A', '1', 'x-a', '2'],
  }
  return origin.fetch(request, AbortSignal.timeout(8_000)).finally(() => undefined)
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\nok'

describe('an HTTP origin', () => {
  test('is asked under its own name below its path, fields and query untouched', async () => {
    await using server = await bytes((socket) => socket.end(OK))

    const response = await ask(`${server.url}/base/`)

    expect(response.status).toBe(200)
    expect(response.fields.filter((name) => name.toLowerCase() === 'set-cookie')).toHaveLength(2)
    expect(server.heads[0]).toMatch(/^GET \/base\/path\?q=%20 HTTP\/1\.1\r\n/)
    expect(server.heads[0]).toContain(`host: ${new URL(server.url).host}\r\n`)
    expect(server.heads[0]).toContain('X-A: 1\r\n')
    expect(server.heads[0]).toContain('x-a: 2\r\n')
  })

  test('is asked under the viewer’s name when configured so', async () => {
    await using server = await bytes((socket) => socket.end(OK))

    await ask(server.url, { hostHeader: 'viewer' })

    expect(server.heads[0]).toContain('host: viewer.example\r\n')
  })

  test('that drops a connection before any answer is asked again, but never for a POST', async () => {
    await using server = await bytes((socket, connection) => {
      if (connection === 1) socket.destroy()
      else socket.end(OK)
    })

    expect((await ask(server.url)).status).toBe(200)

    await using dropping = await bytes((socket) => socket.destroy())
    await expect(ask(dropping.url, {}, 'POST')).rejects.toMatchObject({ failure: 'OriginReadError' })
    expect(dropping.heads).toHaveLength(1)
  })

  test.each([
    ['two different lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['endless headers', `HTTP/1.1 200 OK\r\n${'X-Pad: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'.repeat(3_000)}\r\n`],
  ])('%s: an invalid response', async (_, answer) => {
    await using server = await bytes((socket) => socket.end(answer))

    await expect(ask(server.url)).rejects.toMatchObject({
      failure: 'OriginInvalidResponseError',
      status: 502,
    })
  })

  test.each([
    ['a body cut short', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart'],
    ['broken chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nZZ\r\n'],
    ['chunks without an end', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n'],
  ])('%s ends in an error, never in a clean end', async (_, answer) => {
    await using server = await bytes((socket) => socket.end(answer))

    const reading = ask(server.url).then((response) => text(response.body as NonNullable<Response['body']>))

    await expect(reading).rejects.toThrow()
  })

  test('that never answers is a timeout, one that refuses a failed connection', async () => {
    await using silent = await bytes(() => undefined)

    const timeout = ask(silent.url, { originReadTimeout: 0.5 })
    await expect(timeout).rejects.toMatchObject({ failure: 'OriginTimeoutError', status: 504 })
    const refused = ask('http://127.0.0.1:9', { connectionAttempts: 1 })
    await expect(refused).rejects.toMatchObject({ failure: 'OriginConnectError', status: 502 })
  })
})
