import { once } from 'node:events'
import { createServer } from 'node:net'
import process from 'node:process'

/**
 * Ports below those that the kernel takes for outgoing connections, of which tests make many at once, and below
 * those that our programs choose. Files that run side by side have ranges of their own: a port that one found
 * free would else be taken by another before its server listens.
 */
const FIRST_PORT = 15_000
const RANGE = 2_000
const RANGES = 4

const first = FIRST_PORT + (Number(process.env.VITEST_POOL_ID ?? 0) % RANGES) * RANGE
let next = process.pid % RANGE

/** A port of loopback that was free a moment ago, for a server that has to be told its port. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + (next++ % RANGE)
    const probe = createServer().listen({ host: '127.0.0.1', port })
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    probe.close()
    await once(probe, 'close')
    return port
  }
}
