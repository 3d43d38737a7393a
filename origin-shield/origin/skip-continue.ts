import type { Socket } from 'node:net'

/** Longest `100 Continue` that is skipped, bytes. */
const HEAD_BYTES_MAX = 4_096
const BEGINNING = Buffer.from('HTTP/1.1 100')
const NOTHING: Buffer = Buffer.alloc(0)

/**
 * Takes `100 Continue` out of what a connection reads, where a response begins.
 *
 * A client has to bear one that it didn't ask for (RFC 9110 §15.2), and some servers send it before they
 * read any body; undici closes the connection. undici takes all bytes by `socket.read()`, writes a request's
 * head as one string, and has no two requests on a connection at a time.
 */
export function skipContinue(socket: Socket): void {
  const write = socket.write as (...written: unknown[]) => boolean
  const read = socket.read.bind(socket) as (bytes?: number) => Buffer | null
  let isAtStart = false
  let held: Buffer = NOTHING

  function afterContinue(chunk: Buffer): Buffer | null {
    const bytes = held.byteLength === 0 ? chunk : Buffer.concat([held, chunk])
    held = NOTHING
    if (!beginsContinue(bytes)) {
      isAtStart = false
      return bytes
    }
    const end = bytes.indexOf('\r\n\r\n')
    if (end >= 0) return bytes.byteLength === end + 4 ? null : afterContinue(bytes.subarray(end + 4))
    if (bytes.byteLength > HEAD_BYTES_MAX) {
      isAtStart = false
      return bytes
    }
    held = bytes
    return null
  }

  Object.assign(socket, {
    write(...written: unknown[]) {
      const [chunk] = written
      if (typeof chunk === 'string' && chunk.includes(' HTTP/1.1\r\n')) isAtStart = true
      return write.apply(socket, written)
    },
    // Streams call it too, with 0, only to go on reading.
    read(bytes?: number) {
      const chunk = read(bytes)
      return chunk === null || !isAtStart ? chunk : afterContinue(chunk)
    },
  })
}

/** Whether bytes are the beginning of `100 Continue`, or the beginning of that. */
function beginsContinue(bytes: Buffer): boolean {
  const length = Math.min(bytes.byteLength, BEGINNING.byteLength)
  return bytes.subarray(0, length).equals(BEGINNING.subarray(0, length))
}
