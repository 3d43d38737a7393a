import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Database, open, type RootDatabase } from 'lmdb'
import type { Logger } from 'pino'

/**
 * The tables of a disk store, in one LMDB environment that all workers of a machine have open. All keys
 * are bytes or numbers, all values bytes.
 *
 *     entries   digest of a key (16 bytes)        every response kept for it, newest first (`entry.ts`)
 *     bodies    number of a body (6), chunk (2)   a chunk of a body
 *     order     number, counted up                digest of one response's key: first in, first looked at
 *     hits      number of a body                  a mark: asked for since it was last looked at
 *     journal   number, counted up                an invalidation (`journal.ts`)
 *     totals    a name                            what the rest adds up to, and the format
 */
export interface Tables {
  root: RootDatabase<Buffer, string>
  entries: Database<Buffer, Buffer>
  bodies: Database<Buffer, Buffer>
  order: Database<Buffer, number>
  hits: Database<Buffer, number>
  journal: Database<Buffer, number>
  totals: Database<number | Totals, string>
}

/** What the entries add up to, and the numbers that were given last. Read and written once a transaction. */
export interface Totals {
  bytes: number
  objects: number
  turns: number
  bodies: number
}

/** The totals as they are. */
export function totalsIn({ totals }: Tables): Totals {
  const { bytes = 0, objects = 0, turns = 0, bodies = 0 } = (totals.get('all') ?? {}) as Partial<Totals>
  return { bytes, objects, turns, bodies }
}

/** Changes whenever bytes on disk change their meaning; another format's store is set aside. */
export const FORMAT = 1

/** LMDB keeps free pages, and an entry rarely fills its pages: room beyond what entries count, as a share. */
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
  if (tables.totals.get('format') === undefined) await tables.totals.put('format', FORMAT)
  // Processes that were killed still hold their places, and with them pages that could be free.
  tables.root.readerCheck()
  return tables
}

/** Opens the environment as it is. @param mapBytes at least so much is mapped */
export function openEnvironment(directory: string, mapBytes: number): Tables {
  const root = open<Buffer, string>({ path: directory, mapSize: mapBytes, maxDbs: 8, encoding: 'binary' })
  const bytes = { encoding: 'binary', keyEncoding: 'binary' } as const
  return {
    root,
    entries: root.openDB<Buffer, Buffer>('entries', bytes),
    bodies: root.openDB<Buffer, Buffer>('bodies', bytes),
    order: root.openDB<Buffer, number>('order', { encoding: 'binary' }),
    hits: root.openDB<Buffer, number>('hits', { encoding: 'binary' }),
    journal: root.openDB<Buffer, number>('journal', { encoding: 'binary' }),
    totals: root.openDB<number | Totals, string>('totals', { encoding: 'json' }),
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
