import { createHash, randomBytes } from 'node:crypto'
import { type IncomingMessage, request } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { type Fields, filterFields, firstValue } from '../cache/fields.ts'
import { type Leaving, signalOf } from '../cache/leaving.ts'
import { endToEndFilter } from '../cache/rules/hop-by-hop.ts'
import { ANSWER_MS_MAX, IDLE_MS_MAX } from './upgrade-proxy.ts'

/** A WebSocket that a viewer wants and the next tier is asked for. */
export interface WebSocketAsked {
  /** Where that tier is. */
  url: URL
  /** Path and query. */
  target: string
  /** The viewer's fields, `Host` among them. */
  fields: Fields
  /** Fields in place of the viewer's. */
  set: Readonly<Record<string, string>>
}

/** What the next tier answered: from then on both speak on `connection`; or it refuses, in so many words. */
export type WebSocketAnswer = { status: number; fields: Fields } & (
  | { connection: Duplex; body?: undefined }
  | { connection?: undefined; body: Readable }
)

/** What a key is answered with (RFC 6455 §1.3). */
const ACCEPTS = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/**
 * Asks for a WebSocket by HTTP/1.1 (RFC 6455 §4.1), for a viewer who didn't come by it and so brings no key.
 *
 * @param gone gives it up
 * @throws Error when there is no answer, or one to a key that isn't ours
 */
export function askForWebSocket(asked: WebSocketAsked, gone: Leaving): Promise<WebSocketAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<WebSocketAnswer>()
  const key = randomBytes(16).toString('base64')
  const { hostname, port } = asked.url
  const asking = request({
    ...{ hostname, port, path: asked.target, agent: false, signal: signalOf(gone) },
    headers: handshakeFields(asked, key),
  })
  asking.setTimeout(ANSWER_MS_MAX, () => asking.destroy(new Error(`no answer in ${ANSWER_MS_MAX} ms`)))
  asking.on('error', reject)
  asking.once('response', (answer: IncomingMessage) => {
    resolve({ status: answer.statusCode ?? 502, fields: answerFields(answer), body: answer })
  })
  asking.once('upgrade', (answer: IncomingMessage, connection, first: Buffer) => {
    connection.on('error', () => connection.destroy())
    if (firstValue(answer.rawHeaders, 'sec-websocket-accept') !== acceptOf(key)) {
      connection.destroy()
      reject(new Error('what was accepted is not the key that was sent'))
      return
    }
    connection.setTimeout(IDLE_MS_MAX, () => connection.destroy())
    if (first.byteLength > 0) connection.unshift(first)
    resolve({ status: 101, fields: answerFields(answer), connection })
  })
  asking.end()
  return promise
}

/** Fields that are this handshake's own, or say that something follows the head. */
const NOT_FOR_HANDSHAKE: ReadonlySet<string> = new Set([
  'content-length',
  'expect',
  'sec-websocket-accept',
  'sec-websocket-key',
])

function handshakeFields({ fields, set }: WebSocketAsked, key: string): string[] {
  const ours = new Set(Object.keys(set).map((name) => name.toLowerCase()))
  // What somebody claims in our own fields must not reach a tier that would believe it.
  const goesOn = endToEndFilter(
    (name) => !NOT_FOR_HANDSHAKE.has(name) && !name.startsWith('selvedge-') && !ours.has(name),
  )
  const upgrade = ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Key', key]
  return [...goesOn(fields), ...Object.entries(set).flat(), ...upgrade]
}

function answerFields({ rawHeaders }: IncomingMessage): string[] {
  return filterFields(rawHeaders, (name) => name !== 'sec-websocket-accept' && !name.startsWith('selvedge-'))
}

function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${ACCEPTS}`).digest('base64')
}
