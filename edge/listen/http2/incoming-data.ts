import { CODE, ConnectionError, FLAG, FRAME_HEAD_BYTES } from './frames.ts'
import type { Session } from './session.ts'
import type { Stream } from './stream.ts'

/** DATA that carries more than so many times its head costs nothing beside it. */
const WORTHWHILE = 16

/** So much padding at the most may be earned by what came before it, bytes. */
const PADDING_EARNED_MAX = 16_384

/** Reads DATA (RFC 9113 §6.1): holds it to windows (§6.9) and to the length that was announced (§8.1.1). */
export class IncomingData {
  readonly #session: Session
  /** Whose frame is being read; nobody's is thrown away. */
  #receiver: Stream | undefined
  /** Padding that may come for nothing, bytes. */
  #paddingEarned = 0

  constructor(session: Session) {
    this.#session = session
  }

  begins(id: number, flags: number, bytes: number): void {
    const session = this.#session
    this.#receiver = undefined
    this.#paddingEarned = Math.min(PADDING_EARNED_MAX, this.#paddingEarned + bytes / WORTHWHILE)
    if (id === 0 || session.ids.isIdle(id))
      throw new ConnectionError(CODE.protocolError, 'DATA on a stream that was not begun')
    if (!session.receiveWindow.take(bytes))
      throw new ConnectionError(CODE.flowControlError, 'more DATA came than the connection’s window')
    this.#pay(flags, bytes)
    const stream = session.streamOf(id)
    if (stream === undefined) {
      // What was on its way when we reset it is no fault (§5.1).
      if (!session.ignores(id)) session.refuse(id, CODE.streamClosed)
    } else if (stream.hasRequest) session.fault(stream, CODE.streamClosed)
    else if (!stream.receiveWindow.take(bytes)) session.fault(stream, CODE.flowControlError)
    else this.#receiver = stream
  }

  continues(part: Buffer): void {
    const session = this.#session
    const stream = this.#receiver
    const bytes = part.byteLength
    if (stream === undefined || stream.isClosed) {
      session.credit(bytes)
      return
    }
    stream.lengthReceived += bytes
    stream.receivedBytes += bytes
    if (stream.lengthAnnounced !== undefined && stream.lengthReceived > stream.lengthAnnounced) {
      session.credit(bytes)
      session.fault(stream, CODE.protocolError)
    } else if (stream.body === undefined) session.taken(stream, bytes)
    else stream.body.receive(part)
  }

  ends(flags: number, padding: number): void {
    const session = this.#session
    const stream = this.#receiver
    this.#receiver = undefined
    if (padding > 0) {
      this.#payPadding(padding)
      if (stream === undefined) session.credit(padding)
      else session.taken(stream, padding)
    }
    if ((flags & FLAG.endStream) !== 0 && stream?.isClosed === false) session.requestEnds(stream)
  }

  /** Who hides lengths pads uploads of any size; where a window ends, frames are short. */
  #payPadding(bytes: number): void {
    const { allowances, nowMs } = this.#session
    const free = Math.min(bytes, this.#paddingEarned)
    this.#paddingEarned -= free
    if (bytes > free) allowances.spend(bytes - free, nowMs)
  }

  /** What carries nothing, or next to nothing, costs as other frames do. */
  #pay(flags: number, bytes: number): void {
    const { allowances, nowMs } = this.#session
    if (bytes === 0 && (flags & FLAG.endStream) === 0) allowances.spendFrame(FRAME_HEAD_BYTES, nowMs)
    else if (bytes < WORTHWHILE * FRAME_HEAD_BYTES)
      allowances.spend(FRAME_HEAD_BYTES - bytes / WORTHWHILE, nowMs)
  }
}
