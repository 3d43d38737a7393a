import type { Socket } from 'node:net'

/** As long as a turn takes, one is served for each of these, ms. */
const TURN_MS_EACH = 4

/**
 * Serves connections a few at each turn of the loop, and each address in its turn: where it takes long to serve
 * one, the loop is never long away from those that are open, and a thousand from one address are nobody else's wait.
 *
 * One at a turn that is short, so that those who come don't make it long; more where others have made it long, or
 * hardly anybody would get in while there is much to do.
 *
 * @param serve takes a connection on which nothing was read yet
 * @param perTurnMax how many are served at a turn, at the most
 */
export function byTurns(serve: (socket: Socket) => void, perTurnMax: number): (socket: Socket) => void {
  /** Who comes first is next: an address that was served goes to the end. */
  const waiting = new Map<string, Socket[]>()
  let isUnderWay = false
  let beganMs = 0

  function turn(): void {
    const nowMs = performance.now()
    let left = Math.min(perTurnMax, Math.max(1, Math.floor((nowMs - beganMs) / TURN_MS_EACH)))
    beganMs = nowMs
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
    beganMs = performance.now()
    setImmediate(turn)
  }
}
