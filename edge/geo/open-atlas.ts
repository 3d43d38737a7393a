import type { Logger } from 'pino'
import { openAsns } from './database/asn.ts'
import { openCities } from './database/cities.ts'
import type { FleetFile } from './fleet/fleet-file.ts'
import type { Atlas } from './locate.ts'
import { overridesOf } from './nearest/overrides.ts'
import { openCountries } from './place.ts'

/**
 * Opens what places are looked up in for a fleet. The database of networks' numbers, which is large, only where an
 * override goes by them, or `needsAsn`.
 *
 * @throws ConfigError when a database can't be used
 */
export async function openAtlas(
  { databases, place, overrides: own }: FleetFile,
  log?: Logger,
  { needsAsn = false } = {},
): Promise<Atlas & Disposable> {
  const overrides = overridesOf(own)
  const cities = await openCities(databases.city, 'databases.city', log)
  const countries = await openCountries(databases.country, 'databases.country', log)
  const asns = { path: databases.asn, field: 'databases.asn', ...(log && { log }) }
  const asnOf = overrides.byAsn || needsAsn ? await openAsns(asns) : undefined
  return {
    cities,
    countries,
    asnOf,
    here: place,
    overrides,
    [Symbol.dispose]() {
      cities?.[Symbol.dispose]()
      countries[Symbol.dispose]()
      asnOf?.[Symbol.dispose]()
    },
  }
}
