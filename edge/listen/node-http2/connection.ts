import { constants, type ServerHttp2Session } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Asker, Hit } from '../../answer-from-memory.ts'
import type { Expected } from '../../log/hit-log.ts'
import type { Http2Head } from '../http2/head.ts'
import { takenBytes, waitingBytes } from '../node-internals.ts'
import type { ListenLimits } from '../settings.ts'
import type { FieldForm } from './field-form.ts'
import type { OpenStream } from './open-stream.ts'

/** An HTTP/2 connection, as far as limits go. node:http2 keeps its own: `options.ts`. */
export interface Http2Connection {
  readonly socket: TLSSocket
  readonly session: ServerHttp2Session
  readonly asker: Asker
  readonly open: Set<OpenStream>
  /** The last hit: it may be asked for in the same words. */
  plan: Plan | undefined
  /** Requests so far. */
  asked: number
  /** When the last of `open` ended, or the connection began. All times are of `performance.now()`, ms. */
  idleSinceMs: number
  /** When it was told to end. */
  endingSinceMs: number | undefined
  /** Bytes of requests and their bodies. */
  requestBytes: number
  /** What had been read beside these at the last look. */
  controlBytes: number
  /** What the kernel had taken at the last look, and since when it has taken no more. */
  takenBytes: number
  takenSinceMs: number
}

/** A head, and its answer from memory. */
export interface Plan {
  head: Http2Head
  hit: Hit<FieldForm>
  expected: Expected
}

/** What came over a connection broke a limit of ours. */
export class LimitBroken extends Error {}

/** How long the other side may take to read our last words and close, ms. */
const LINGER_MS_MAX = 1_000

/** When connections are looked over: `nowMs` of `performance.now()`, and how long ago the last look was. */
export interface Look {
  nowMs: number
  sinceLastMs: number
}

/** Ends what breaks a limit. */
export function holdToLimits(c: Http2Connection, look: Look, limits: ListenLimits): void {
  const { nowMs } = look
  if (c.session.destroyed) {
    endLingering(c, nowMs)
  } else if (isFlooding(c, look, limits)) {
    c.session.destroy(new LimitBroken('more than requests came'), constants.NGHTTP2_ENHANCE_YOUR_CALM)
  } else {
    endStalled(c, nowMs, limits)
    if (c.open.size === 0) endIdle(c, nowMs, limits)
  }
}

function endIdle(c: Http2Connection, nowMs: number, { headMs, idleMs }: ListenLimits): void {
  // It keeps a body in memory, whatever the cache thinks of it.
  c.plan = undefined
  if (nowMs - c.idleSinceMs > (c.asked === 0 ? headMs : idleMs)) endWhenDone(c, nowMs)
  // What still waits to be read has `stallMs`.
  if (c.endingSinceMs !== undefined && waitingBytes(c.socket) === 0) endLingering(c, nowMs)
}

/** Ends a connection on which all was said, when the other side doesn't mean to close it. */
function endLingering(c: Http2Connection, nowMs: number): void {
  c.endingSinceMs ??= nowMs
  if (nowMs - Math.max(c.endingSinceMs, c.idleSinceMs) > LINGER_MS_MAX) c.socket.destroy()
}

/** Takes no more requests, and ends the connection with the last that is under way (RFC 9113 §6.8). */
export function endWhenDone(c: Http2Connection, nowMs: number): void {
  c.endingSinceMs ??= nowMs
  c.session.close()
}

/**
 * Whether more came than requests account for: pings, settings, priorities, windows, resets, frames of no use,
 * each small and cheap to send. Frames of requests are a little longer than what is in them; and whoever reads
 * what we send has to open its windows, as a rule with 26 bytes for 16 KB.
 */
function isFlooding(c: Http2Connection, { sinceLastMs }: Look, limits: ListenLimits): boolean {
  const { bytesRead, bytesWritten } = c.socket
  let requestBytes = c.requestBytes
  // What of a body nobody has read yet is a part of it too.
  for (const { receivedBytes, stream } of c.open) requestBytes += receivedBytes + stream.readableLength
  const controlBytes = bytesRead - requestBytes * (1 + 1 / 16) - bytesWritten / 64
  const more = controlBytes - c.controlBytes
  c.controlBytes = Math.max(c.controlBytes, controlBytes)
  return more > (limits.controlBytesPerSecond * Math.max(sinceLastMs, 1_000)) / 1_000
}

/** Whoever doesn't read, or doesn't open its windows, holds what we have to say in memory. */
function endStalled(c: Http2Connection, nowMs: number, { requestMs, stallMs }: ListenLimits): void {
  const isWaiting = waitingBytes(c.socket) > 0
  const taken = takenBytes(c.socket)
  if (!isWaiting || taken !== c.takenBytes) c.takenSinceMs = nowMs
  c.takenBytes = taken
  if (nowMs - c.takenSinceMs > stallMs) {
    c.socket.destroy()
    return
  }
  for (const one of c.open) {
    if (nowMs - one.sinceMs > requestMs) one.requestTimedOut?.()
    // While the connection itself waits, that is what its streams wait for.
    if (isWaiting || hasMoved(one)) one.takenSinceMs = nowMs
    if (nowMs - one.takenSinceMs > stallMs) one.stream.close(constants.NGHTTP2_CANCEL)
  }
}

/** Whether something of a response went since the last look, or nothing waits to go. */
function hasMoved(one: OpenStream): boolean {
  const waiting = one.stream.bufferSize
  const taken = one.givenBytes - waiting
  const moved = waiting === 0 || taken !== one.taken
  one.taken = taken
  return moved
}
