import { FLAG, FRAME_BYTES_MAX, FRAME_HEAD_BYTES, TYPE, WINDOW_BYTES, writeFrameHead } from './frames.ts'
import type { Stream } from './stream.ts'

/** Less room than this isn't worth a frame that is cut short for it, bytes. */
const ROOM_BYTES_MIN = 1_024

/** Streams of one urgency that have something to send. */
interface Level {
  first: Stream | undefined
  last: Stream | undefined
}

/** Who is told what has gone. */
export interface SendSink {
  /** The last frame of a response has gone. */
  ended(stream: Stream): void
  /** More may be given. */
  hasRoom(stream: Stream): void
  /** A frame of DATA has gone. @param bytes of its payload */
  sentData(bytes: number): void
}

/**
 * What is due on one connection, in the order of RFC 9218 §10: the most urgent first; among those of one urgency
 * one after the other, but for incremental ones, which take turns, a frame each: first their heads, then of their bodies. Within the windows of RFC 9113 §5.2.
 */
export class SendQueue {
  /** What the other side takes on the whole connection, bytes. */
  window = WINDOW_BYTES
  readonly #sink: SendSink
  readonly #levels: (Level | undefined)[] = []
  #streams = 0

  constructor(sink: SendSink) {
    this.#sink = sink
  }

  get isEmpty(): boolean {
    return this.#streams === 0
  }

  /** Puts a stream at the end of those of its urgency, if it has something that may be sent. */
  add(stream: Stream): void {
    if (stream.isQueued || !stream.isSendable) return
    const { urgency } = stream.priority
    this.#levels[urgency] ??= { first: undefined, last: undefined }
    link(this.#levels[urgency], stream)
    stream.isQueued = true
    this.#streams += 1
  }

  remove(stream: Stream): void {
    const level = this.#levels[stream.priority.urgency]
    if (!stream.isQueued || level === undefined) return
    unlink(level, stream)
    stream.isQueued = false
    this.#streams -= 1
  }

  /** Another priority from now on (RFC 9218 §7). */
  prioritise(stream: Stream, priority: Stream['priority']): void {
    this.remove(stream)
    stream.priority = priority
    this.add(stream)
  }

  /**
   * Writes frames that are due as far as there is room for them, and returns where they end. A head that is longer
   * than all of `into` is left alone: `oversized` has it.
   */
  fill(into: Buffer, start: number): number {
    let at = start
    for (const level of this.#levels) {
      if (level?.first === undefined) continue
      at = this.#fillFrom(level, into, at)
      if (isFull(into, at)) break
    }
    return at
  }

  /** Takes out the head that is next, where it is longer than a write may be. @param bytes that one may be */
  oversized(bytes: number): Buffer | undefined {
    for (const level of this.#levels) {
      for (let stream = level?.first; stream !== undefined; stream = stream.next) {
        const { heads } = stream
        if (heads === undefined || heads.byteLength <= bytes) continue
        this.#headGone(stream)
        if (stream.isQueued && !stream.isSendable) this.remove(stream)
        return heads
      }
    }
    return undefined
  }

  #fillFrom(level: Level, into: Buffer, start: number): number {
    let at = start
    while (this.window > 0 && level.first !== undefined) {
      const stream = level.first
      if (!hasRoomForHead(stream, into, at)) return at
      at = this.#write(stream, into, at)
      if (!stream.isQueued) continue
      if (isFull(into, at)) {
        if (stream.priority.isIncremental) toEnd(level, stream)
        return at
      }
      // Its turn is over.
      if (this.window > 0) toEnd(level, stream)
    }
    // Heads are bound by no window, nor is the end of a body that was sent.
    for (let stream = level.first; stream !== undefined; ) {
      const { next } = stream
      if (!hasRoomForHead(stream, into, at)) return at
      at = this.#write(stream, into, at)
      stream = next
    }
    return at
  }

