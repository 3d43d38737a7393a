import { once } from 'node:events'
import { createServer } from 'node:net'

/** Ports below those that the kernel takes for outgoing connections, of which tests make many at once. */
const FIRST_PORT = 15_000
const LAST_PORT = 32_000

/** Ports that were given away: servers are told theirs before any of them listens. */
const given = new Set<number>()

/** A port of loopback that was free a moment ago, for a server that has to be told its port. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT))
    if (given.has(port)) continue
    const probe = createServer().listen({ host: '127.0.0.1', port })
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    probe.close()
    await once(probe, 'close')
    given.add(port)
    return port
  }
}
