import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { countOf, type Fields, firstValue, joinedValue, NO_FIELDS } from '../cache/fields.ts'
import type { Leaving } from '../cache/leaving.ts'
import { normalisedTarget } from '../distribution/normalise.ts'
import type { ViewerRequest } from '../viewer.ts'
import { askerOf } from './proxies.ts'
import { nextRequestId } from './request-id.ts'

/** Largest head of a request, bytes: CloudFront's. */
export const REQUEST_HEAD_BYTES_MAX = 20_480

/** A registered name or IPv4 address, or an IPv6 address in brackets, with an optional port (RFC 3986 §3.2.2). */
const HOST = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/

/** Path and query (RFC 9112 §3.2.1): visible ASCII without `#`, which is never sent. */
const ORIGIN_FORM = /^\/[\x21\x22\x24-\x7e]*$/

/** Transfer codings that node:http takes off; any other would go on unnamed (RFC 9112 §6.1). */
const CHUNKED = /^\s*chunked\s*$/i

/** A request as a front has read it: by the grammar of its version of HTTP, and no more. */
export interface ReceivedRequest extends ConnectionFacts {
  method: string
  scheme: string
  /** As it was sent; the host is in the fields. */
  target: string
  fields: Fields
  body: Readable | undefined
  protocolVersion: string
  gone: Leaving
  place?: ViewerRequest['place']
  /** What the front found wrong with it already. */
  malformed?: string | undefined
}

/**
 * Reads what a front received as a viewer's request.
 *
 * node:http takes two Hosts, a Host with a path, `#` in the target, another host in an absolute target
 * and codings that nobody takes off; two readers could differ on these, so such a request is marked as
 * `malformed` (RFC 9112 §3.2, §6.1, §11.2), as is one whose target `normalisedTarget` refuses.
 */
export function viewerRequestOf(received: ReceivedRequest): ViewerRequest {
  const { method, scheme, fields, body } = received
  const authority = authorityOf(received.target, firstValue(fields, 'host')?.trim() ?? '')
  const target = normalisedTarget(authority.target)
  const malformed =
    received.malformed ??
    malformationOf(fields, authority) ??
    (target === undefined ? 'The path of this request can be read in more than one way.' : undefined)
  const host = malformed === undefined ? normalisedHost(authority.host, scheme) : ''
  return {
    request: { method, scheme, host, target: target ?? authority.target, fields, body },
    hostName: nameOf(host),
    requestId: nextRequestId(),
    protocolVersion: received.protocolVersion,
    address: received.address,
    port: received.port,
    tlsProtocol: received.tlsProtocol,
    tlsCipher: received.tlsCipher,
    servername: received.servername,
    place: received.place,
    gone: received.gone,
    ...(malformed !== undefined && { malformed }),
  }
}

/** What node:http parsed. */
export function receivedOverHttp1(incoming: IncomingMessage, scheme: string, gone: Leaving): ReceivedRequest {
  const fields = incoming.rawHeaders
  const connection = connectionOf(incoming.socket)
  return {
    method: incoming.method ?? 'GET',
    scheme,
    target: incoming.url ?? '',
    fields,
    body: hasBody(fields) ? incoming : undefined,
    protocolVersion: `HTTP/${incoming.httpVersion}`,
    ...connection,
    address: askerOf(incoming.socket, fields, connection.address),
    gone,
  }
}

/** What there is to say of bytes that were no request: who sent them, and an id for the answer. */
export function unreadableRequest(socket: Socket, scheme: string): ViewerRequest {
  return {
    request: { method: '', scheme, host: '', target: '', fields: NO_FIELDS },
    hostName: '',
    requestId: nextRequestId(),
    protocolVersion: '',
    ...connectionOf(socket),
    gone: AbortSignal.abort(),
    malformed: 'This is no HTTP request.',
  }
}

/** A host without its port. */
export function nameOf(host: string): string {
  return host.includes(':') ? host.replace(/:\d+$/, '') : host
}

/** What is known of a viewer's connection. */
export type ConnectionFacts = Pick<ViewerRequest, 'address' | 'port'> & TlsFacts
type TlsFacts = Pick<ViewerRequest, 'tlsProtocol' | 'tlsCipher' | 'servername'>

/** Asks the system, so once for a connection is enough. */
export function connectionOf(socket: Socket): ConnectionFacts {
  return {
    address: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    port: socket.remotePort ?? 0,
    ...('getCipher' in socket ? tlsFactsOf(socket as TLSSocket) : NO_TLS),
  }
}

const NO_TLS: TlsFacts = { tlsProtocol: '', tlsCipher: '', servername: undefined }

function tlsFactsOf(socket: TLSSocket): TlsFacts {
  const tlsProtocol = socket.getProtocol() ?? ''
  // Node forgets the name of a session that is resumed with TLS 1.2.
  const isForgotten = tlsProtocol === 'TLSv1.2' && socket.isSessionReused()
  const asked = (socket.servername || '').toLowerCase()
  return {
    tlsProtocol,
    tlsCipher: socket.getCipher()?.standardName ?? '',
    servername: asked === '' && isForgotten ? undefined : asked,
  }
}

function malformationOf(
  fields: Fields,
  { host, target }: { host: string; target: string },
): string | undefined {
  if (countOf(fields, 'host') !== 1) return 'A request needs exactly one Host.'
  if (!HOST.test(host)) return 'The Host is not valid.'
  if (!ORIGIN_FORM.test(target)) return 'The request target is not valid.'
  const coding = joinedValue(fields, 'transfer-encoding')
  return coding === undefined || CHUNKED.test(coding)
    ? undefined
    : 'Only the chunked transfer coding is taken.'
}

/** The host that a `Host` field names, in its one spelling, or `undefined` when it isn't valid. */
export function hostIn(value: string, scheme: string): string | undefined {
  return HOST.test(value) ? normalisedHost(value, scheme) : undefined
}

/** One name has one spelling: lower case, no trailing dot, no port where it is the scheme's own (RFC 9110 §4.2.3). */
function normalisedHost(host: string, scheme: string): string {
  if (host !== newest.host || scheme !== newest.scheme)
    newest = { host, scheme, normalised: normalise(host, scheme) }
  return newest.normalised
}

/** Most requests are for the host that the last one was for. */
let newest = { host: '', scheme: '', normalised: '' }

function normalise(host: string, scheme: string): string {
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(host.toLowerCase()) ?? []
  const isDefault = Number(port) === (scheme === 'https' || scheme === 'wss' ? 443 : 80)
  const bare = name.replace(/\.$/, '')
  return port === undefined || isDefault ? bare : `${bare}:${Number(port)}`
}

/** Host and target; an absolute target names the host itself and overrules the field (RFC 9112 §3.2.2). */
function authorityOf(target: string, host: string): { host: string; target: string } {
  if (target.startsWith('/')) return { host, target }
  const absolute = /^https?:\/\/([^/?#]*)([^#]*)$/i.exec(target)
  if (absolute === null) return { host, target }
  const [, authority = '', rest = ''] = absolute
  return { host: authority, target: rest.startsWith('/') ? rest : `/${rest}` }
}

function hasBody(fields: Fields): boolean {
  const length = firstValue(fields, 'content-length')
  return (length !== undefined && length !== '0') || firstValue(fields, 'transfer-encoding') !== undefined
}
