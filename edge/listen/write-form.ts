import type { Outgoing } from './tls/straight-writes.ts'
import { filledCopy, fillIn, isFree, type WireForm } from './wire-form.ts'

/** Writes the form's own bytes where nobody else needs them, else a copy. */
export function writeForm(
  out: Outgoing,
  form: WireForm,
  requestId: Buffer,
  nowMs: number,
  done?: () => void,
): void {
  const { socket, straight } = out
  const isClear = straight === undefined ? socket.writableLength === 0 : straight.isClear
  // What is written behind something else waits in the stream, and TLS copies only what doesn't wait.
  if (form.whole === undefined || !isClear || !isFree(form)) {
    writeCopy(out, form, requestId, nowMs, done)
    return
  }
  fillIn(form, requestId, nowMs)
  if (straight?.write(form.whole, done)) return
  socket.write(form.whole, done)
  if (!('encrypted' in socket) && socket.writableLength !== 0) form.lentTo = socket
}

/** Writes bytes that are changed by nobody, so that they may wait. */
export function writeCopy(
  { socket }: Outgoing,
  form: WireForm,
  requestId: Buffer,
  nowMs: number,
  done?: () => void,
): void {
  const { bytes, isWhole } = filledCopy(form, requestId, nowMs)
  if (isWhole || form.body === undefined) {
    socket.write(bytes, done)
    return
  }
  socket.cork()
  socket.write(bytes)
  socket.write(form.body, done)
  socket.uncork()
}
