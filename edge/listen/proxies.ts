import type { Socket } from 'node:net'
import { z } from 'zod'
import { type Fields, joinedValue } from '../cache/fields.ts'
import { bytesOf, isIn, networkIn } from '../geo/nearest/network.ts'
import { plainAddress } from './plain-address.ts'
import { proxyHeaderIn } from './proxy-header.ts'

/** How long a proxy may take to say whom it speaks for, ms. */
const HEADER_MS_MAX = 5_000

/** Proxies in front of an edge that are believed when they say for whom they ask. */
export const proxySettings = z.strictObject({
  addresses: z
    .array(
      z
        .string()
        .refine((text) => networkIn(text) !== undefined, 'is no block of addresses, as `192.0.2.0/24`'),
    )
    .min(1)
    .max(1_000)
    .describe('Blocks of addresses of the proxies. What anybody else says is not believed.'),
  by: z
    .enum(['proxy-protocol', 'x-forwarded-for'])
    .describe(
      '`proxy-protocol`: each connection of theirs begins with its header, version 1 or 2. `x-forwarded-for`: the last address in that field that is none of theirs; over HTTP/1.1 only.',
    ),
})

export type ProxySettings = z.infer<typeof proxySettings>

/** Whether an address is a listed proxy's. */
export type IsProxy = (address: string) => boolean

/** @param settings checked: each block can be read */
export function proxiesIn({ addresses }: ProxySettings): IsProxy {
  const networks = addresses.flatMap((text) => networkIn(text) ?? [])
  return (address) => {
    const bytes = bytesOf(address)
    return bytes !== undefined && networks.some((network) => isIn(bytes, network))
  }
}

/** Connections of proxies whose `X-Forwarded-For` is believed. */
const believed = new WeakMap<object, IsProxy>()

/** From now on believes what is forwarded on a connection. */
export function believe(socket: object, isProxy: IsProxy): void {
  believed.set(socket, isProxy)
}

/**
 * Who asks over a connection: its other end, or whom a believed proxy names. Proxies add who asked them at the end, so
 * the last address that is none of theirs counts: what is before it the viewer may have made up.
 */
export function askerOf(socket: object, fields: Fields, address: string): string {
  const isProxy = believed.get(socket)
  if (isProxy === undefined) return address
  let asker = address
  for (const text of (joinedValue(fields, 'x-forwarded-for') ?? '').split(',').reverse()) {
    const one = plainAddress(text.trim())
    if (one === undefined) break
    asker = one
    if (!isProxy(one)) break
  }
  return asker
}

/**
 * Reads the PROXY protocol's header of an accepted, paused connection, and lets it seem the viewer's own from then on.
 * Broken or late, and the connection is closed.
 *
 * @param then takes it, paused as it came; what is behind the header is still to be read
 */
export function afterProxyHeader(socket: Socket, then: (socket: Socket) => void): void {
  let bytes: Buffer = Buffer.alloc(0)
  const destroy = () => socket.destroy()
  const timer = setTimeout(destroy, HEADER_MS_MAX)
  const onData = (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    const header = proxyHeaderIn(bytes)
    if (header.kind === 'more') return
    done()
    if (header.kind === 'broken') return destroy()
    if (header.kind === 'viewer') seemFrom(socket, header)
    if (header.end < bytes.length) socket.unshift(bytes.subarray(header.end))
    then(socket)
  }
  function done(): undefined {
    clearTimeout(timer)
    socket.pause()
    socket.off('data', onData).off('error', destroy).off('end', destroy).off('close', done)
  }
  socket.on('data', onData).on('error', destroy).on('end', destroy).on('close', done)
  socket.resume()
}

/** Has a socket, and a TLS socket made on it, tell another address for their other end. */
function seemFrom(socket: Socket, { address, port }: { address: string; port: number }): void {
  const family = address.includes(':') ? 'IPv6' : 'IPv4'
  Object.defineProperties(socket, {
    remoteAddress: { value: address },
    remotePort: { value: port },
    remoteFamily: { value: family },
  })
  // TLS sockets ask the handle beneath; if a Node no longer does, they tell the proxy's, which is no viewer's.
  const { _handle: handle } = socket as { _handle?: { getpeername?(out: object): number } }
  if (handle?.getpeername === undefined) return
  handle.getpeername = (out) => {
    Object.assign(out, { address, port, family })
    return 0
  }
}
