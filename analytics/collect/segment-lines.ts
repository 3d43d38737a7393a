import { setImmediate as turn } from 'node:timers/promises'
import { clear, nativeBlock, type Rows } from '../clickhouse/native.ts'
import { type EventText, isEventLine, parseEvent } from './event-line.ts'
import { emptyRecordLine, readLine, type TimeBounds } from './record-line.ts'
import { rejectedRow } from './rejected-line.ts'
import { textOf } from './remembered.ts'
import type { RowWriter } from './row.ts'
import { dayOf } from './salts.ts'

const DAY_MS = 86_400_000

/** How much of a segment is read at a time, bytes: some 3 ms of work, and then it is others' turn. */
const BLOCK_BYTES = 262_144

/** Rejected lines kept of one segment; of the rest only the number. */
const REJECTED_KEPT_MAX = 1_000

/** A segment as an edge sent it. */
export interface Segment {
  /** Its name, which is never used again: `node/writer/number`. */
  token: string
  /** The lines, unpacked. */
  lines: Buffer
}

/** What to do with a line. */
export interface LineReader {
  bounds: TimeBounds
  /** The salt of a day. */
  saltOf(day: string): Promise<string>
  /** Writes the record's row in the access log. */
  writeRow: RowWriter
  /** The event's row among those that are billed. */
  eventRowOf(event: EventText): string
  /** What rows are put in, and what they lie in until they are inserted. */
  rows: Rows
}

/** A segment's lines as rows of ClickHouse's tables: the log's as Native, rejected lines in pieces of TSV. */
export interface SegmentRows {
  rows: Buffer[]
  rowCount: number
  events: Buffer[]
  eventCount: number
  rejected: Buffer[]
  rejectedCount: number
}

/** Reads a segment line by line: each becomes a row of the access log, a billed event, or one of the rejected lines. */
export async function readSegment({ token, lines }: Segment, reader: LineReader): Promise<SegmentRows> {
  const read: SegmentRows = {
    rows: [],
    rowCount: 0,
    events: [],
    eventCount: 0,
    rejected: [],
    rejectedCount: 0,
  }
  const { rows } = reader
  clear(rows)
  const line = emptyRecordLine()
  const salts = new Map<number, string>()

  const saltKnown = (timeMs: number) => salts.get(Math.floor(timeMs / DAY_MS))
  const saltAt = async (timeMs: number) => {
    const salt = await reader.saltOf(dayOf(timeMs))
    salts.set(Math.floor(timeMs / DAY_MS), salt)
    return salt
  }

  const reject = (text: string, reason: string) => {
    read.rejectedCount += 1
    if (read.rejectedCount > REJECTED_KEPT_MAX) return
    read.rejected.push(Buffer.from(rejectedRow({ segment: token, line: text, reason })))
  }

  for (let at = 0; at < lines.length; ) {
    for (const until = at + BLOCK_BYTES; at < until && at < lines.length; at = line.end + 1) {
      let problem = readLine(line, lines, at, reader.bounds)
      if (line.end === at) continue
      // An event is never a record: these begin with a time.
      if (problem !== undefined && isEventLine(lines, at)) {
        readEvent(textOf(lines, at, line.end), read, reader, reject)
        continue
      }
      problem ??= reader.writeRow(rows, line, saltKnown(line.timeMs) ?? (await saltAt(line.timeMs)))
      if (problem !== undefined) reject(textOf(lines, at, line.end), problem)
    }
    await turn()
  }
  read.rowCount = rows.count
  read.rows = nativeBlock([rows])
  const unkept = read.rejectedCount - REJECTED_KEPT_MAX
  if (unkept > 0) {
    const reason = `${unkept} more lines of this segment were rejected`
    read.rejected.push(Buffer.from(rejectedRow({ segment: token, line: '', reason })))
  }
  return read
}

function readEvent(
  line: string,
  read: SegmentRows,
  { bounds, eventRowOf }: LineReader,
  reject: (line: string, reason: string) => void,
): void {
  const parsed = parseEvent(line, bounds)
  if ('reason' in parsed) {
    reject(line, parsed.reason)
    return
  }
  read.events.push(Buffer.from(eventRowOf(parsed.event), 'latin1'))
  read.eventCount += 1
}
