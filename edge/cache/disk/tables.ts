import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Database, open, type RootDatabase } from 'lmdb'
import type { Logger } from 'pino'
import { PAGE_BYTES } from './entry.ts'

/**
 * The tables of a disk store, in one LMDB environment that all workers of a machine have open. All keys
 * are bytes or numbers, all values bytes.
 *
 *     entries   digest of a key (16 bytes)        every response kept for it, newest first (`entry.ts`)
 *     bodies    number of a body (6), chunk (2)   a chunk of a body
 *     order     number, counted up                digest of one response's key: first in, first looked at
 *     hits      a number of the order             a mark: asked for since it was last looked at
 *     journal   number, counted up                an invalidation (`journal.ts`)
 *     numbers   a name                            the numbers given last, and the format (called `totals`
 *                                                 in the file, where every format of ours is found)
 */
export interface Tables {
  root: RootDatabase<Buffer, string>
  entries: Database<Buffer, Buffer>
  bodies: Database<Buffer, Buffer>
  order: Database<Buffer, number>
  hits: Database<Buffer, number>
  journal: Database<Buffer, number>
  numbers: Database<number | Numbers, string>
}

/** The numbers that were given last: none is given twice. Read and written once a transaction. */
export interface Numbers {
  turns: number
  bodies: number
}

/** The numbers as they are. */
export function countersIn({ numbers }: Tables): Numbers {
  const { turns = 0, bodies = 0 } = (numbers.get('all') ?? {}) as Partial<Numbers>
  return { turns, bodies }
}

/** Bytes of the pages that entries are on, as LMDB counts them: also within a transaction, and cheap. */
export function usedBytes({ entries, bodies, order, hits }: Tables): number {
  let pages = 0
  for (const table of [entries, bodies, order, hits]) {
    const { treeBranchPageCount, treeLeafPageCount, overflowPages } = table.getStats() as PageCounts
    pages += treeBranchPageCount + treeLeafPageCount + overflowPages
  }
  return pages * PAGE_BYTES
}

/**
 * Does something in one transaction, alone among all processes. When it is no Promise that `action` gives, all
 * of it is kept or nothing.
 *
 * @throws Error with LMDB's reason as its cause: disk is full or broken
 */
export async function transact<Result>({ root }: Tables, action: () => Result): Promise<Result> {
  try {
    return await root.transaction(action)
  } catch (error) {
    const { commitError } = error as { commitError?: Promise<never> }
    // LMDB's binding gives the reason apart, as a promise: one that nobody takes would end the process.
    const reason = await Promise.race([commitError?.catch((cause: unknown) => cause), nextTurn()])
    throw new Error(`a transaction failed: ${reason ?? error}`, { cause: reason ?? error })
  }
}

/** Responses kept: each has one turn. */
export function objectsIn({ order }: Tables): number {
  return (order.getStats() as PageCounts).entryCount
}

/** Of what LMDB tells of a table: its types leave that open. */
interface PageCounts {
  treeBranchPageCount: number
  treeLeafPageCount: number
  overflowPages: number
  entryCount: number
}

/** Changes whenever bytes on disk change their meaning; another format's store is set aside. */
export const FORMAT = 2

/** LMDB keeps free pages: room that is mapped beyond the pages in use, as a share. It maps more if it has to. */
const SLACK = 1.5
const SLACK_BYTES = 67_108_864

/**
 * Opens the tables. A store that can't be read, or is of another format, is moved aside
 * (`DIRECTORY.broken-TIME`) for whoever wants to look at it, and an empty one made.
 */
export async function openTables(directory: string, bytesMax: number, log: Logger): Promise<Tables> {
  const problem = existsSync(join(directory, 'data.mdb')) ? await problemOf(directory) : undefined
  if (problem !== undefined) {
    const aside = `${directory}.broken-${new Date().toISOString().replace(/[:.]/g, '-')}`
    renameSync(directory, aside)
    log.error({ directory, aside, problem }, 'the cache on disk can’t be used: set aside, and begun anew')
  }
  mkdirSync(directory, { recursive: true })
  const tables = openEnvironment(directory, Math.round(bytesMax * SLACK) + SLACK_BYTES)
  if (tables.numbers.get('format') === undefined) await tables.numbers.put('format', FORMAT)
  // Processes that were killed still hold their places, and with them pages that could be free.
  tables.root.readerCheck()
  return tables
}

/** Opens the environment as it is. @param mapBytes at least so much is mapped */
export function openEnvironment(directory: string, mapBytes: number): Tables {
  const root = open<Buffer, string>({
    path: directory,
    mapSize: mapBytes,
    maxDbs: 8,
    encoding: 'binary',
    // Batches of its own have promises that nobody sees: when a write fails, they would end the process.
    eventTurnBatching: false,
  })
  const bytes = { encoding: 'binary', keyEncoding: 'binary' } as const
  return {
    root,
    entries: root.openDB<Buffer, Buffer>('entries', bytes),
    bodies: root.openDB<Buffer, Buffer>('bodies', bytes),
    order: root.openDB<Buffer, number>('order', { encoding: 'binary' }),
    hits: root.openDB<Buffer, number>('hits', { encoding: 'binary' }),
    journal: root.openDB<Buffer, number>('journal', { encoding: 'binary' }),
    numbers: root.openDB<number | Numbers, string>('totals', { encoding: 'json' }),
  }
}

/** Why a store can't be used, or `undefined`: found out by a process of its own (see `probe.ts`). */
async function problemOf(directory: string): Promise<string | undefined> {
  const probe = fileURLToPath(new URL('probe.ts', import.meta.url))
  return new Promise((resolve) => {
    execFile(process.execPath, [probe, directory], { timeout: PROBE_MS_MAX }, (error, told) => {
      resolve(error === null ? undefined : told || (error.signal ?? error.message))
    })
  })
}

/** How long a look into a store may take, ms. */
const PROBE_MS_MAX = 30_000
