import { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** How much is encrypted ahead of what a viewer reads, bytes: 8 records. */
const AHEAD_BYTES = 131_072

type Done = (error?: Error | null) => void
type Waiting = { chunk: Buffer | string; encoding: BufferEncoding }

/**
 * TLS encrypts at once all that it is given to write, into memory of its own: for a viewer who reads slowly
 * that is a whole body. So it is given a little at a time, and the rest waits where it is: in the cache.
 */
export function encryptLittleAhead(socket: TLSSocket): void {
  socket._write = writeInPieces
  socket._writev = writeAllInPieces
}

/** Sockets write strings too. */
const write = Socket.prototype._write as (
  this: Socket,
  chunk: Buffer | string,
  encoding: BufferEncoding,
  done: Done,
) => void
const writev = Socket.prototype._writev as (this: Socket, waiting: Waiting[], done: Done) => void

function writeInPieces(this: Socket, chunk: Buffer | string, encoding: BufferEncoding, done: Done): void {
  // Only heads are written as strings.
  if (typeof chunk === 'string' || chunk.byteLength <= AHEAD_BYTES) {
    write.call(this, chunk, encoding, done)
    return
  }
  let at = 0
  const next: Done = (error) => {
    if (error != null || at >= chunk.byteLength) {
      done(error)
      return
    }
    const piece = chunk.subarray(at, at + AHEAD_BYTES)
    at += piece.byteLength
    write.call(this, piece, encoding, next)
  }
  next()
}

/** Small ones go together, as they would, for each write makes a record. */
function writeAllInPieces(this: Socket, waiting: Waiting[], done: Done): void {
  let at = endOfGroup(waiting, 0)
  if (at === waiting.length && at > 1) {
    writev.call(this, waiting, done)
    return
  }
  at = 0
  const next: Done = (error) => {
    const first = waiting[at]
    if (error != null || first === undefined) {
      done(error)
      return
    }
    const end = endOfGroup(waiting, at)
    const group = waiting.slice(at, end)
    at = end
    if (group.length === 1) writeInPieces.call(this, first.chunk, first.encoding, next)
    else writev.call(this, group, next)
  }
  next()
}

/** Where those end that may be encrypted together; one at the least. */
function endOfGroup(waiting: readonly Waiting[], start: number): number {
  let bytes = 0
  let end = start
  while (end < waiting.length) {
    bytes += waiting[end]?.chunk.length ?? 0
    if (bytes > AHEAD_BYTES && end > start) break
    end += 1
  }
  return end
}
