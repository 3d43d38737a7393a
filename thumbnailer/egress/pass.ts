import type { Socket } from 'node:net'
import type { Destination, Refusal, RefusalReason } from './destination.ts'
import { dial } from './dial.ts'

/** What one render may take from the network. */
export interface PassLimits {
  /** Bytes in both directions. */
  bytesMax: number
  /** Requests and tunnels in all. */
  requestsMax: number
  /** Connections at the same time. */
  connectionsMax: number
  /** From the pass's beginning; everything is cut then. */
  msMax: number
}

/** One render's permission to use the network, and what it has used of it. */
export interface Pass extends Disposable {
  /** What was refused, oldest first; the first hundred only. */
  readonly refusals: readonly Refusal[]
  readonly bytes: number
  /** Resolves when it has had all that it may, with what it had too much of; never when it is closed before. */
  readonly spent: Promise<SpentReason>
  /** Counts a request or tunnel. @returns a refusal when it is one too many, or the render is over */
  admit(host: string, port: number): Refusal | undefined
  /** Connects to where the judge lets it, to an address that was checked. */
  connect(host: string, port: number): Promise<Socket | Refusal>
  /** Counts what passes. Once it is too much everything is cut. */
  count(bytes: number): void
  /** Keeps a refusal, and tells of it. @returns it */
  refuse(refusal: Refusal): Refusal
  /** Has a socket end with the pass. */
  hold(socket: Socket): void
}

/** What a render can have too much of, so that everything is cut, in the middle of what it was sent. */
export type SpentReason = 'bytes' | 'time'

export interface PassOptions {
  judge: (host: string, port: number) => Promise<Destination | Refusal>
  limits: PassLimits
  onRefused: (refusal: Refusal) => void
  /** Why nothing at all is let through. */
  barred?: RefusalReason
}

const REFUSALS_KEPT = 100

export function openPass({ judge, limits, onRefused, barred }: PassOptions): Pass {
  const refusals: Refusal[] = []
  const held = new Set<Socket>()
  // An address that was checked stays safe, whatever its name leads to meanwhile.
  const checked = new Map<string, Promise<Destination | Refusal>>()
  const spent = Promise.withResolvers<SpentReason>()
  let over: RefusalReason | undefined
  let requests = 0
  let connections = 0
  let bytes = 0

  const timer = setTimeout(() => exceed('time'), limits.msMax)
  timer.unref()

  function end(because: RefusalReason): void {
    over ??= because
    clearTimeout(timer)
    for (const socket of held) socket.destroy()
  }

  function exceed(because: SpentReason): void {
    if (over === undefined) spent.resolve(because)
    end(because)
  }

  function refuse(refusal: Refusal): Refusal {
    if (refusals.length < REFUSALS_KEPT) refusals.push(refusal)
    onRefused(refusal)
    return refusal
  }

  function hold(socket: Socket): void {
    held.add(socket)
    socket.once('close', () => held.delete(socket))
    if (over !== undefined) socket.destroy()
  }

  async function connect(host: string, port: number): Promise<Socket | Refusal> {
    if (connections >= limits.connectionsMax) return refuse({ host, port, because: 'connections' })
    connections += 1
    const socket = await connectTo(host, port).catch((error: unknown) => {
      connections -= 1
      throw error
    })
    if ('because' in socket) {
      connections -= 1
      return socket
    }
    socket.once('close', () => {
      connections -= 1
    })
    hold(socket)
    return socket
  }

  async function connectTo(host: string, port: number): Promise<Socket | Refusal> {
    const key = `${host}:${port}`
    const judged = checked.get(key) ?? judge(host, port)
    checked.set(key, judged)
    const destination = await judged
    if ('because' in destination) return refuse(destination)
    const socket = await dial(destination)
    return socket ?? refuse({ host, port, because: 'unconnected' })
  }

  return {
    refusals,
    spent: spent.promise,
    get bytes() {
      return bytes
    },
    admit(host, port) {
      requests += 1
      if (requests > limits.requestsMax) over ??= 'requests'
      const because = barred ?? over
      return because === undefined ? undefined : refuse({ host, port, because })
    },
    connect,
    count(more) {
      bytes += more
      if (bytes > limits.bytesMax) exceed('bytes')
    },
    refuse,
    hold,
    [Symbol.dispose]: () => end('time'),
  }
}
