import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Lets a server listen on a free port of loopback, until `parts` are disposed of. @returns its base URL */
export async function listening(server: Server, parts: AsyncDisposableStack): Promise<string> {
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  parts.defer(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
