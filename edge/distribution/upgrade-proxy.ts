import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { createProxyServer } from 'http-proxy'

/** How long the other side may take to accept or refuse an upgrade, ms. */
export const ANSWER_MS_MAX = 30_000
/** How long an upgraded connection may be silent in both directions, ms (CloudFront: 10 minutes). */
export const IDLE_MS_MAX = 600_000

/** Where an upgrade is carried to. */
export interface Carriage {
  target: URL
  /** Fields to set on top of the request's. */
  fields?: Record<string, string>
  /** Called with the status that the other side answered: 101, or that of an ordinary response. */
  answered(status: number): void
  /** Called when there was no answer; nothing has been written to the socket then. */
  failed(error: Error): void
}

/** Whether a request asks for an upgrade that we carry; any other is answered as if it hadn't (RFC 9110 §7.8). */
export function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
}

/**
 * Carries WebSockets to the next tier: after the 101 only bytes pass. Whoever breaks off, whenever,
 * ends that one connection and its other half.
 *
 * @param changeOrigin send the target's own name as Host
 */
export function createUpgradeProxy({ changeOrigin }: { changeOrigin: boolean }) {
  const proxy = createProxyServer({ ws: true, changeOrigin })
  const carriages = new WeakMap<IncomingMessage, Carriage>()
  // Without a listener http-proxy throws, and a viewer's reset would end the process. Each error has
  // ended its connection already; what an operator should know comes by the callback of `ws` below.
  proxy.on('error', () => undefined)
  proxy.on('proxyReqWs', (asked, incoming, socket) => {
    const carriage = carriages.get(incoming)
    const abandon = () => asked.destroy()
    asked.setTimeout(ANSWER_MS_MAX, abandon)
    asked.once('response', (answer) => carriage?.answered(answer.statusCode ?? 0))
    asked.once('upgrade', (_, other) => {
      carriage?.answered(101)
      for (const side of [socket, other]) side.setTimeout(IDLE_MS_MAX, () => side.destroy())
    })
    socket.once('close', abandon)
  })

  return (incoming: IncomingMessage, socket: Duplex, head: Buffer, carriage: Carriage): void => {
    carriages.set(incoming, carriage)
    socket.on('error', () => socket.destroy())
    // What somebody claims in our own fields must not reach a tier that would believe it.
    for (const name of Object.keys(incoming.headers)) {
      if (name.startsWith('selvedge-')) delete incoming.headers[name]
    }
    const options = { target: carriage.target.href, headers: carriage.fields ?? {} }
    proxy.ws(incoming, incoming.socket, head, options, (error) => {
      // Once the two sides speak, a response in the middle of that would be noise.
      if (incoming.socket.bytesWritten > 0) socket.destroy()
      else carriage.failed(error)
    })
  }
}
