import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { countFrom } from './http1.ts'

/**
 * Gives a connection to node:http for good, with all its bytes untouched.
 *
 * @param slow the server that reads it; it never listens itself
 * @param bytes all that was read and not answered
 */
export function handOver(socket: Socket, bytes: Buffer, slow: Server): void {
  // What went before is none of the next record's.
  countFrom(socket, { read: socket.bytesRead - bytes.byteLength, written: socket.bytesWritten })
  // node:http looks for its time limits and its listeners on this server, whoever accepted the socket.
  Object.assign(socket, { server: slow })
  if (bytes.byteLength > 0) socket.unshift(bytes)
  slow.emit('connection', socket)
}
