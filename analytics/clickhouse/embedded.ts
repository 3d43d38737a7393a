import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  type ClickHouseClient,
  type ClickHouseClientConfigOptions,
  ClickHouseLogLevel,
  createClient,
  parseError,
} from '@clickhouse/client'
import { ConfigError } from '../../edge/program/errors.ts'
import { DataDirectoryUnusable, messageOf, refusePattern } from './failure.ts'
import { type Insert, insertOfFile, insertParts, isNative } from './insert.ts'

/** Folder in the engine's directory for rows on their way in; what a process that was killed left is deleted. */
const INCOMING = 'incoming'

/** How names of files there begin that are this process's. Its pid would not do: in a container each has the same. */
const OURS = `${randomUUID()}-`
const isOurs = (name: string) => name.startsWith(OURS)

/** One of several ways in. */
export interface EmbeddedConnection {
  client: ClickHouseClient
  insert: Insert
}

type ChdbConnections = typeof import('chdb/connection')

type Connection = NonNullable<ClickHouseClientConfigOptions['connection']>

/**
 * The ClickHouse that runs inside this process, on a directory of its own.
 *
 * @returns makes a connection; each runs one statement at a time, but none waits for another's
 * @throws ConfigError when this installation has none
 * @throws DataDirectoryUnusable
 */
export async function openEmbedded(directory: string): Promise<() => EmbeddedConnection> {
  const { createChdbConnection } = await importChdb()
  const incoming = resolve(directory, INCOMING)
  refusePattern(incoming)
  try {
    await mkdir(directory, { recursive: true })
    // The first connection opens the directory: whatever is wrong with it is known here.
    await createChdbConnection({ path: directory }).close()
    await mkdir(incoming, { recursive: true })
    for (const left of await readdir(incoming)) if (!isOurs(left)) await rm(join(incoming, left))
  } catch (error) {
    throw new DataDirectoryUnusable(directory, await holderOf(directory), error)
  }
  return () => {
    // Made for this very option; only that the two packages declare a private class of settings each.
    const connection = createChdbConnection({ path: directory })
    const client = createClient({
      connection: connection as unknown as Connection,
      log: { level: ClickHouseLogLevel.OFF },
    })
    async function insert(statement: string, rows: readonly Buffer[]): Promise<void> {
      if (isNative(statement)) await insertFromFile(client, incoming, statement, rows)
      else await insertText(connection, statement, rows)
    }
    return { client, insert }
  }
}

/**
 * By way of a file, which ClickHouse's own threads read, and which is gone again before the disk is to write it.
 *
 * @param incoming folder of such files
 */
async function insertFromFile(
  client: ClickHouseClient,
  incoming: string,
  statement: string,
  rows: readonly Buffer[],
): Promise<void> {
  const file = join(incoming, `${OURS}${randomUUID()}.native`)
  try {
    await writeFileOf(file, rows)
    await client.command({ query: insertOfFile(statement, file) })
  } finally {
    await rm(file, { force: true })
  }
}

/** @throws when the disk takes less than all */
async function writeFileOf(path: string, pieces: readonly Buffer[]): Promise<void> {
  await using file = await open(path, 'wx')
  const { bytesWritten } = await file.writev(pieces)
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
  if (bytesWritten < bytes) throw new Error(`${path}: ${bytesWritten} of ${bytes} bytes were written`)
}

/**
 * The client would make one text of statement and rows, here on the main thread: that held up the event loop by
 * 8 ms a megabyte. This way the bytes are read where they are, by ClickHouse's own threads.
 */
async function insertText(
  connection: ReturnType<ChdbConnections['createChdbConnection']>,
  statement: string,
  rows: readonly Buffer[],
): Promise<void> {
  try {
    await connection.chdb.rawInsert({ ...insertParts(statement), values: Buffer.concat(rows) })
  } catch (error) {
    // As the client does, so that the reason is known by its name.
    throw parseError(error instanceof Error ? error.message : String(error))
  }
}

/** The living process that ClickHouse's note in the directory names: the engine doesn't give its reason. */
async function holderOf(directory: string): Promise<number | undefined> {
  const status = await readFile(join(directory, 'status'), 'utf8').catch(() => '') // nobody was ever there
  const pid = Number(/^PID: (\d+)/m.exec(status)?.[1])
  try {
    return process.kill(pid, 0) ? pid : undefined
  } catch {
    return undefined // it is gone, and was no more the reason
  }
}

/** 550 MB that an installation with a server of its own does without: an optional dependency. */
async function importChdb() {
  try {
    return await import('chdb/connection')
  } catch (error) {
    throw new ConfigError(
      'clickhouseUrl',
      `is not set, and the embedded ClickHouse can not be loaded (${messageOf(error)})`,
      'Set CLICKHOUSE_URL to a ClickHouse server, or install the embedded one: ' +
        '`npm install --include=optional` (Linux with glibc or macOS, x64 or arm64).',
    )
  }
}
