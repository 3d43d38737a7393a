import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { createUpgradeProxy } from '../edge/distribution/upgrade-proxy.ts'
import { edgeRequestOf, readRequestOf, type Shield } from './front.ts'

/** Carries WebSockets from an edge to the origin, where that takes them. */
export function shieldUpgradeListener(shield: Pick<Shield, 'key' | 'origins' | 'log'>) {
  const carry = createUpgradeProxy({ changeOrigin: true })
  return (incoming: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { request, from } = edgeRequestOf(shield.key, readRequestOf(incoming))
    const origin = from && shield.origins.ofRequest(from.distribution, request.target)?.origin
    if (origin?.upgradeUrl === undefined) {
      refuse(socket, '403 Forbidden')
      return
    }
    carry(incoming, socket, head, {
      target: origin.upgradeUrl,
      answered: () => undefined,
      failed(error) {
        const { requestId } = from ?? {}
        shield.log.warn({ origin: origin.name, requestId, error: String(error) }, 'an upgrade failed')
        refuse(socket, '502 Bad Gateway')
      },
    })
  }
}

function refuse(socket: Duplex, status: string): void {
  if (!socket.writable) return
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
}
