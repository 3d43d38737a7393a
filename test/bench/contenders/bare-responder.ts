/**
 * Answers the requests of one scenario with bytes that were put together beforehand: no cache, no log, no limits,
 * and of a request it looks at the path only. `node:net`, `node:tls`, and core streams of `node:http2`.
 */
import { readFileSync } from 'node:fs'
import { createSecureServer, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { bodyOf, fieldsOf } from '../origin.ts'
import type { Ask } from '../scenarios.ts'
import type { Ports } from './contender.ts'

const told: { asks: Ask; ports: Ports; cert: string; key: string } = JSON.parse(process.argv[2] ?? '')
const { asks, ports } = told
const closes = asks.headers?.Connection === 'close'
const prepared = new Map<string, Buffer>()

const certificate = { cert: readFileSync(told.cert), key: readFileSync(told.key) }
const http2 = createSecureServer(certificate)
const body = bodyOf(asks.path)
const headers: OutgoingHttpHeaders = Object.fromEntries(
  fieldsOf(asks.path, body.byteLength)
    .split('\r\n')
    .filter(Boolean)
    .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
)
http2.on('stream', (stream: ServerHttp2Stream) => {
  stream.respond(headers)
  stream.end(body)
})
createServer({ noDelay: true }, serve).listen({ host: '127.0.0.1', port: ports.http, backlog: 4_096 })
createTlsServer({ ...certificate, noDelay: true, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
  if (socket.alpnProtocol === 'h2') http2.emit('secureConnection', socket)
  else serve(socket)
}).listen({ host: '127.0.0.1', port: ports.https, backlog: 4_096 })

process.on('SIGTERM', () => process.exit(0))

function serve(socket: Socket): void {
  socket.on('error', () => undefined)
  socket.on('data', (head: Buffer) => {
    const path = head.toString('latin1', 4, head.indexOf(32, 4))
    const answer = prepared.get(path) ?? prepare(path)
    if (closes) socket.end(answer)
    else socket.write(answer)
  })
}

function prepare(path: string): Buffer {
  const isAsked = path === asks.path
  const whole = bodyOf(path)
  const part = isAsked && asks.part !== undefined ? whole.subarray(asks.part[0], asks.part[1] + 1) : whole
  const status = isAsked ? (asks.status ?? 200) : 200
  // A 304 has no body, and wrk waits for one whose length it names (RFC 9110 §8.6 would allow that).
  const fields = fieldsOf(path, part.byteLength).replace(status === 304 ? /Content-Length: .*\r\n/ : '', '')
  const close = closes ? 'Connection: close\r\n' : ''
  const head = Buffer.from(`HTTP/1.1 ${status} Prepared\r\n${fields}${close}\r\n`)
  const answer = status === 304 ? head : Buffer.concat([head, part])
  prepared.set(path, answer)
  return answer
}
