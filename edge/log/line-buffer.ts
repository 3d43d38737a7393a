import { type Moment, type RepeatedLine, TIME_BYTES } from './prepared-line.ts'
import type { AccessRecord } from './record.ts'
import { recordBytesMax, writeInteger, writeRecord } from './record-bytes.ts'
import { FRAME_HEAD_BYTES, finishFrame } from './segment.ts'

/** Size to begin with, and the largest that is used again: one flush's lines on a busy worker. Bytes. */
const BYTES_MIN = 65_536
const BYTES_REUSED_MAX = 4 * 1_048_576

/**
 * Log lines on their way to a segment, as bytes. Two buffers take turns, one being filled while the other
 * is written, so that appending a line makes no garbage.
 */
export interface LineBuffer {
  /** False when there is no room. @param line of printable ASCII */
  append(line: string): boolean
  /** As `append`, of the line that a record makes. */
  appendRecord(record: AccessRecord): boolean
  /** As `append`, of a line whose words are bytes already. */
  appendRepeated(line: RepeatedLine, moment: Moment): boolean
  /** How much waits to be taken. */
  readonly bytes: number
  /** All lines since the last time, as a segment's frame, and how many records they are. */
  take(): { frame: Buffer | undefined; records: number }
  /** Lets a frame's memory be used again. */
  giveBack(frame: Buffer): void
}

/** @param bytesMax bound on what waits */
export function createLineBuffer(bytesMax: number): LineBuffer {
  let memory = Buffer.allocUnsafeSlow(BYTES_MIN)
  let spare: Buffer<ArrayBuffer> | undefined
  let used = FRAME_HEAD_BYTES
  let records = 0
  const clock = createClockText()

  function hasRoom(bytes: number): boolean {
    const wanted = used + bytes
    if (wanted <= memory.length) return true
    if (wanted > bytesMax) return false
    const larger = Buffer.allocUnsafeSlow(Math.min(bytesMax, Math.max(wanted, memory.length * 2)))
    memory.copy(larger, 0, 0, used)
    memory = larger
    return true
  }

  return {
    get bytes() {
      return used - FRAME_HEAD_BYTES
    },
    append(line) {
      if (!hasRoom(line.length)) return false
      memory.write(line, used, 'latin1')
      used += line.length
      records += 1
      return true
    },
    appendRecord(record) {
      if (!hasRoom(recordBytesMax(record))) return false
      used = writeRecord(memory, used, record)
      records += 1
      return true
    },
    appendRepeated({ opening, idAt, middle, closing }, moment) {
      const fixed = opening.length + middle.length + closing.length
      if (!hasRoom(fixed + NUMBERS_BYTES_MAX)) return false
      memory.set(opening, used)
      memory.set(clock(moment.timeMs), used)
      memory.set(moment.requestId, used + idAt)
      let at = writeInteger(memory, used + opening.length, moment.takenUs)
      memory[at] = TAB
      at = writeInteger(memory, at + 1, moment.firstByteUs)
      memory.set(middle, at)
      at = writeInteger(memory, at + middle.length, moment.ttlSeconds)
      memory.set(closing, at)
      used = at + closing.length
      records += 1
      return true
    },
    take() {
      const taken = records
      if (taken === 0) return { frame: undefined, records: 0 }
      const frame = finishFrame(memory.subarray(0, used))
      memory = spare ?? Buffer.allocUnsafeSlow(BYTES_MIN)
      spare = undefined
      used = FRAME_HEAD_BYTES
      records = 0
      return { frame, records: taken }
    },
    giveBack(frame) {
      const { buffer } = frame
      if (buffer.byteLength <= BYTES_REUSED_MAX) spare = Buffer.from(buffer as ArrayBuffer)
    },
  }
}

const TAB = 0x09

/** The longest that a line's numbers can be beside its time: three of 17 characters. */
const NUMBERS_BYTES_MAX = 64

/** Formats a time in Unix ms; many records share one. */
function createClockText(): (timeMs: number) => Buffer {
  const text = Buffer.alloc(TIME_BYTES)
  let of = Number.NaN
  return (timeMs) => {
    if (timeMs !== of) {
      of = timeMs
      text.write(String(timeMs).padStart(TIME_BYTES, '0'), 'latin1')
    }
    return text
  }
}
