import type { Geo } from '../../edge/geo/place.ts'
import type { ClickHouse } from '../clickhouse/connect.ts'
import type { RowOptions } from '../collect/row.ts'
import { createRowWriter } from '../collect/row.ts'
import type { Salts } from '../collect/salts.ts'
import { closeDays } from '../daily/days.ts'
import { matchHours } from '../daily/hours.ts'
import { rankDays } from '../daily/ranks.ts'
import type { Upkeep } from '../daily/upkeep.ts'
import { DAY_MS, type Day, dayOf } from '../queries/window.ts'
import type { Formula } from '../ranking/formula.ts'
import { importFile } from './import-file.ts'
import { type FileCounts, openLedger } from './ledger.ts'
import { BLOCK_BYTES, digestOf } from './log-file.ts'
import type { Progress } from './progress.ts'
import { createRecordOfLine, type Given } from './record-of-line.ts'

/** What an import works with. */
export interface ImportOptions extends RowOptions {
  clickhouse: Pick<ClickHouse, 'ingest' | 'insert' | 'layout'>
  upkeep: Upkeep
  salts: Pick<Salts, 'of'>
  geo: Geo
  formula: Formula
  given: Given
  retentionDays: number
  progress: Progress
  signal: AbortSignal
  nowMs: number
  /** What is read and inserted at a time; the same again for a file whose import goes on. */
  blockBytes?: number
}

/** What became of the files. */
export interface ImportSummary extends FileCounts {
  files: number
  /** Names of files that the store had already, and since when. */
  known: string[]
  sites: number
  /** Days that records are of, and how many of them the log no longer keeps. */
  days: Day[]
  oldDays: number
  /** Whether it was stopped before the end. */
  isStopped: boolean
}

/** Records of before are not believed: web servers were not about yet. */
const EARLIEST_MS = Date.UTC(2001, 8, 10)

const NOTHING: FileCounts = { lines: 0, records: 0, rejected: 0 }

/**
 * Imports log files one after the other, works out the days' figures and rankings, and only then notes the
 * files as finished: whatever ends it before, the same files given again go on where it was.
 *
 * @throws ConfigError for a file that can't be read
 */
export async function importFiles(paths: readonly string[], options: ImportOptions): Promise<ImportSummary> {
  const { clickhouse, salts, progress, signal, nowMs, retentionDays } = options
  const ledger = openLedger(clickhouse)
  const forgotten = dayOf(nowMs - retentionDays * DAY_MS)
  const finalDays = await ledger.finalDays(forgotten)
  const sites = new Set<string>()
  const writeRow = createRowWriter({ ...options, onSite: (site) => sites.add(site) })
  const days = new Map<Day, number>()
  const done = new Map<string, { name: string; counts: FileCounts }>()
  const summary = { ...NOTHING, files: 0, known: [] as string[], isStopped: false }
  let isKeeping = false

  async function importOne(path: string): Promise<void> {
    progress.begin(path)
    const file = await digestOf(path, signal)
    const { attempts, isFinished, finishedAt } = await ledger.stateOf(file)
    const same = done.get(file)
    if (isFinished || same !== undefined) {
      summary.known.push(
        same === undefined ? `${path}: imported ${finishedAt} UTC` : `${path}: same as ${same.name}`,
      )
      progress.skip()
      return
    }
    await ledger.note(file, path, 'begun', NOTHING)
    const recordOf = createRecordOfLine({ ...options, file: path })
    const counts = await importFile({
      path,
      file,
      attempt: attempts + 1,
      there: attempts === 0 ? NOTHING_THERE : await ledger.whatIsThere(file),
      bounds: { earliestMs: EARLIEST_MS, latestMs: nowMs + DAY_MS },
      forgotten,
      insert: clickhouse.insert,
      closedBecause: (day) =>
        finalDays.has(day)
          ? `timeMs: the figures of ${day} are final, the log that they are of is gone`
          : undefined,
      recordOf,
      saltOf: salts.of,
      writeRow,
      async beforeOld() {
        if (isKeeping) return
        isKeeping = true
        await ledger.stopForgetting()
      },
      onDay: (day, records) => days.set(day, (days.get(day) ?? 0) + records),
      blockBytes: options.blockBytes ?? BLOCK_BYTES,
      onRead: progress.read,
      signal,
    })
    done.set(file, { name: path, counts })
    summary.files += 1
    for (const key of ['lines', 'records', 'rejected'] as const) summary[key] += counts[key]
  }

  try {
    for (const path of paths) await importOne(path)
    const first = [...days.keys()].sort()[0]
    if (first !== undefined) await workOut(options, first)
    for (const [file, { name, counts }] of done) await ledger.note(file, name, 'finished', counts)
  } catch (error) {
    if (!signal.aborted) throw error
    summary.isStopped = true
  } finally {
    progress.end()
    if (isKeeping) await ledger.forgetAgain()
  }
  const names = [...days.keys()].sort()
  sites.delete('')
  return {
    ...summary,
    sites: sites.size,
    days: names,
    oldDays: names.filter((day) => day <= forgotten).length,
  }
}

const NOTHING_THERE = { rowsOf: () => 0, hasRejected: () => false }

/** Figures and rankings of all days that are over, from the first that was imported on. */
async function workOut(
  { upkeep, formula, progress, signal, nowMs }: ImportOptions,
  first: Day,
): Promise<void> {
  const span = { today: dayOf(nowMs), forgotten: dayOf(Date.parse(first) - DAY_MS) }
  progress.say('working out the days’ figures and rankings')
  await matchHours(upkeep, span)
  signal.throwIfAborted()
  await closeDays(upkeep, formula, span)
  signal.throwIfAborted()
  await rankDays(upkeep, formula)
}
