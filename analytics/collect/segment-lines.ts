import { setImmediate as turn } from 'node:timers/promises'
import { type EventText, isEventLine, parseEvent } from './event-line.ts'
import { parseLine, type RecordText, type TimeBounds } from './record-line.ts'
import { rejectedRow } from './rejected-line.ts'
import { dayOf } from './salts.ts'

const DAY_MS = 86_400_000

/** How much of a segment is read at a time, bytes: some 10 ms of work, and then it is others' turn. */
const BLOCK_BYTES = 262_144

/** Rejected lines kept of one segment; of the rest only the number. */
const REJECTED_KEPT_MAX = 1_000

const LINE_FEED = 0x0a

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
  /** The record's row in the access log. */
  rowOf(record: RecordText, salt: string): string
  /** The event's row among those that are billed. */
  eventRowOf(event: EventText): string
}

/** A segment's lines as rows of ClickHouse's tables, in pieces of TSV. */
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
  const salts = new Map<number, string>()

  const reject = (line: string, reason: string) => {
    read.rejectedCount += 1
    if (read.rejectedCount > REJECTED_KEPT_MAX) return
    read.rejected.push(Buffer.from(rejectedRow({ segment: token, line, reason })))
  }

  for (const block of blocksOf(lines)) {
    let rows = ''
    for (const line of block.split('\n')) {
      if (line === '') continue
      if (isEventLine(line)) {
        readEvent(line, read, reader, reject)
        continue
      }
      const parsed = parseLine(line, reader.bounds)
      if ('reason' in parsed) {
        reject(line, parsed.reason)
        continue
      }
      const timeMs = Number(parsed.record.timeMs)
      const day = Math.floor(timeMs / DAY_MS)
      let salt = salts.get(day)
      if (salt === undefined) {
        salt = await reader.saltOf(dayOf(timeMs))
        salts.set(day, salt)
      }
      rows += reader.rowOf(parsed.record, salt)
      read.rowCount += 1
    }
    if (rows !== '') read.rows.push(Buffer.from(rows, 'latin1'))
    await turn()
  }
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

/** The lines in blocks that end where a line does. A byte beyond ASCII becomes a character no record has. */
function* blocksOf(lines: Buffer): Generator<string> {
  for (let start = 0; start < lines.length; ) {
    const feed = lines.indexOf(LINE_FEED, start + BLOCK_BYTES)
    const end = feed === -1 ? lines.length : feed + 1
    yield lines.toString('latin1', start, end)
    start = end
  }
}
