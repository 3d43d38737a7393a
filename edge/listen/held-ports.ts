/**
 * Each worker has a socket of its own on the same port (`SO_REUSEPORT`), and the kernel spreads connections
 * over them. What waits in a socket's queue, and whose handshake is under way, is reset when the last process
 * that has the socket closes it. So the first process holds every worker's socket, and a worker that takes the
 * place of another inherits it: both accept from one queue until the old one stops, and nothing is lost.
 *
 * Elsewhere than on Linux workers get their connections from the first process (node:cluster), which loses
 * none either.
 */
import { lookup } from 'node:dns/promises'
import { BoundSocket } from 'node:net'
import { PortInUse } from '../program/errors.ts'

/** What a worker finds open when it starts: descriptors of the sockets it listens on, by their ports. */
export type InheritedPorts = ReadonlyMap<number, readonly number[]>

/**
 * How many sockets a worker has on a port. The loop accepts one connection of each a turn, and a turn is long
 * when many viewers ask at once: with one socket, the last of a thousand newcomers would wait for a thousand turns.
 */
const SOCKETS_A_PORT = 16

/** Where viewers come in. */
export interface ViewerPorts {
  host: string
  ports: readonly { port: number; purpose: string; option: string }[]
}

/** The sockets of one worker, and of those that come after it in its place. */
export interface HeldPorts {
  /**
   * Descriptors for a worker to inherit, in the order of the ports, as many for each. Sockets for other ports than these are let go.
   *
   * @throws PortInUse
   */
  descriptors(wanted: ViewerPorts): number[]
  /** Lets all go: what nobody accepts must not be given to us. */
  release(): void
}

/** The first descriptor that a worker inherits: 0 to 2 are as everywhere, 3 is the channel to the first process. */
const FIRST_INHERITED = 4

/** Whether workers have sockets of their own that can be held. */
export const CAN_HOLD = process.platform === 'linux'

/** Begins with none. */
export function holdPorts(): HeldPorts {
  const held = new Map<string, BoundSocket>()

  function keepOnly(names: readonly string[]): void {
    for (const [name, socket] of held) {
      if (names.includes(name)) continue
      socket.close()
      held.delete(name)
    }
  }

  return {
    descriptors({ host, ports }) {
      const named = ports.flatMap((one) =>
        Array.from({ length: SOCKETS_A_PORT }, (_, at) => ({ ...one, name: `${host} ${one.port} ${at}` })),
      )
      keepOnly(named.map(({ name }) => name))
      return named.map(({ name, port, purpose, option }) => {
        const socket = held.get(name) ?? bind(host, port, purpose, option)
        held.set(name, socket)
        return socket.fd()
      })
    },
    release: () => keepOnly([]),
  }
}

function bind(host: string, port: number, purpose: string, option: string): BoundSocket {
  try {
    return new BoundSocket({ host, port, reusePort: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new PortInUse(port, host, purpose, option)
  }
}

/** A host as an address, which is what a socket is bound to. */
export async function addressOf(host: string): Promise<string> {
  return (await lookup(host)).address
}

/** The descriptors that `HeldPorts.descriptors` gave for these ports, as the worker has them. */
export function inheritedPorts(ports: readonly number[]): InheritedPorts {
  if (!CAN_HOLD) return new Map()
  const socketsOf = (at: number) =>
    Array.from({ length: SOCKETS_A_PORT }, (_, one) => FIRST_INHERITED + at * SOCKETS_A_PORT + one)
  return new Map(ports.map((port, at) => [port, socketsOf(at)]))
}
