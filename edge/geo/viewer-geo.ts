import { isIP } from 'node:net'
import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import type { ViewerDetails } from '../distribution/viewer-details.ts'
import { openAsns } from './database/asn.ts'
import { openCities } from './database/cities.ts'
import { NOTHING } from './database/layout.ts'
import { type Geo, openGeo } from './place.ts'

/** Viewers whose place is remembered, so that each isn't looked up again with every request. */
const VIEWERS_MAX = 10_000

/** How long, ms: a database may change meanwhile. */
const REMEMBERED_MS = 60_000

/** What a worker of the edge knows of where viewers are. */
export interface ViewerGeo extends Geo {
  /** For headers that policies list; `undefined` where none is. */
  detailsOf?(address: string): ViewerDetails
}

/** The operator's own databases; the bundled ones where one isn't named. */
interface Paths {
  countryDatabase?: string | undefined
  cityDatabases?: string[] | undefined
  asnDatabase?: string | undefined
}

/**
 * Opens what is needed and no more: the databases of cities (130 MB) and networks (50 MB in memory) only where a policy
 * lists a header that takes them.
 *
 * @throws ConfigError when one can't be used
 */
export async function openViewerGeo(
  paths: Paths,
  needs: { city: boolean; asn: boolean },
  log: Logger,
): Promise<ViewerGeo & Disposable> {
  const geo = await openGeo(paths.countryDatabase, log)
  if (!needs.city && !needs.asn) return geo
  const cities = needs.city ? await openCities(paths.cityDatabases, 'edge.cityDatabases', log) : undefined
  if (needs.city && cities === undefined)
    log.warn('a policy lists headers that take a city database, and there is none: set edge.cityDatabases')
  const asns = { path: paths.asnDatabase, field: 'edge.asnDatabase', log }
  const asnOf = needs.asn ? await openAsns(asns) : undefined
  const known = new LRUCache<string, ViewerDetails>({ max: VIEWERS_MAX, ttl: REMEMBERED_MS })
  return {
    placeOf: geo.placeOf,
    [Symbol.dispose]() {
      geo[Symbol.dispose]()
      cities?.[Symbol.dispose]()
      asnOf?.[Symbol.dispose]()
    },
    detailsOf(address) {
      const found = known.get(address)
      if (found !== undefined) return found
      const isAddress = isIP(address) !== 0
      const place = (isAddress ? cities?.get(address).record : undefined) ?? NOTHING
      const details = { ...place, asn: isAddress ? (asnOf?.(address) ?? 0) : 0 }
      known.set(address, details)
      return details
    },
  }
}
