import type { Insert } from '../clickhouse/insert.ts'
import { nativeBlock } from '../clickhouse/native.ts'
import { sqlFile } from '../clickhouse/sql-file.ts'
import type { TimeBounds } from '../collect/record-line.ts'
import { isSegmentToken } from '../collect/segment-token.ts'
import type { Day } from '../queries/window.ts'
import type { FileCounts, There } from './ledger.ts'
import { blocksOf, type OnRead } from './log-file.ts'
import { createParser } from './parser-of.ts'
import { type BlockReader, type BlockRows, readBlock } from './read-block.ts'

/** What importing a file takes. */
export interface ImportFileOptions extends Omit<BlockReader, 'parse' | 'bounds'> {
  path: string
  /** Name of the file: its digest. */
  file: string
  /** Which attempt this is, from 1. */
  attempt: number
  there: There
  bounds: TimeBounds
  /** Rows of this day and earlier ones are forgotten as soon as they may be. */
  forgotten: Day
  insert: Insert
  /** Called once before the first such row is inserted. */
  beforeOld(): Promise<void>
  onDay(day: Day, records: number): void
  /** What is read and inserted at a time, bytes. */
  blockBytes: number
  onRead: OnRead
  signal: AbortSignal
}

const INSERT_LOG = new URL('../collect/insert-access-log.sql', import.meta.url).href
const INSERT_REJECTED = new URL('../collect/insert-rejected.sql', import.meta.url).href

/**
 * Puts a file into the log, block by block, and each block only where it isn't there yet; one is read while the
 * one before is inserted.
 *
 * @throws ConfigError; the signal's reason, when what was begun is inserted
 */
export async function importFile(options: ImportFileOptions): Promise<FileCounts> {
  const { path, file, signal, onDay } = options
  const counts: FileCounts = { lines: 0, records: 0, rejected: 0 }
  const reader: BlockReader = { ...options, parse: createParser() }
  let inserting = Promise.resolve()
  let number = 0
  try {
    for await (const bytes of blocksOf(path, options)) {
      signal.throwIfAborted()
      const token = `import/${file}/${number}`
      const block = await readBlock({ file, number, token, bytes }, reader)
      const at = number
      await inserting
      inserting = insertBlock(options, at, token, block)
      // It is awaited later; until then nobody would hear of a failure.
      inserting.catch(() => undefined)
      counts.lines += block.lines
      counts.rejected += block.rejectedCount
      for (const [day, { count }] of block.byDay) {
        counts.records += count
        if (count > 0) onDay(day, count)
      }
      number += 1
    }
  } finally {
    await inserting
  }
  return counts
}

/**
 * An insert is whole or not there at all, per day. The token keeps out what another program inserts at this
 * moment, or what the one that was killed has just left; days that the log has forgotten since would be kept
 * out by it too, so these get one of their own.
 */
async function insertBlock(
  { file, attempt, there, forgotten, insert, beforeOld }: ImportFileOptions,
  number: number,
  token: string,
  { byDay, rejected }: BlockRows,
): Promise<void> {
  const due = [...byDay].filter(([day, { count }]) => count > 0 && there.rowsOf(number, day) !== count)
  const isOld = ([day]: (typeof due)[number]) => day <= forgotten
  const old = due.filter(isOld)
  const recent = due.filter((day) => !isOld(day))
  if (old.length > 0) await beforeOld()
  const again = attempt > 1 && old.some(([day]) => there.rowsOf(number, day) === 0)
  const parts = again
    ? [
        { days: recent, token },
        { days: old, token: `import/${file}-${attempt}/${number}` },
      ]
    : [{ days: due, token }]
  for (const { days, token: name } of parts) {
    await insertInto(INSERT_LOG, insert, name, nativeBlock(days.map(([, day]) => day)))
  }
  if (!there.hasRejected(token)) await insertInto(INSERT_REJECTED, insert, token, rejected)
}

async function insertInto(statement: string, insert: Insert, token: string, rows: Buffer[]): Promise<void> {
  if (rows.length === 0) return
  // It gets into the SQL, since a setting can't be bound.
  if (!isSegmentToken(token)) throw new Error(`not a token: ${JSON.stringify(token)}`)
  await insert((await sqlFile(statement, '')).replace("'segment-token'", `'${token}'`), rows)
}
