import { crc32 } from 'node:zlib'

/**
 * A segment is a file of log records on its way to a collector. It is written in frames, one a flush:
 *
 *     bytes 0–3   length of the lines, unsigned, little-endian
 *     bytes 4–7   CRC-32 of the lines
 *     bytes 8–    the lines (see record.ts)
 *
 * While it is written its name ends in `.open`; then it is sealed: synced and renamed to `.sealed`.
 * Its name is `WRITER.NUMBER`, where WRITER is unique to one life of one process and NUMBER counts
 * that writer's segments, so that with the node's name it is a key that is never used again.
 */
export interface SegmentName {
  writer: string
  number: number
}

/** Bytes of a frame before its lines. */
export const FRAME_HEAD_BYTES = 8

/** Longest frame that is believed; a longer one is damage. */
const FRAME_BYTES_MAX = 64 * 1_048_576

/** The lines as a frame. */
export function frameOf(lines: string): Buffer {
  const body = Buffer.from(lines, 'latin1')
  return finishFrame(Buffer.concat([Buffer.alloc(FRAME_HEAD_BYTES), body]))
}

/** Writes the head of a frame whose lines are in their place already. */
export function finishFrame(frame: Buffer): Buffer {
  const lines = frame.subarray(FRAME_HEAD_BYTES)
  frame.writeUInt32LE(lines.length, 0)
  frame.writeUInt32LE(crc32(lines), 4)
  return frame
}

/**
 * The lines of a segment, as far as it is whole.
 *
 * A process killed while it wrote leaves a torn last frame: it and what follows is left out, and
 * `tornBytes` says how much that was.
 */
export function linesOf(segment: Buffer): { lines: Buffer; tornBytes: number } {
  const bodies: Buffer[] = []
  let at = 0
  while (at + FRAME_HEAD_BYTES <= segment.length) {
    const length = segment.readUInt32LE(at)
    const body = segment.subarray(at + FRAME_HEAD_BYTES, at + FRAME_HEAD_BYTES + length)
    if (length > FRAME_BYTES_MAX || body.length < length || crc32(body) !== segment.readUInt32LE(at + 4))
      break
    bodies.push(body)
    at += FRAME_HEAD_BYTES + length
  }
  return { lines: Buffer.concat(bodies), tornBytes: segment.length - at }
}

/** Name of the file in which a segment is written, or in which it waits to be sent. */
export function segmentFile(name: SegmentName, state: 'open' | 'sealed'): string {
  return `${name.writer}.${String(name.number).padStart(8, '0')}.${state}`
}

/** The segment that a file holds, or `undefined` for a file that is none. */
export function segmentIn(file: string): (SegmentName & { state: 'open' | 'sealed' }) | undefined {
  const match = /^([A-Za-z0-9_-]{1,80})\.(\d{8,12})\.(open|sealed)$/.exec(file)
  if (match === null) return undefined
  const [, writer = '', number = '', state] = match
  return { writer, number: Number(number), state: state as 'open' | 'sealed' }
}
