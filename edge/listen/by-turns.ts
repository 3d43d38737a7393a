import type { Socket } from 'node:net'

/**
 * Serves connections a few at each turn of the loop, and each address in its turn: where it takes long to serve
 * one, the loop is never long away from those that are open, and a thousand from one address are nobody else's wait.
 *
 * @param serve takes a connection on which nothing was read yet
 * @param perTurn how many are served at a turn
 */
export function byTurns(serve: (socket: Socket) => void, perTurn: number): (socket: Socket) => void {
  /** Who comes first is next: an address that was served goes to the end. */
  const waiting = new Map<string, Socket[]>()
  let isUnderWay = false

  function turn(): void {
    let left = perTurn
    for (const [address, sockets] of waiting) {
      if (left === 0) break
      left -= 1
      const first = sockets.shift()
      waiting.delete(address)
      if (sockets.length > 0) waiting.set(address, sockets)
      if (first !== undefined) serve(first)
    }
    isUnderWay = waiting.size > 0
    if (isUnderWay) setImmediate(turn)
  }

  return (socket) => {
    const address = socket.remoteAddress ?? ''
    const same = waiting.get(address)
    if (same === undefined) waiting.set(address, [socket])
    else same.push(socket)
    if (isUnderWay) return
    isUnderWay = true
    setImmediate(turn)
  }
}
