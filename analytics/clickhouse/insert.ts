import { Readable } from 'node:stream'
import type { ClickHouseClient } from '@clickhouse/client'

/**
 * Inserts rows, whole or not at all, and resolves when they are on the disk.
 *
 * @param statement `INSERT INTO table (columns) SETTINGS … FORMAT TabSeparated` or `… FORMAT Native`, without values
 *   to bind
 * @param rows in that format, in pieces
 */
export type Insert = (statement: string, rows: readonly Buffer[]) => Promise<void>

/** By a server's client. */
export function insertBy(client: ClickHouseClient): Insert {
  return async (query, rows) => {
    const result = await client.exec({ query, values: Readable.from(rows, { objectMode: false }) })
    // There is nothing in it; but until it is read the connection isn't free.
    await result.stream.resume().toArray()
  }
}

/** The parts of an insert of TSV, as the embedded engine's own call wants them. */
export interface InsertParts {
  table: string
  columns: string[]
  settings: Record<string, string | number>
  format: 'TabSeparated'
}

const STATEMENT =
  /^INSERT INTO (?<table>[\w.]+)\s*\((?<columns>[\w\s,]+)\)\s*SETTINGS\s+(?<settings>.+)\sFORMAT TabSeparated\s*$/s

/** One setting: a number, or text in quotes that needs no escaping. */
const SETTING = /^(?<name>\w+) = (?:(?<number>\d+)|'(?<text>[^'\\]*)')$/

const NATIVE = /\sFORMAT Native\s*$/

/** Whether an insert's rows are in the format of native.ts. */
export function isNative(statement: string): boolean {
  return NATIVE.test(statement)
}

/**
 * The same insert of rows that are in a file: the embedded engine's own call takes no Native.
 *
 * @param file its path, of which ClickHouse takes `*`, `?`, `{` and `}` for a pattern
 */
export function insertOfFile(statement: string, file: string): string {
  const path = file.replace(/['\\]/g, '\\$&')
  return statement.replace(NATIVE, () => `\nSELECT * FROM file('${path}', 'Native')`)
}

/** Takes an insert's statement apart; one that isn't of this simple form is a mistake of ours. */
export function insertParts(statement: string): InsertParts {
  const parts = STATEMENT.exec(statement.replace(/^--.*\n/gm, ''))?.groups
  if (parts === undefined) throw new Error(`not a simple insert: ${statement.slice(0, 200)}`)
  const { table = '', columns = '', settings = '' } = parts
  return {
    table,
    columns: columns.split(',').map((column) => column.trim()),
    settings: Object.fromEntries(settings.split(/,\s*/).map(settingOf)),
    format: 'TabSeparated',
  }
}

function settingOf(text: string): [name: string, value: string | number] {
  const setting = SETTING.exec(text.trim())?.groups
  if (setting === undefined) throw new Error(`not a simple setting: ${text}`)
  const { name = '', number, text: word = '' } = setting
  return [name, number === undefined ? word : Number(number)]
}
