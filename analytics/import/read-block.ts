import { setImmediate as turn } from 'node:timers/promises'
import type { Rows } from '../clickhouse/native.ts'
import { emptyRecordLine, type RecordLine, readLine, type TimeBounds } from '../collect/record-line.ts'
import { rejectedRow } from '../collect/rejected-line.ts'
import { noLogRows, type RowWriter } from '../collect/row.ts'
import { dayOf } from '../collect/salts.ts'
import type { LineParser, LogLine } from './log-line.ts'

/** How much is read before it is others' turn, bytes. */
const PIECE_BYTES = 262_144

/** Rejected lines kept of one block; of the rest only the number. */
const REJECTED_KEPT_MAX = 1_000

/** Longest line that is looked at, characters. */
const LINE_MAX = 65_536

const DAY_MS = 86_400_000

/** A block of a file. */
export interface Block {
  /** Name of the file: its digest. */
  file: string
  number: number
  /** What its rejected lines are noted under. */
  token: string
  bytes: Buffer
}

/** What to do with the lines of a file. */
export interface BlockReader {
  parse: LineParser
  bounds: TimeBounds
  /** Why nothing can be added to a day, or `undefined`. */
  closedBecause(day: string): string | undefined
  /** @throws ConfigError when the line lacks what every record needs */
  recordOf(line: LogLine, requestId: string): string
  saltOf(day: string): Promise<string>
  writeRow: RowWriter
}

/** A block's lines as rows of ClickHouse's tables. */
export interface BlockRows {
  lines: number
  byDay: Map<string, Rows>
  rejected: Buffer[]
  rejectedCount: number
}

interface OpenDay {
  rows: Rows
  salt: string
  closed: string | undefined
}

/** Reads a block line by line: each becomes a row of its day, or a rejected line. */
export async function readBlock(block: Block, reader: BlockReader): Promise<BlockRows> {
  const days = new Map<number, OpenDay>()
  const record = emptyRecordLine()
  const read: BlockRows = { lines: 0, byDay: new Map(), rejected: [], rejectedCount: 0 }

  const reject = (line: string, reason: string) => {
    read.rejectedCount += 1
    if (read.rejectedCount > REJECTED_KEPT_MAX) return
    read.rejected.push(Buffer.from(rejectedRow({ segment: block.token, line, reason })))
  }

  async function openDay(number: number): Promise<OpenDay> {
    const name = dayOf(number * DAY_MS)
    const [salt, closed] = [await reader.saltOf(name), reader.closedBecause(name)]
    const day: OpenDay = { rows: noLogRows(), salt, closed }
    days.set(number, day)
    read.byDay.set(name, day.rows)
    return day
  }

  async function take(line: string): Promise<void> {
    const problem = readRecord(record, line, reader, `${block.file}-${block.number}-${read.lines}`)
    if (problem === NOTHING) return
    read.lines += 1
    if (problem !== undefined) return reject(line, problem)
    const number = Math.floor(record.timeMs / DAY_MS)
    const day = days.get(number) ?? (await openDay(number))
    const refused = day.closed ?? reader.writeRow(day.rows, record, day.salt)
    if (refused !== undefined) reject(line, refused)
  }

  for (const piece of piecesOf(block.bytes)) {
    for (const line of piece.split('\n')) await take(line.endsWith('\r') ? line.slice(0, -1) : line)
    await turn()
  }
  const unkept = read.rejectedCount - REJECTED_KEPT_MAX
  if (unkept > 0) {
    const reason = `${unkept} more lines of this block were rejected`
    read.rejected.push(Buffer.from(rejectedRow({ segment: block.token, line: '', reason })))
  }
  return read
}

/** There is nothing to count on a line. */
const NOTHING = ''

/** Where a record's line is written to be read: more than one can take up, each value being bounded. */
const scratch = Buffer.allocUnsafeSlow(1_048_576)

/** @returns why the line is no record, `NOTHING`, or `undefined` where `record` has what it says */
function readRecord(
  record: RecordLine,
  line: string,
  reader: BlockReader,
  requestId: string,
): string | undefined {
  if (line === '') return NOTHING
  if (line.length > LINE_MAX) return `line: is longer than ${LINE_MAX} characters`
  const parsed = reader.parse(line)
  if (parsed === undefined) return NOTHING
  if ('reason' in parsed) return parsed.reason
  scratch.write(reader.recordOf(parsed.line, requestId), 'latin1')
  return readLine(record, scratch, 0, reader.bounds)
}

/** In pieces that end where a line does; a byte is a character. */
function* piecesOf(bytes: Buffer): Generator<string> {
  for (let start = 0; start < bytes.length; ) {
    const feed = bytes.indexOf(0x0a, start + PIECE_BYTES)
    const end = feed === -1 ? bytes.length : feed + 1
    yield bytes.toString('latin1', start, end)
    start = end
  }
}
