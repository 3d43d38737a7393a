import {
  Agent,
  type ClientRequestArgs,
  type IncomingMessage,
  request as requestOf,
  type ServerResponse,
} from 'node:http'
import { type Duplex, pipeline } from 'node:stream'
import type { Refusal } from './destination.ts'
import type { Pass } from './pass.ts'

/** Answers requests for `http://…` of one render. */
export interface Forwarder extends Disposable {
  forward(request: IncomingMessage, response: ServerResponse): Promise<void>
}

/** RFC 9110 §7.6.1, and what browsers say to proxies. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** A connection was refused while a request waited for it. */
class Refused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.because)
    this.refusal = refusal
  }
}

/** Requests of one render share connections, each of them to an address that was checked. */
export function createForwarder(pass: Pass): Forwarder {
  const agent = new CheckedAgent(pass)

  return {
    async forward(request, response) {
      const target = readTarget(request)
      if (target === undefined) return refuse(response, 'scheme', 400)
      const { host, port, path } = target
      const refusal = pass.admit(host, port)
      if (refusal !== undefined) return refuse(response, refusal.because, 403)

      const outgoing = requestOf({
        agent,
        host,
        port,
        path,
        method: request.method ?? 'GET',
        headers: [...endToEnd(request.rawHeaders), 'Host', target.authority],
        setHost: false,
        maxHeaderSize: 65_536,
      })
      outgoing.on('response', (incoming) => {
        response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, endToEnd(incoming.rawHeaders))
        incoming.on('data', (chunk: Buffer) => pass.count(chunk.length))
        pipeline(incoming, response, () => undefined) // either end may break off
      })
      outgoing.on('error', (error) => {
        if (error instanceof Refused) refuse(response, error.refusal.because, statusOf(error.refusal))
        else response.destroy() // as the site broke off, so do we
      })
      response.once('close', () => outgoing.destroy())
      request.on('data', (chunk: Buffer) => pass.count(chunk.length))
      request.on('error', () => outgoing.destroy())
      request.pipe(outgoing)
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}

class CheckedAgent extends Agent {
  readonly #pass: Pass

  constructor(pass: Pass) {
    super({ keepAlive: true, maxFreeSockets: 32, scheduling: 'lifo' })
    this.#pass = pass
  }

  override createConnection(
    { host, port }: ClientRequestArgs,
    done?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    // A failed connection comes without a socket, which the type doesn't know.
    const fail = (error: Error) => done?.(error, undefined as unknown as Duplex)
    this.#pass.connect(String(host), Number(port)).then((socket) => {
      if ('because' in socket) fail(new Refused(socket))
      else done?.(null, socket)
    }, fail)
  }
}

interface Target {
  /** As `URL` writes it: all spellings of a host are judged alike. */
  host: string
  port: number
  authority: string
  /** As it came. */
  path: string
}

/** A target in absolute form (RFC 9112 §3.2.2); anything else was not meant for a proxy. */
function readTarget(request: IncomingMessage): Target | undefined {
  const parts = /^http:\/\/[^/?#\\]+([^#]*)$/i.exec(request.url ?? '')
  const url = parts === null ? null : URL.parse(request.url ?? '')
  if (parts === null || url === null || url.username !== '' || url.password !== '') return undefined
  const path = parts[1]?.startsWith('/') ? parts[1] : `/${parts[1] ?? ''}`
  return { host: url.hostname, port: Number(url.port || 80), authority: url.host, path }
}

/** Header fields without those that are for the next hop only; `Host` is written anew. */
function endToEnd(raw: readonly string[]): string[] {
  const named = new Set(
    fieldsOf(raw)
      .filter(([name]) => name === 'connection')
      .flatMap(([, value]) => value.toLowerCase().split(/\s*,\s*/)),
  )
  const kept: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase()
    if (HOP_BY_HOP.has(name) || named.has(name) || name === 'host') continue
    kept.push(raw[at] as string, raw[at + 1] as string)
  }
  return kept
}

function fieldsOf(raw: readonly string[]): [string, string][] {
  const fields: [string, string][] = []
  for (let at = 0; at + 1 < raw.length; at += 2)
    fields.push([(raw[at] as string).toLowerCase(), raw[at + 1] as string])
  return fields
}

function statusOf({ because }: Refusal): number {
  return because === 'unknown-name' || because === 'unconnected' ? 502 : 403
}

function refuse(response: ServerResponse, because: string, status: number): void {
  response.writeHead(status, because, { 'Content-Length': 0, 'Cache-Control': 'no-store' }).end()
}
