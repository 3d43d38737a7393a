import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** A port that pages must not reach, over TCP and UDP, IPv4 and IPv6. It only notes who came. */
export interface Canary extends AsyncDisposable {
  port: number
  /** How often somebody came to an address that is not public. */
  hits: number
}

/** @param publicAddress one of this machine that counts as public */
export async function startCanary(publicAddress: string): Promise<Canary> {
  const server = createServer((socket) => {
    const isInside = socket.localAddress !== `::ffff:${publicAddress}`
    socket.once('data', () => {
      if (isInside) canary.hits += 1
      socket.destroy()
    })
    socket.on('error', () => undefined) // whoever came may break off
  })
  server.listen(0, '::')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const datagrams = createSocket('udp6', () => {
    canary.hits += 1
  })
  datagrams.bind(port)
  await once(datagrams, 'listening')
  const canary: Canary = {
    port,
    hits: 0,
    async [Symbol.asyncDispose]() {
      server.close()
      datagrams.close()
    },
  }
  return canary
}
