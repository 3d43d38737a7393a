import { setImmediate as turn } from 'node:timers/promises'
import type { Connections } from './connections.ts'
import type { Front } from './front.ts'

/** How often connections that have become idle are looked for at a stop, ms. */
const LOOK_MS = 50

/** How a worker's fronts come to their end. Both ways end what is under way when the time for it is over. */
export interface Drain {
  /**
   * Another worker has the ports: each connection ends with its next response. Idle ones are kept until the
   * end, for one that is closed while a request is on its way fails that request.
   */
  retire(): Promise<void>
  /** Nobody has them, so a next request will fail anyway: idle connections end soon. */
  stop(): Promise<void>
}

/** What of a front has to end. */
type Drained = Pick<Front, 'servers' | 'slow' | 'http2'>

/** @param drainMs time for what is under way, ms */
export function drainOf(fronts: readonly Drained[], connections: Connections, drainMs: number): Drain {
  let closed: Promise<unknown> | undefined

  /** Accepts no more. Resolves when every connection has ended. */
  async function retire(): Promise<void> {
    connections.retire()
    for (const { http2 } of fronts) void http2?.close()
    closed ??= Promise.all(
      fronts.flatMap(({ servers }) => servers.map((one) => new Promise((resolve) => one.close(resolve)))),
    )
    const deadline = setTimeout(connections.closeAll, drainMs)
    await closed
    clearTimeout(deadline)
    // A server counts a connection no more as it begins to close; what it leaves undone is known once it has.
    while (connections.open > 0) await turn()
    // What those who were cut off left undone has its turn after them: their lines in the log, above all.
    await new Promise<void>((resolve) => connections.leaving(resolve))
  }

  function closeIdle(): void {
    connections.closeIdle()
    for (const { slow } of fronts) slow.closeIdleConnections()
  }

  return {
    retire,
    async stop() {
      closeIdle()
      const looks = setInterval(closeIdle, LOOK_MS)
      await retire()
      clearInterval(looks)
      for (const { slow } of fronts) slow.close()
    },
  }
}
