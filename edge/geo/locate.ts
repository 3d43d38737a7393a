import { centreOf } from './countries/centres.ts'
import type { Cities } from './database/cities.ts'
import type { Database } from './database/database.ts'
import { type Found, NOTHING } from './database/layout.ts'
import { longestPrefix, type Network, networkOf, textOf } from './nearest/network.ts'
import type { Overrides } from './nearest/overrides.ts'
import { type Coordinates, type Point, pointAt } from './nearest/sphere.ts'

/** What the router knows of an address. */
export interface Located {
  /** The block that all of this holds for: an answer for one of it is right for all. */
  block: Network
  found: Found
  /** 0 when unknown, or when no override asks for it. */
  asn: number
  coordinates: Coordinates
  at: Point
  /** What the coordinates are of. */
  by: 'city' | 'country' | 'router'
}

/** What places are looked up in. */
export interface Atlas {
  cities: Cities | undefined
  countries: Pick<Database<Found>, 'get'>
  asnOf: ((address: string) => number) | undefined
  /** Of the router: viewers who are nowhere are here. */
  here: Coordinates
  overrides: Overrides
}

/** Finds out where an address is: by the city database, else by its country's centre, else it is where we are. */
export function locate(atlas: Atlas, bytes: Uint8Array): Located {
  const address = textOf(bytes)
  const city = atlas.cities?.get(address)
  const hasCity = city?.record.coordinates !== undefined
  const country = hasCity && city.record.country !== '' ? undefined : atlas.countries.get(address)
  const found = hasCity ? city.record : (country?.record ?? NOTHING)
  const centre = found.coordinates ?? centreOf(found.country)
  const by = hasCity ? 'city' : centre !== undefined ? 'country' : 'router'
  const coordinates = centre ?? atlas.here
  return {
    block: blockOf(atlas, bytes, Math.max(city?.prefix ?? 0, country?.prefix ?? 0)),
    found,
    asn: atlas.asnOf?.(address) ?? 0,
    coordinates,
    at: pointAt(coordinates),
    by,
  }
}

/**
 * The block an answer is for: what the databases say one thing of, parted where an override begins. Networks have
 * no prefixes in our database, so where overrides go by them it is the smallest that we tell apart.
 */
function blockOf({ asnOf, overrides }: Atlas, bytes: Uint8Array, known: number): Network {
  const longest = longestPrefix(bytes)
  if (asnOf !== undefined) return networkOf(bytes, longest)
  const wide = networkOf(bytes, Math.min(known, longest))
  return networkOf(bytes, Math.min(Math.max(wide.prefix, overrides.prefixWithin(wide)), longest))
}
