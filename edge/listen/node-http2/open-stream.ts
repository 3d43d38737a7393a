import type { ServerHttp2Stream } from 'node:http2'
import { Readable } from 'node:stream'
import { ViewerGone } from '../../cache/fetch/flight.ts'

/** A request and its response under way. */
export interface OpenStream {
  readonly stream: ServerHttp2Stream
  /** When it began, on the clock of `watch.ts`, ms. */
  readonly sinceMs: number
  /** Bytes of the request, and those of the response that node:http2 was given to send; heads as of HTTP/1.1. */
  receivedBytes: number
  givenBytes: number
  /** How many of those had gone at the last look while more waited, and since when no more have. */
  taken: number
  takenSinceMs: number
  /** The request's body is too long in coming; set while it comes. */
  requestTimedOut: (() => void) | undefined
}

/** A stream of which the head has been read. */
export function openStream(stream: ServerHttp2Stream, coarseMs: number): OpenStream {
  return {
    stream,
    sinceMs: coarseMs,
    receivedBytes: 0,
    givenBytes: 0,
    taken: 0,
    takenSinceMs: coarseMs,
    requestTimedOut: undefined,
  }
}

/** What may wait to be read on one connection, bytes, and the least of it that a stream gets. */
const AHEAD_BYTES = 262_144
const PIECE_BYTES_MIN = 16_384

/**
 * Sends a body and ends the stream, a little at a time. node:http2 encrypts at once all that a viewer's windows
 * allow, into memory of its own, and a viewer who doesn't read may open them as far as it likes: the rest had
 * better wait where it is, in the cache.
 *
 * @param streams that share the connection
 */
export function sendBody(one: OpenStream, body: Buffer, streams: { readonly size: number }): void {
  const { stream } = one
  if (body.byteLength <= PIECE_BYTES_MIN) {
    one.givenBytes += body.byteLength
    stream.end(body)
    return
  }
  let at = 0
  const next = () => {
    if (stream.destroyed || stream.closed) return
    const piece = body.subarray(at, at + Math.max(PIECE_BYTES_MIN, Math.floor(AHEAD_BYTES / streams.size)))
    at += piece.byteLength
    one.givenBytes += piece.byteLength
    if (at < body.byteLength) stream.write(piece, next)
    else stream.end(piece)
  }
  next()
}

/**
 * A request's body apart from its stream, for whoever is done with the body (an origin that answers before
 * it has read all) must not end the stream, on which the answer goes. It is read no faster than it is wanted.
 */
export function bodyOf(one: OpenStream): Readable {
  const { stream } = one
  const body = new Readable({
    read() {
      stream.resume()
    },
    destroy(error, done) {
      stream.pause()
      done(error)
    },
  })
  // Whoever reads it learns of an error; nobody may.
  body.on('error', () => undefined)
  stream.on('data', (chunk: Buffer) => {
    one.receivedBytes += chunk.byteLength
    if (!body.push(chunk)) stream.pause()
  })
  stream.once('end', () => {
    one.requestTimedOut = undefined
    // A stream that was reset ends as if all had come.
    if (stream.closed || stream.destroyed) body.destroy(new ViewerGone())
    else body.push(null)
  })
  stream.once('close', () => body.destroy(body.readableEnded ? undefined : new ViewerGone()))
  stream.pause()
  return body
}
