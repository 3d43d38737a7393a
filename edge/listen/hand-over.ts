import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { countFrom } from './http1.ts'
import { type Internals, type Listeners, listenersOf, takeBack } from './node-internals.ts'

/** A connection that may be given to node:http and back. */
export interface Lent {
  readonly socket: Socket
  /** How often it went over and back since it was last answered here. */
  journeys: number
  /** Given back: read it again. */
  returned(): void
}

/** Gives connections to node:http, with all their bytes untouched, and takes back those that it is done with. */
export interface HandOver {
  /**
   * @param bytes all that was read and not answered
   * @param lone whether they are one whole request without a body, after which the connection stays open
   */
  give(lent: Lent, bytes: Buffer, expects: { lone: boolean }): void
}

/**
 * Going over and back costs 12 µs, little beside a miss; a connection that does nothing else for this long
 * asks for what is never kept, and stays with node:http.
 */
const JOURNEYS_IN_A_ROW_MAX = 64

interface Journey {
  lent: Lent
  bytesRead: number
  before: Listeners
}

/** @param slow the server that reads what we don't; it never listens itself */
export function handOverTo(slow: Server, internals: Internals): HandOver {
  const away = new WeakMap<Socket, Journey>()

  // The listener that answers must not have answered before we know of it.
  slow.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const journey = away.get(request.socket)
    if (journey === undefined) return
    away.delete(request.socket)
    response.once('finish', () => setImmediate(comeBack, journey))
  })

  function comeBack({ lent, bytesRead, before }: Journey): void {
    const { socket } = lent
    // Its parser may have half a head of the next request, or the connection is about to end.
    if (socket.bytesRead !== bytesRead || !socket.writable || socket.destroyed || socket.readableEnded) return
    takeBack(socket, before)
    lent.returned()
  }

  return {
    give(lent, bytes, { lone }) {
      const { socket } = lent
      if (lone && internals.takesBack && lent.journeys < JOURNEYS_IN_A_ROW_MAX) {
        lent.journeys += 1
        away.set(socket, { lent, bytesRead: socket.bytesRead, before: listenersOf(socket) })
      }
      // What went before is none of the next record's.
      countFrom(socket, { read: socket.bytesRead - bytes.byteLength, written: socket.bytesWritten })
      // node:http looks for its time limits and its listeners on this server, whoever accepted the socket.
      Object.assign(socket, { server: slow })
      if (bytes.byteLength > 0) socket.unshift(bytes)
      slow.emit('connection', socket)
    },
  }
}
