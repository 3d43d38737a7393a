import type { Reader } from 'maxmind'
import type { Coordinates } from '../nearest/sphere.ts'

/** What a database says of an address: whatever it has, and only if it is well formed. Empty when unknown. */
export interface Found {
  /** ISO 3166-1 alpha-2. */
  country: string
  /** ISO 3166-2 without the country, as `IDF`. */
  region: string
  regionName: string
  city: string
  postalCode: string
  metroCode: string
  timeZone: string
  coordinates: Coordinates | undefined
}

/** Of an address of which nothing is known. */
export const NOTHING: Found = {
  country: '',
  region: '',
  regionName: '',
  city: '',
  postalCode: '',
  metroCode: '',
  timeZone: '',
  coordinates: undefined,
}

/** MaxMind's own layout, as far as we read it. All of it comes from a file: nothing is taken for granted. */
interface Nested {
  country?: { iso_code?: unknown }
  registered_country?: { iso_code?: unknown }
  city?: { names?: { en?: unknown } }
  subdivisions?: { iso_code?: unknown; names?: { en?: unknown } }[]
  location?: { latitude?: unknown; longitude?: unknown; time_zone?: unknown; metro_code?: unknown }
  postal?: { code?: unknown }
}

/** The flat layout of the npm packages `@ip-location-db/*-mmdb`. */
interface Flat {
  country_code?: unknown
  state1?: unknown
  city?: unknown
  postcode?: unknown
  latitude?: unknown
  longitude?: unknown
  timezone?: unknown
}

/** Reads records of one file. */
export type Layout = (record: unknown) => Found

/**
 * How the records of a database are laid out, by its metadata: the npm packages say `city ipv4` or
 * `country ipvAll` for their type, MaxMind (and who follows it) `GeoLite2-City` or `DBIP-City-Lite`.
 */
export function layoutOf({ metadata }: Pick<Reader<never>, 'metadata'>): Layout {
  return /^[a-z-]+ ipv(4|6|All)$/.test(metadata.databaseType) ? flat : nested
}

function nested(record: unknown): Found {
  const { country, registered_country, city, subdivisions, location, postal } = (record ?? {}) as Nested
  const [subdivision] = Array.isArray(subdivisions) ? subdivisions : []
  return {
    country: countryIn(country?.iso_code ?? registered_country?.iso_code),
    region: text(subdivision?.iso_code),
    regionName: text(subdivision?.names?.en),
    city: text(city?.names?.en),
    postalCode: text(postal?.code),
    metroCode: text(location?.metro_code),
    timeZone: text(location?.time_zone),
    coordinates: coordinatesIn(location?.latitude, location?.longitude),
  }
}

function flat(record: unknown): Found {
  const { country_code, state1, city, postcode, latitude, longitude, timezone } = (record ?? {}) as Flat
  return {
    country: countryIn(country_code),
    region: '',
    regionName: text(state1),
    // DB-IP adds the quarter in parentheses.
    city: text(city).replace(/ \(.*\)$/, ''),
    postalCode: text(postcode),
    metroCode: '',
    timeZone: text(timezone),
    coordinates: coordinatesIn(latitude, longitude),
  }
}

function countryIn(value: unknown): string {
  return typeof value === 'string' && /^[A-Z]{2}$/.test(value) ? value : ''
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

function coordinatesIn(latitude: unknown, longitude: unknown): Coordinates | undefined {
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return undefined
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return undefined
  // Null island: what many databases say where they don't know.
  return latitude === 0 && longitude === 0 ? undefined : { latitude, longitude }
}
