import { takenBytes, waitingBytes } from '../node-internals.ts'
import { CODE, ConnectionError } from './frames.ts'
import type { Session } from './session.ts'

/** How long the other side may take to read our last words and close, or to answer that they have come, ms. */
const LINGER_MS_MAX = 1_000

/** What the kernel had taken of a connection at the last look, and since when it has taken no more. */
export interface Taken {
  bytes: number
  sinceMs: number
}

/** What ends a connection whose other side doesn't say that it has read what we say of ourselves, or `undefined`. */
export function settingsTimeout(session: Session, nowMs: number): ConnectionError | undefined {
  if (session.settingsAreTaken || nowMs - session.beganMs <= session.limits.settingsMs) return undefined
  return new ConnectionError(CODE.settingsTimeout, 'our SETTINGS were never acknowledged')
}

/**
 * Looks a connection over and ends what has taken too long: silence, half a head, a viewer who doesn't read or holds
 * windows shut, an upload without end. What comes too often the session counts by itself.
 *
 * @param nowMs the coarse clock
 */
export function holdToLimits(session: Session, taken: Taken, nowMs: number): void {
  if (session.isBroken) {
    endLingering(session, nowMs)
    return
  }
  // Who was told so long ago has nothing on its way any more.
  const { sinceMs: leavingSinceMs } = session.leaving
  if (leavingSinceMs !== undefined && nowMs - leavingSinceMs > LINGER_MS_MAX) session.settle()
  endStalled(session, taken, nowMs)
  if (session.unfinished !== undefined && nowMs - session.unfinished.sinceMs > session.limits.headMs)
    session.leave(nowMs)
  if (session.streams.size === 0) endIdle(session, nowMs)
}

function endIdle(session: Session, nowMs: number): void {
  const { headMs, idleMs } = session.limits
  // It keeps a body in memory, whatever the cache thinks of it.
  session.plan = undefined
  if (nowMs - session.idleSinceMs > (session.asked === 0 ? headMs : idleMs)) session.leave(nowMs)
  // What still waits to be read has `stallMs`.
  if (session.leaving.hasSettled && !session.output.isWriting) endLingering(session, nowMs)
}

/** Ends a connection on which all was said, when the other side doesn't mean to close it. */
function endLingering(session: Session, nowMs: number): void {
  const since = Math.max(session.leaving.sinceMs ?? nowMs, session.idleSinceMs)
  if (nowMs - since > LINGER_MS_MAX) session.socket.destroy()
}

/** Whoever doesn't read, or doesn't open its windows, holds what we have to say. */
function endStalled(session: Session, taken: Taken, nowMs: number): void {
  const { requestMs, stallMs } = session.limits
  const { socket, streams, output } = session
  const isWaiting = output.isWriting || waitingBytes(socket) > 0
  const bytes = takenBytes(socket)
  if (!isWaiting || bytes !== taken.bytes) taken.sinceMs = nowMs
  taken.bytes = bytes
  if (nowMs - taken.sinceMs > stallMs) {
    socket.destroy()
    return
  }
  for (const stream of streams.values()) {
    if (nowMs - stream.sinceMs > requestMs) stream.requestTimedOut?.()
    const hasMoved = stream.waitingBytes === 0 || stream.sentBytes !== stream.sentAtLook
    stream.sentAtLook = stream.sentBytes
    // While the connection itself waits, that is what its streams wait for.
    if (isWaiting || hasMoved) stream.movedMs = nowMs
    if (nowMs - stream.movedMs > stallMs) stream.reset(CODE.cancel)
  }
}
