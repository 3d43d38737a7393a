import { ClickHouseDown, isAboutRows, messageOf } from '../clickhouse/failure.ts'
import type { Insert } from '../clickhouse/insert.ts'
import type { Rows } from '../clickhouse/native.ts'
import { sqlFile } from '../clickhouse/sql-file.ts'
import { SegmentRefused } from './refusal.ts'
import { noLogRows } from './row.ts'
import { type LineReader, readSegment, type Segment, type SegmentRows } from './segment-lines.ts'
import { isSegmentToken } from './segment-token.ts'

/** What became of a segment's lines. */
export interface StoredSegment {
  rows: number
  /** What is billed beside them. */
  events: number
  rejected: number
  /** How long ClickHouse took, ms. */
  insertMs: number
}

/** Puts segments into ClickHouse, one after the other. Disposing waits for those that were begun. */
export interface SegmentStore extends AsyncDisposable {
  /** Why the last segment could not be stored, or `undefined`. */
  readonly problem: string | undefined
  /** Segments that are being stored or wait for it. */
  readonly underWay: number
  /**
   * Resolves when the segment is on ClickHouse's disk. Storing it again, also after a crash half way,
   * adds what was missing and nothing else.
   *
   * @throws ClickHouseDown @throws SegmentRefused
   */
  store(segment: Segment): Promise<StoredSegment>
}

/** What a store of segments needs. */
export interface SegmentStoreOptions extends Omit<LineReader, 'bounds' | 'rows'> {
  insert: Insert
  /** Whether ClickHouse has our tables. */
  isPrepared(): boolean
  retentionDays: number
  /** Unix ms. */
  now(): number
}

const DAY_MS = 86_400_000

export function createSegmentStore(options: SegmentStoreOptions): SegmentStore {
  /** The rows of the segment that is inserted and of the next one take turns. */
  const turns = [noLogRows(), noLogRows()]
  /** Settles when the last segment is stored, or isn't; and when the next one may be read. */
  let last: Promise<unknown> = Promise.resolve()
  let ready: Promise<unknown> = Promise.resolve()
  let underWay = 0
  let problem: string | undefined

  function nextRows(): Rows {
    const rows = turns.shift() as Rows
    turns.push(rows)
    return rows
  }

  async function storeNow(segment: Segment, reading: Promise<SegmentRows>): Promise<StoredSegment> {
    try {
      const stored = await insertSegment(options.insert, segment.token, await reading)
      problem = undefined
      return stored
    } catch (error) {
      if (isAboutRows(error)) throw new SegmentRefused('bad-rows', messageOf(error))
      problem = messageOf(error)
      throw new ClickHouseDown(error)
    } finally {
      underWay -= 1
    }
  }

  return {
    get problem() {
      return problem
    },
    get underWay() {
      return underWay
    },
    store(segment) {
      underWay += 1
      // One segment is read while the one before is inserted: that is ClickHouse's work, on threads of its own.
      const before = last
      const reading = ready.then(() => readNow({ ...options, rows: nextRows() }, segment))
      ready = Promise.allSettled([reading, before])
      const stored = before.then(() => storeNow(segment, reading))
      // Whoever asked hears of a failure; the next segment only waits until this one is over.
      last = stored.catch(() => undefined)
      return stored
    },
    async [Symbol.asyncDispose]() {
      await last
    },
  }
}

async function readNow(
  options: SegmentStoreOptions & Pick<LineReader, 'rows'>,
  segment: Segment,
): Promise<SegmentRows> {
  if (!options.isPrepared()) throw new Error('its tables have not been made yet')
  const bounds = {
    earliestMs: options.now() - (options.retentionDays + 1) * DAY_MS,
    latestMs: options.now() + DAY_MS,
  }
  return await readSegment(segment, { ...options, bounds })
}

async function insertSegment(
  insert: Insert,
  token: string,
  { rows, rowCount, events, eventCount, rejected, rejectedCount }: SegmentRows,
): Promise<StoredSegment> {
  const startedMs = performance.now()
  await insertInto('insert-access-log.sql', insert, token, rows)
  await insertInto('insert-billed-events.sql', insert, token, events)
  await insertInto('insert-rejected.sql', insert, token, rejected)
  return {
    rows: rowCount,
    events: eventCount,
    rejected: rejectedCount,
    insertMs: performance.now() - startedMs,
  }
}

async function insertInto(file: string, insert: Insert, token: string, rows: Buffer[]): Promise<void> {
  if (rows.length === 0) return
  // It gets into the SQL, since a setting can't be bound; whoever calls has checked it too.
  if (!isSegmentToken(token)) throw new Error(`not the name of a segment: ${JSON.stringify(token)}`)
  const sql = await sqlFile(import.meta.url, file)
  await insert(sql.replace("'segment-token'", `'${token}'`), rows)
}
