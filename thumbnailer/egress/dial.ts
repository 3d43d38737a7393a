import { connect, type Socket } from 'node:net'
import type { Destination } from './destination.ts'

/** Of one address; the next is tried after it. */
const CONNECT_MS_MAX = 4_000
const ADDRESSES_MAX = 3

/**
 * Connects to the first address that answers, of those that were checked: none is looked up again.
 *
 * @returns `undefined` when none answers
 */
export async function dial({ addresses, port }: Destination): Promise<Socket | undefined> {
  for (const host of addresses.slice(0, ADDRESSES_MAX)) {
    const socket = await connected(host, port)
    if (socket !== undefined) return socket
  }
  return undefined
}

function connected(host: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true })
    const giveUp = () => {
      socket.destroy()
      resolve(undefined)
    }
    socket.setTimeout(CONNECT_MS_MAX, giveUp)
    socket.once('error', giveUp)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.off('error', giveUp)
      resolve(socket)
    })
  })
}
