import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createProxyServer } from 'http-proxy'
import { edgeRequestOf, type Shield } from './front.ts'

/** Carries WebSocket and other upgrades from an edge to the origin, where that takes them. */
export function shieldUpgradeListener(shield: Pick<Shield, 'key' | 'origins' | 'log'>) {
  const proxy = createProxyServer({ ws: true, changeOrigin: true })
  return (incoming: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { request, from } = edgeRequestOf(shield.key, incoming)
    const origin = from && shield.origins.ofRequest(from.distribution, request.target)
    if (origin?.upgradeUrl === undefined) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      return
    }
    for (const name of Object.keys(incoming.headers)) {
      if (name.startsWith('selvedge-')) delete incoming.headers[name]
    }
    proxy.ws(incoming, socket as Socket, head, { target: origin.upgradeUrl.href }, (error) => {
      shield.log.warn(
        { origin: origin.name, requestId: from?.requestId, error: String(error) },
        'an upgrade failed',
      )
      if (socket.writable) {
        socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      }
    })
  }
}
