import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { FleetEdge, FleetFile } from './fleet/fleet-file.ts'
import { bytesOf, isIn } from './nearest/network.ts'
import type { Steer } from './steer.ts'

/** Longest head of a request, bytes, and how long it may take, ms: a redirect needs little. */
const HEAD_BYTES_MAX = 16_384
const HEAD_MS_MAX = 10_000
/** Connections at a time: each is closed after its answer. */
const CONNECTIONS_MAX = 10_000

/** What a request is answered with. */
export type Redirecting = (request: IncomingMessage) => Reply

/** Leads viewers to the nearest edge's own host name, for names that DNS can't steer. */
export function redirecting(
  fleet: Pick<FleetFile, 'zone' | 'edges' | 'redirect'>,
  steer: Steer,
): Redirecting {
  const { zone, redirect } = fleet
  const base = new Map(fleet.edges.map((edge) => [edge.code, baseOf(edge, zone, redirect.scheme)]))
  const ownHosts = new Set(base.values().map((url) => new URL(url).hostname))

  return (request) => {
    const host = hostOf(request.headers.host)
    if (host === undefined) return refusal(400, 'A request needs a valid Host.')
    // An edge's own name that leads here would lead here for ever.
    if (ownHosts.has(host))
      return refusal(508, 'The name of this edge leads to the router, and not to the edge.')
    const target = targetOf(request.url ?? '')
    if (target === undefined) return refusal(400, 'The request target is not valid.')
    const viewer = viewerOf(request, redirect.trustedProxies)
    if (viewer === undefined) return refusal(400, 'The address of the viewer is not known.')
    const { edge } = steer(viewer)
    const isSafe = request.method === 'GET' || request.method === 'HEAD'
    const headers = {
      Location: `${base.get(edge.code)}${target}`,
      'Cache-Control': `private, max-age=${redirect.maxAgeSeconds}`,
      'Content-Type': 'text/plain',
      'X-Selvedge-Edge': edge.code,
    }
    // 307 keeps the method and the body (RFC 9110 §15.4.8); 302 is what everybody knows.
    return { status: isSafe ? 302 : 307, headers, text: `${edge.code}\n` }
  }
}

/** A server of redirects, not listening yet. @param answerTo each request */
export function redirectServer(answerTo: Redirecting, count: (status: number) => void): Server {
  const limits = { maxHeaderSize: HEAD_BYTES_MAX, headersTimeout: HEAD_MS_MAX, requestTimeout: HEAD_MS_MAX }
  const server = createServer(limits, (request, response) => {
    // A body isn't read: it goes to the edge.
    if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined)
      response.shouldKeepAlive = false
    const { status, headers, text } = answerTo(request)
    count(status)
    response.writeHead(status, headers).end(text)
  })
  server.maxConnections = CONNECTIONS_MAX
  return server
}

/** Status, headers and body. */
interface Reply {
  status: number
  headers: Record<string, string>
  text: string
}

function refusal(status: number, text: string): Reply {
  return { status, headers: { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' }, text: `${text}\n` }
}

function baseOf({ code, url, http, https }: FleetEdge, zone: string, scheme: 'http' | 'https'): string {
  if (url !== undefined) return url.replace(/\/$/, '')
  const port = scheme === 'https' ? (https?.port ?? 443) : http
  const isDefault = port === (scheme === 'https' ? 443 : 80)
  return `${scheme}://${code}.${zone}${isDefault ? '' : `:${port}`}`
}

/** The name of a Host field, in lower case, without port and last dot. */
function hostOf(host = ''): string | undefined {
  const [, name] = /^([A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.exec(host) ?? []
  return name?.toLowerCase().replace(/\.$/, '')
}

/** Path and query as they came; of an absolute target these alone (RFC 9112 §3.2.2). */
function targetOf(target: string): string | undefined {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '')
  if (path === '' || path.startsWith('?')) return `/${path}`
  return /^\/[\x21\x22\x24-\x7e]*$/.test(path) ? path : undefined
}

/** Who asks: the other end of the connection, or whom a trusted proxy names. The last that isn't ours counts. */
function viewerOf(
  request: IncomingMessage,
  trusted: FleetFile['redirect']['trustedProxies'],
): Uint8Array | undefined {
  const peer = bytesOf(request.socket.remoteAddress ?? '')
  const isTrusted = (bytes: Uint8Array) => trusted.some((network) => isIn(bytes, network))
  if (peer === undefined || trusted.length === 0 || !isTrusted(peer)) return peer
  const named = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
  let viewer = peer
  for (const text of named.reverse()) {
    const bytes = bytesOf(text.trim())
    if (bytes === undefined) return viewer
    viewer = bytes
    if (!isTrusted(bytes)) return viewer
  }
  return viewer
}