  /** Writes what can be written of a stream in its turn. What has no more to send then is queued no more. */
  #write(stream: Stream, into: Buffer, start: number): number {
    let at = start
    if (stream.heads !== undefined) {
      at += stream.heads.copy(into, at)
      this.#headGone(stream)
      // Its body has a turn of its own: heads come together, and bodies do, which browsers have less work with.
      if (stream.priority.isIncremental && stream.isQueued && stream.isSendable) return at
    }
    at = this.#writeBody(stream, into, at)
    if (stream.isQueued && !stream.isSendable) this.remove(stream)
    return at
  }

  /** Writes of a body what windows and room allow: a frame of an incremental one, as many as possible of others. */
  #writeBody(stream: Stream, into: Buffer, start: number): number {
    let at = start
    while (!stream.hasResponse) {
      const room = into.byteLength - at - FRAME_HEAD_BYTES
      const { waitingBytes } = stream
      const bytes = Math.min(FRAME_BYTES_MAX, waitingBytes, stream.sendWindow, this.window)
      const isEnd = waitingBytes === 0 && stream.ends
      if ((bytes <= 0 && !isEnd) || room < Math.min(bytes, ROOM_BYTES_MIN)) return at
      at = this.#writeData(stream, into, at, Math.max(0, Math.min(bytes, room)))
      if (stream.priority.isIncremental) return at
    }
    return at
  }

  #writeData(stream: Stream, into: Buffer, start: number, bytes: number): number {
    const ends = stream.ends && bytes === stream.waitingBytes
    const flags = ends ? FLAG.endStream : 0
    const at = writeFrameHead(into, start, { bytes, type: TYPE.data, flags, id: stream.id })
    takeOut(stream, into, at, bytes)
    this.window -= bytes
    this.#sink.sentData(bytes)
    if (ends) this.#ended(stream)
    else if (stream.onRoom !== undefined && stream.hasRoom) this.#sink.hasRoom(stream)
    return at + bytes
  }

  #headGone(stream: Stream): void {
    stream.heads = undefined
    if (stream.headEnds) this.#ended(stream)
  }

  #ended(stream: Stream): void {
    this.remove(stream)
    stream.hasResponse = true
    this.#sink.ended(stream)
  }
}

function isFull(into: Buffer, at: number): boolean {
  return into.byteLength - at - FRAME_HEAD_BYTES < ROOM_BYTES_MIN
}

function hasRoomForHead({ heads }: Stream, into: Buffer, at: number): boolean {
  return heads === undefined || heads.byteLength <= into.byteLength - at
}

/** Moves the next bytes of a body. */
function takeOut(stream: Stream, into: Buffer, start: number, bytes: number): void {
  const { waiting } = stream
  let at = start
  for (let left = bytes; left > 0; ) {
    const first = waiting[0] as Buffer
    const part = Math.min(left, first.byteLength - stream.waitingAt)
    first.copy(into, at, stream.waitingAt, stream.waitingAt + part)
    at += part
    left -= part
    stream.waitingAt += part
    if (stream.waitingAt < first.byteLength) break
    waiting.shift()
    stream.waitingAt = 0
  }
  stream.waitingBytes -= bytes
  stream.sendWindow -= bytes
  stream.sentBytes += bytes
}

function link(level: Level, stream: Stream): void {
  stream.previous = level.last
  stream.next = undefined
  if (level.last === undefined) level.first = stream
  else level.last.next = stream
  level.last = stream
}

function unlink(level: Level, stream: Stream): void {
  if (stream.previous === undefined) level.first = stream.next
  else stream.previous.next = stream.next
  if (stream.next === undefined) level.last = stream.previous
  else stream.next.previous = stream.previous
  stream.previous = undefined
  stream.next = undefined
}

function toEnd(level: Level, stream: Stream): void {
  if (level.last === stream) return
  unlink(level, stream)
  link(level, stream)
}
