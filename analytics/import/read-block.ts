import { setImmediate as turn } from 'node:timers/promises'
import { type RecordText, recordProblem, type TimeBounds } from '../collect/record-line.ts'
import { rejectedRow } from '../collect/rejected-line.ts'
import { dayOf } from '../collect/salts.ts'
import type { LineParser, LogLine } from './log-line.ts'

/** How much is read before it is others' turn, bytes: little enough that its rows are bytes before they age. */
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
  recordOf(line: LogLine, requestId: string): RecordText
  saltOf(day: string): Promise<string>
  rowOf(record: RecordText, salt: string): string
}

/** The rows of one day: TSV in pieces. */
export interface DayRows {
  rows: Buffer[]
  count: number
}

/** A block's lines as rows of ClickHouse's tables. */
export interface BlockRows {
  lines: number
  byDay: Map<string, DayRows>
  rejected: Buffer[]
  rejectedCount: number
}

interface OpenDay extends DayRows {
  /** Rows of the piece that is read at the moment. */
  text: string
  salt: string
  closed: string | undefined
}

/** Reads a block line by line: each becomes a row of its day, or a rejected line. */
export async function readBlock(block: Block, reader: BlockReader): Promise<BlockRows> {
  const days = new Map<number, OpenDay>()
  const read: BlockRows = { lines: 0, byDay: new Map(), rejected: [], rejectedCount: 0 }

  const reject = (line: string, reason: string) => {
    read.rejectedCount += 1
    if (read.rejectedCount > REJECTED_KEPT_MAX) return
    read.rejected.push(Buffer.from(rejectedRow({ segment: block.token, line, reason })))
  }

  async function openDay(number: number): Promise<OpenDay> {
    const name = dayOf(number * DAY_MS)
    const [salt, closed] = [await reader.saltOf(name), reader.closedBecause(name)]
    const day: OpenDay = { rows: [], text: '', count: 0, salt, closed }
    days.set(number, day)
    read.byDay.set(name, day)
    return day
  }

  async function take(line: string): Promise<void> {
    const record = recordIn(line, reader, `${block.file}-${block.number}-${read.lines}`)
    if (record === undefined) return
    read.lines += 1
    if (typeof record === 'string') return reject(line, record)
    const number = Math.floor(Number(record.timeMs) / DAY_MS)
    const day = days.get(number) ?? (await openDay(number))
    if (day.closed !== undefined) return reject(line, day.closed)
    day.text += reader.rowOf(record, day.salt)
    day.count += 1
  }

  for (const piece of piecesOf(block.bytes)) {
    for (const line of piece.split('\n')) await take(line.endsWith('\r') ? line.slice(0, -1) : line)
    for (const day of days.values()) seal(day)
    await turn()
  }
  const unkept = read.rejectedCount - REJECTED_KEPT_MAX
  if (unkept > 0) {
    const reason = `${unkept} more lines of this block were rejected`
    read.rejected.push(Buffer.from(rejectedRow({ segment: block.token, line: '', reason })))
  }
  return read
}

/** @returns the record, why the line is none, or `undefined` where there is nothing to count */
function recordIn(line: string, reader: BlockReader, requestId: string): RecordText | string | undefined {
  if (line === '') return undefined
  if (line.length > LINE_MAX) return `line: is longer than ${LINE_MAX} characters`
  const parsed = reader.parse(line)
  if (parsed === undefined) return undefined
  if ('reason' in parsed) return parsed.reason
  const record = reader.recordOf(parsed.line, requestId)
  return recordProblem(record, reader.bounds) ?? record
}

/** Turns the rows of a piece into bytes while they are young. */
function seal(day: OpenDay): void {
  if (day.text === '') return
  day.rows.push(Buffer.from(day.text, 'latin1'))
  day.text = ''
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
