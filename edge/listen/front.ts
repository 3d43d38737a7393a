import { once } from 'node:events'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { createServer, type Server, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { isWebSocket } from '../distribution/upgrade-proxy.ts'
import { claim } from '../program/admin.ts'
import { acceptFirst } from './accept-first.ts'
import type { Behind } from './answering.ts'
import { byTurns } from './by-turns.ts'
import type { Connections } from './connections.ts'
import type { ExpressLane } from './express-lane.ts'
import { http1Listener, unreadable } from './http1.ts'
import type { Http2 } from './http2/http2.ts'
import type { Internals } from './node-internals.ts'
import { afterProxyHeader, believe, type IsProxy, type ProxySettings } from './proxies.ts'
import { REQUEST_HEAD_BYTES_MAX } from './request.ts'
import type { ListenLimits } from './settings.ts'
import { encryptLittleAhead } from './tls/encrypt-ahead.ts'
import type { ViewerTls } from './tls/viewer-tls.ts'
import { type BehindUpgrade, upgradeListener } from './upgrade.ts'

/** Several processes on one port: each has its own queue, and the kernel spreads the connections. */
const SHARED = { reusePort: process.platform === 'linux' }

/**
 * Connections that may wait at each socket to be accepted; the kernel takes `net.core.somaxconn` if that is
 * less. Who doesn't fit is heard again after 1 s, then after 2 more.
 */
const BACKLOG = 4_096

/** Nothing is read of a connection until somebody has taken it. */
const PAUSED = { noDelay: true, allowHalfOpen: true, pauseOnConnect: true }

/** Handshakes begun at each turn of the loop, at the most: each takes a millisecond, and a turn is what everybody waits. */
const HANDSHAKES_PER_TURN_MAX = 4

/** How often node:http looks for requests that take too long, ms. */
const CHECK_MS = 5_000

/** A port for viewers, not open yet. */
export interface Front {
  /** Takes what is accepted; paused, nothing read yet. */
  serve(socket: Socket): void
  /** What accepts: none until it is opened. */
  servers: Server[]
  /** Where all that the lane leaves goes. */
  slow: HttpServer
  connections: Connections
  /** What answers HTTP/2, where there is TLS. */
  http2?: Http2
}

/**
 * node:http's own server for one scheme: it reads connections that it is given, and listens to no port.
 * That it does is pretended to it, for only then does it mind its time limits.
 */
export function slowServer(
  scheme: 'http' | 'https',
  behind: Behind,
  behindUpgrade: BehindUpgrade,
  limits: ListenLimits,
  connections: Connections,
): HttpServer {
  const options = {
    maxHeaderSize: REQUEST_HEAD_BYTES_MAX,
    keepAliveTimeout: limits.idleMs,
    headersTimeout: Math.min(limits.headMs, limits.requestMs),
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: CHECK_MS,
    // Other upgrades, `h2c` above all, are ignored and the request answered.
    shouldUpgradeCallback: isWebSocket,
  }
  const slow = createHttpServer(options, http1Listener(scheme, behind))
  slow.on('upgrade', upgradeListener(scheme === 'http' ? 'ws' : 'wss', behindUpgrade))
  slow.on('clientError', unreadable(scheme, behind))
  slow.prependListener('request', (_, response) => {
    if (connections.retiring) response.setHeader('Connection', 'close')
  })
  // Else node:http would end the connection without a word, earlier responses on it included.
  slow.on('connect', (_, socket) => slow.emit('clientError', new Error('CONNECT is for proxies'), socket))
  slow.emit('listening')
  return slow
}

/** What a front is made of; without a lane every connection goes to `slow`. */
export interface FrontParts {
  slow: HttpServer
  lane: ExpressLane | undefined
  connections: Connections
  internals: Internals
  /** Proxies that are believed; none are without. */
  proxies?: Proxies | undefined
}

/** Who they are, and by what they say for whom they ask. */
export interface Proxies {
  isProxy: IsProxy
  by: ProxySettings['by']
}

/** A front for connections without TLS. */
export function plainFront({ slow, lane, connections, internals, proxies }: FrontParts): Front {
  const reads = lane !== undefined && internals.ownReads ? 'own' : 'public'
  const serveWith = (how: typeof reads) => (socket: Socket) => {
    if (lane !== undefined) lane.take(socket, how)
    else if (admitted(socket, connections)) slow.emit('connection', socket)
    if (how === 'public') socket.resume()
  }
  const serveSlowly = (socket: Socket) => {
    if (!admitted(socket, connections)) return
    slow.emit('connection', socket)
    socket.resume()
  }
  const serve = acceptFirst(withProxies(proxies, serveWith(reads), serveWith('public'), serveSlowly))
  return { serve, servers: [], slow, connections }
}

/** A front for TLS: what comes out of it is treated as a connection without. */
export function secureFront(
  { slow, lane, connections, http2, proxies }: FrontParts & { http2: Http2 },
  tls: ViewerTls,
  limits: ListenLimits,
): Front {
  const options = {
    ...tls.options,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: limits.headMs,
    allowHalfOpen: true,
  } as const
  const secure = createTlsServer(options, (socket) => {
    if (socket.alpnProtocol === 'h2') {
      http2.take(socket)
      return
    }
    encryptLittleAhead(socket)
    const isBelieved = proxies?.by === 'x-forwarded-for' && proxies.isProxy(socket.remoteAddress ?? '')
    if (isBelieved) believe(socket, proxies.isProxy)
    if (lane === undefined || isBelieved) slow.emit('connection', socket)
    else lane.take(socket, 'public')
  })
  tls.keep(secure)
  secure.on('tlsClientError', (error, socket) => slow.emit('clientError', error, socket))
  const shakeHands = byTurns((socket) => void secure.emit('connection', socket), HANDSHAKES_PER_TURN_MAX)
  const encrypted = (socket: Socket) => {
    if (admitted(socket, connections)) shakeHands(socket)
  }
  const serve = withProxies(proxies, encrypted, encrypted, encrypted)
  return { serve, servers: [], slow, connections, http2 }
}

/**
 * What takes accepted connections where some are of proxies: those of others go the same way as without any.
 *
 * @param others takes these
 * @param told takes one whose header was read
 * @param forwarding takes one on which each request names its viewer
 */
function withProxies(
  proxies: Proxies | undefined,
  others: (socket: Socket) => void,
  told: (socket: Socket) => void,
  forwarding: (socket: Socket) => void,
): (socket: Socket) => void {
  if (proxies === undefined) return others
  const { isProxy, by } = proxies
  return (socket) => {
    if (!isProxy(socket.remoteAddress ?? '')) return others(socket)
    if (by === 'proxy-protocol') return afterProxyHeader(socket, told)
    believe(socket, isProxy)
    return forwarding(socket)
  }
}

/** Counts a connection, or closes it: there are too many. */
export function admitted(socket: Socket, connections: Connections): boolean {
  if (connections.admit(socket.remoteAddress ?? '', socket)) return true
  socket.destroy()
  return false
}

/**
 * Lets a front listen: on the sockets that the first process holds, where there are any. To stop it is `drainOf`'s.
 *
 * @param at.fds descriptors of those sockets
 * @throws PortInUse
 */
export async function openFront(
  { serve, servers }: Front,
  at: { host: string; port: number; fds: readonly number[] | undefined },
  purpose: string,
  option: string,
): Promise<void> {
  const open = () => {
    const server = createServer(PAUSED, serve)
    servers.push(server)
    return server
  }
  if (at.fds === undefined) {
    await claim(open(), { ...at, ...SHARED, backlog: BACKLOG }, purpose, option)
    return
  }
  const opened = at.fds.map((fd) => {
    const server = open()
    // `listen({ fd })` would ask the first process of a cluster for a socket of its own.
    server.listen(new Socket({ fd, readable: false, writable: false }), BACKLOG)
    return once(server, 'listening')
  })
  await Promise.all(opened)
}
