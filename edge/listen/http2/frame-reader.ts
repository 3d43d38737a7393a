import {
  CODE,
  ConnectionError,
  FLAG,
  FRAME_BYTES_MAX,
  FRAME_HEAD_BYTES,
  PREFACE,
  readNumber31,
  TYPE,
} from './frames.ts'

/** Who is told of frames. Bytes are good only for the call. */
export interface FrameSink {
  /** A whole frame other than DATA; its payload is `bytes` from `from` until `to`. */
  frame(type: number, flags: number, id: number, bytes: Buffer, from: number, to: number): void
  /** DATA begins. @param bytes of its whole payload, which is what windows count (RFC 9113 §6.9.1) */
  dataBegins(id: number, flags: number, bytes: number): void
  /** A part of what it carries, without padding. */
  dataContinues(id: number, part: Buffer): void
  /** All of it was there. @param padding bytes that carried nothing, the length of the padding included */
  dataEnds(id: number, flags: number, padding: number): void
}

const NOTHING = Buffer.alloc(0)

/**
 * Reads frames out of bytes as they come (RFC 9113 §4.1), after the client's preface (§3.4). What a DATA frame
 * carries is passed on at once; of other frames one is held until it is whole: 16 KB at the most.
 */
export class FrameReader {
  readonly #sink: FrameSink
  /** How much of the preface has come. */
  #prefaceAt = 0
  #isFirst = true
  /** An unfinished frame, and how much of it is here. It has room for as much as is known to come. */
  #held: Buffer = NOTHING
  #heldBytes = 0
  /** The DATA frame that is being read: what is still to come of what it carries, and of padding. */
  #isInData = false
  #id = 0
  #flags = 0
  #dataLeft = 0
  #paddingLeft = 0
  #padding = 0

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** @throws ConnectionError for what is no frame, or one that is too long */
  read(bytes: Buffer): void {
    let at = this.#prefaceAt < PREFACE.byteLength ? this.#readPreface(bytes) : 0
    while (at < bytes.byteLength) {
      if (this.#isInData) at = this.#readData(bytes, at)
      else if (this.#heldBytes > 0) at = this.#readHeld(bytes, at)
      else at = this.#readFrame(bytes, at)
    }
  }

  #readPreface(bytes: Buffer): number {
    let at = 0
    for (; at < bytes.byteLength && this.#prefaceAt < PREFACE.byteLength; at += 1, this.#prefaceAt += 1) {
      if (bytes[at] !== PREFACE[this.#prefaceAt])
        throw new ConnectionError(CODE.protocolError, 'this is no preface of HTTP/2')
    }
    return at
  }

  /** Reads a frame that begins here; returns where the next one does. */
  #readFrame(bytes: Buffer, at: number): number {
    const left = bytes.byteLength - at
    if (left < FRAME_HEAD_BYTES) return this.#hold(bytes, at, FRAME_HEAD_BYTES)
    const length = this.#checkHead(bytes, at)
    if (bytes[at + 3] === TYPE.data) {
      this.#beginData(bytes, at, length)
      return at + FRAME_HEAD_BYTES
    }
    const end = at + FRAME_HEAD_BYTES + length
    if (end > bytes.byteLength) return this.#hold(bytes, at, FRAME_HEAD_BYTES + length)
    this.#pass(bytes, at, end)
    return end
  }

  /** Goes on with a frame of which a part is held. */
  #readHeld(bytes: Buffer, at: number): number {
    const taken = this.#fill(bytes, at)
    if (this.#heldBytes < this.#held.byteLength) return at + taken
    const held = this.#held
    if (held.byteLength === FRAME_HEAD_BYTES) {
      const length = this.#checkHead(held, 0)
      if (held[3] === TYPE.data) {
        this.#letGo()
        this.#beginData(held, 0, length)
        return at + taken
      }
      if (length > 0) {
        this.#held = Buffer.allocUnsafe(FRAME_HEAD_BYTES + length)
        this.#held.set(held)
        return at + taken
      }
    }
    this.#letGo()
    this.#pass(held, 0, held.byteLength)
    return at + taken
  }

  #hold(bytes: Buffer, at: number, room: number): number {
    this.#held = Buffer.allocUnsafe(room)
    this.#heldBytes = 0
    return at + this.#fill(bytes, at)
  }

  #fill(bytes: Buffer, at: number): number {
    const taken = bytes.copy(this.#held, this.#heldBytes, at)
    this.#heldBytes += taken
    return taken
  }

  #letGo(): void {
    this.#held = NOTHING
    this.#heldBytes = 0
  }

  /** What can be told to be wrong by a frame's head alone. Returns the payload's length. */
  #checkHead(bytes: Buffer, at: number): number {
    const length =
      ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
    if (this.#isFirst) {
      // It has to follow the preface (§3.4).
      if (bytes[at + 3] !== TYPE.settings || ((bytes[at + 4] as number) & FLAG.ack) !== 0)
        throw new ConnectionError(CODE.protocolError, 'the first frame is not SETTINGS')
      this.#isFirst = false
    }
    if (length > FRAME_BYTES_MAX)
      throw new ConnectionError(CODE.frameSizeError, `a frame of ${length} bytes is too long`)
    return length
  }

  #pass(bytes: Buffer, at: number, end: number): void {
    const type = bytes[at + 3] as number
    const flags = bytes[at + 4] as number
    this.#sink.frame(type, flags, readNumber31(bytes, at + 5), bytes, at + FRAME_HEAD_BYTES, end)
  }

  #beginData(bytes: Buffer, at: number, length: number): void {
    this.#id = readNumber31(bytes, at + 5)
    this.#flags = bytes[at + 4] as number
    const isPadded = (this.#flags & FLAG.padded) !== 0
    if (isPadded && length === 0)
      throw new ConnectionError(CODE.frameSizeError, 'padded DATA has no length of its padding')
    this.#sink.dataBegins(this.#id, this.#flags, length)
    this.#dataLeft = length
    this.#padding = isPadded ? UNKNOWN : 0
    this.#paddingLeft = 0
    this.#isInData = true
    if (length === 0) this.#endData()
  }

  #readData(bytes: Buffer, start: number): number {
    let at = start
    if (this.#padding === UNKNOWN) {
      const padding = bytes[at] as number
      at += 1
      this.#dataLeft -= 1
      if (padding > this.#dataLeft)
        throw new ConnectionError(CODE.protocolError, 'padding is longer than its frame')
      this.#padding = padding + 1
      this.#paddingLeft = padding
      this.#dataLeft -= padding
    }
    const part = Math.min(this.#dataLeft, bytes.byteLength - at)
    if (part > 0) {
      this.#dataLeft -= part
      this.#sink.dataContinues(this.#id, bytes.subarray(at, at + part))
      at += part
    }
    if (this.#dataLeft === 0) {
      const skipped = Math.min(this.#paddingLeft, bytes.byteLength - at)
      this.#paddingLeft -= skipped
      at += skipped
      if (this.#paddingLeft === 0) this.#endData()
    }
    return at
  }

  #endData(): void {
    this.#isInData = false
    this.#sink.dataEnds(this.#id, this.#flags, this.#padding)
  }
}

/** The length of padding has yet to come. */
const UNKNOWN = -1
