import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** A port of loopback that was free a moment ago, for a server that has to be told its port. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen({ host: '127.0.0.1', port: 0 })
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
