import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { countOf, firstValue } from '../cache/fields.ts'
import type { ViewerRequest } from '../viewer.ts'
import { nextRequestId } from './request-id.ts'

/** A request that node:http let through but that RFC 9112 does not allow; answered 400. */
export interface Malformed {
  malformed: string
}

/** A registered name or IPv4 address, or an IPv6 address in brackets, with an optional port (RFC 3986 §3.2.2). */
const HOST = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/

/** Path and query (RFC 9112 §3.2.1): visible ASCII without `#`, which is never sent. */
const ORIGIN_FORM = /^\/[\x21\x22\x24-\x7e]*$/

/**
 * Reads what node:http parsed as a viewer's request.
 *
 * node:http takes two Hosts, a Host with a path, `#` in the target and another host in an absolute
 * target; two readers could differ on these, so they are refused here (RFC 9112 §3.2, §11.2).
 */
export function viewerRequestOf(
  incoming: IncomingMessage,
  scheme: string,
  gone: AbortSignal,
): ViewerRequest | Malformed {
  const fields = incoming.rawHeaders
  if (countOf(fields, 'host') !== 1) return { malformed: 'A request needs exactly one Host.' }
  const authority = authorityOf(incoming.url ?? '', firstValue(fields, 'host')?.trim() ?? '')
  if (authority === undefined || !HOST.test(authority.host)) return { malformed: 'The Host is not valid.' }
  if (!ORIGIN_FORM.test(authority.target)) return { malformed: 'The request target is not valid.' }

  const { socket } = incoming
  const cipher = 'getCipher' in socket ? (socket as TLSSocket).getCipher() : undefined
  const host = authority.host.toLowerCase()
  return {
    request: {
      method: incoming.method ?? 'GET',
      scheme,
      host,
      target: authority.target,
      fields,
      body: hasBody(fields) ? incoming : undefined,
    },
    hostName: host.replace(/:\d+$/, '').replace(/\.$/, ''),
    requestId: nextRequestId(),
    protocolVersion: `HTTP/${incoming.httpVersion}`,
    address: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    port: socket.remotePort ?? 0,
    tlsProtocol: cipher === undefined ? '' : ((socket as TLSSocket).getProtocol() ?? ''),
    tlsCipher: cipher?.standardName ?? '',
    gone,
  }
}

/** Host and target; an absolute target names the host itself and overrules the field (RFC 9112 §3.2.2). */
function authorityOf(target: string, host: string): { host: string; target: string } | undefined {
  const absolute = /^https?:\/\/([^/?#]*)([^#]*)$/i.exec(target)
  if (absolute === null) return { host, target }
  const [, authority = '', rest = ''] = absolute
  return { host: authority, target: rest.startsWith('/') ? rest : `/${rest}` }
}

function hasBody(fields: readonly string[]): boolean {
  const length = firstValue(fields, 'content-length')
  return (length !== undefined && length !== '0') || firstValue(fields, 'transfer-encoding') !== undefined
}
