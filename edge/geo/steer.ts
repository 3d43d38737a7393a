import { LRUCache } from 'lru-cache'
import type { EdgeState, FleetState } from './fleet/fleet-state.ts'
import { type Atlas, type Located, locate } from './locate.ts'
import { type Asker, type Chosen, nearest } from './nearest/nearest.ts'
import { textOf } from './nearest/network.ts'

/** The edge for an address, and what it was chosen by. */
export interface Steered {
  located: Located
  chosen: Chosen
  edge: EdgeState
}

/** An address's place, and what choosing goes by. */
interface Asking {
  located: Located
  asker: Asker
}

/** Chooses the edge for an address. @param bytes 4 or 16; 0 past the prefix where only that is known */
export type Steer = (bytes: Uint8Array) => Steered

/** Addresses whose place is remembered: most questions come from the same resolvers. */
const PLACES_MAX = 50_000
/** How long, ms: a database may change meanwhile. */
const REMEMBERED_MS = 10_000

/** Locates, then chooses: by an operator's override, else by distance. */
export function steering(atlas: Atlas, fleet: FleetState, toleranceKm: number): Steer {
  const places = new LRUCache<string, Asking>({ max: PLACES_MAX, ttl: REMEMBERED_MS })

  function askingFrom(bytes: Uint8Array): Asking {
    const address = bytes.join('.')
    const known = places.get(address)
    if (known !== undefined) return known
    const located = locate(atlas, bytes)
    const { block, found, asn, at } = located
    const preferred = atlas.overrides.edgesFor({ address: bytes, asn, country: found.country })
    const asking = { located, asker: { at, key: `${textOf(block.bytes)}/${block.prefix}`, preferred } }
    places.set(address, asking)
    return asking
  }

  return (bytes) => {
    const { located, asker } = askingFrom(bytes)
    const chosen = nearest(fleet.edges, asker, toleranceKm)
    // A fleet file has at least one edge, and `nearest` always answers then.
    if (chosen === undefined) throw new Error('the fleet has no edge')
    return { located, chosen, edge: chosen.edge as EdgeState }
  }
}

/** A place in words: city, region and country as far as they are known, and what they are known by. */
export function placeInWords({ found, by }: Located): string {
  const { city, regionName, country } = found
  const words = [city, regionName === city ? '' : regionName, country].filter((word) => word !== '')
  return words.length === 0 ? 'unknown' : `${words.join(', ')} (${by})`
}
