import type { Socket } from 'node:net'

/** How long an accepted connection may wait for others to be accepted, ms. */
const WAIT_MS_MAX = 50

/**
 * Holds accepted connections back as long as each turn of the loop accepts another.
 *
 * The loop accepts one connection of each socket a turn, and serves in the same turn everybody who has asked. So
 * of a thousand viewers who come at once, each served as soon as it is accepted, the last would wait for many
 * turns of up to a thousand requests. Accepted first and served then, they wait a few ms.
 *
 * @param serve takes a connection on which nothing was read yet: the server has to have `pauseOnConnect`
 */
export function acceptFirst(serve: (socket: Socket) => void): (socket: Socket) => void {
  let waiting: Socket[] = []
  let sinceMs = 0
  let seen = 0

  function look(): void {
    if (waiting.length > seen && performance.now() - sinceMs < WAIT_MS_MAX) {
      seen = waiting.length
      setImmediate(look)
      return
    }
    const accepted = waiting
    waiting = []
    seen = 0
    for (const socket of accepted) serve(socket)
  }

  return (socket) => {
    if (waiting.push(socket) > 1) return
    sinceMs = performance.now()
    setImmediate(look)
  }
}
