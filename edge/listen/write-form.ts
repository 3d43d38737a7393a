import { isClear, type Outgoing, writeBytes } from './outgoing.ts'
import { filledCopy, fillIn, isFree, type WireForm } from './wire-form.ts'

/** Writes the form's own bytes where nobody else needs them, else a copy. */
export function writeForm(
  out: Outgoing,
  form: WireForm,
  requestId: Buffer,
  nowMs: number,
  done?: () => void,
): void {
  // What is written behind something else waits in the stream, and TLS copies only what doesn't wait.
  if (form.whole === undefined || !isClear(out) || !isFree(form)) {
    writeCopy(out, form, requestId, nowMs, done)
    return
  }
  fillIn(form, requestId, nowMs)
  writeBytes(out, form.whole, done)
  if (!('encrypted' in out.socket) && !isClear(out)) form.lentTo = out
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
