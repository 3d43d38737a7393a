import { unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Reader, type Response } from 'maxmind'
import type { Logger } from 'pino'
import { ConfigError } from '../../program/errors.ts'

/** How often it is looked whether a file has changed, ms. */
const LOOK_MS = 2_000

/** Decoded records kept of each file. */
const RECORDS_MAX = 10_000

/** A file of records by address, in MaxMind's format; the one that was read last and could be used. */
export interface Database<Record> extends Disposable {
  /** @returns what is said of an address, and for a prefix of what length that holds. @param address plain text */
  get(address: string): { record: Record; prefix: number }
  /** Databases for IPv4 alone know nothing of IPv6. */
  readonly families: 4 | 6 | 'both'
}

/** What reading a file comes to. */
export interface Kind<Record> {
  /** The option that names the file. */
  field: string
  /** Makes, from the file's metadata, what reads its records. */
  layoutOf(reader: Pick<Reader<never>, 'metadata'>): (record: unknown) => Record
  /** For the log, when a file that has changed can't be used. */
  log?: Logger | undefined
  /** How often to look whether it has changed, ms. */
  lookMs?: number
}

/**
 * Opens a database, and takes over the file whenever it changes: read whole and checked first, then swapped in. A
 * file that can't be used leaves the old one in place, and the log says so.
 *
 * @throws ConfigError when the file can't be used to begin with
 */
export async function openDatabase<Record>(path: string, kind: Kind<Record>): Promise<Database<Record>> {
  // Watched first: else what changes between the two looks is never seen.
  watchFile(path, { interval: kind.lookMs ?? LOOK_MS, persistent: false }, changed)
  const first = read(path, kind)
  let current = await first.catch((error: Error) => {
    unwatchFile(path, changed)
    throw new ConfigError(
      kind.field,
      `${path} can not be used: ${error.message}`,
      'Give the path of a database in MaxMind’s format (.mmdb), or leave it out.',
    )
  })

  function changed(): void {
    takeOver().catch(() => undefined) // there was no database to begin with, as was said
  }

  async function takeOver(): Promise<void> {
    await first
    try {
      current = await read(path, kind)
      kind.log?.info({ path }, 'a database has changed and is taken over')
    } catch (error) {
      kind.log?.error(
        `${path} has changed and can not be used, the old one stays: ${(error as Error).message}`,
      )
    }
  }

  return {
    get families() {
      return current.families
    },
    get: (address) => current.get(address),
    [Symbol.dispose]: () => unwatchFile(path, changed),
  }
}

/** @throws Error when it is no database, or one that ends early */
async function read<Record>(
  path: string,
  { layoutOf, log }: Kind<Record>,
): Promise<Omit<Database<Record>, never>> {
  const bytes = await readFile(path)
  const reader = new Reader<Response>(bytes, { cache: recordCache() })
  const { metadata } = reader
  if (![4, 6].includes(metadata.ipVersion)) throw new Error(`its IP version is ${metadata.ipVersion}`)
  if (metadata.searchTreeSize > bytes.length) throw new Error('it ends before its search tree does')
  const layout = layoutOf(reader)
  // Reads some records: a file that is cut off or mixed up fails here and not at a viewer.
  for (const address of SAMPLES) {
    if (metadata.ipVersion === 6 || !address.includes(':')) layout(reader.get(address))
  }
  let isTold = false
  return {
    families: metadata.ipVersion === 4 ? 4 : 'both',
    get(address) {
      try {
        const [record, prefix] = reader.getWithPrefixLength(address)
        return { record: layout(record), prefix }
      } catch (error) {
        // Samples can't find each broken record: one says nothing of its viewers, and ends nobody's program.
        if (!isTold)
          log?.error(`${path} has broken records, such as for ${address}: ${(error as Error).message}`)
        isTold = true
        return { record: layout(undefined), prefix: 128 }
      }
    },
    [Symbol.dispose]: () => undefined,
  }
}

/** Spread over all of the file. */
const SAMPLES = [
  ...Array.from({ length: 223 }, (_, at) => `${at + 1}.${(at * 37) % 256}.${(at * 91) % 256}.1`),
  ...Array.from({ length: 64 }, (_, at) => `2${(at * 4).toString(16).padStart(3, '0')}:${at + 1}::1`),
]

/** Records decoded last, by where they are in the file; when it is full it starts anew. */
function recordCache() {
  const kept = new Map<string | number, unknown>()
  return {
    get: (key: string | number) => kept.get(key),
    set(key: string | number, value: unknown) {
      if (kept.size >= RECORDS_MAX) kept.clear()
      kept.set(key, value)
    },
  }
}
