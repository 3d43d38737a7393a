import { LRUCache } from 'lru-cache'
import type { Figures } from '../queries/figures.ts'

/** Which page stands for a site, and how much visited the site is. */
export interface FrontDoor {
  /** `http://HOST/` of the host with most page views. */
  url: string
  /** In the 7 days until the last day that has ranks. */
  rank?: number
}

/** Sites that are remembered; the one longest not asked for is forgotten first. */
const SITES_MAX = 10_000

/** Hosts and ranks change by the day, and a picture is asked for by the second. */
const KEPT_MS = 300_000

/** Finds sites' front doors; what is known is good for five minutes, and for as long as ClickHouse is away. */
export function createFrontDoors(figures: Figures): (site: string) => Promise<FrontDoor> {
  const known = new LRUCache<string, FrontDoor>({
    max: SITES_MAX,
    ttl: KEPT_MS,
    allowStaleOnFetchRejection: true,
    noDeleteOnFetchRejection: true,
    fetchMethod: (site) => find(figures, site),
  })
  return (site) => known.forceFetch(site)
}

async function find(figures: Figures, site: string): Promise<FrontDoor> {
  const [host, day] = await Promise.all([figures.mainHost(site), figures.lastRankedDay()])
  const ranks = day === undefined ? undefined : await figures.ranksOn([site], { window: '7d', day })
  const rank = ranks?.get(site)
  return { url: `http://${host}/`, ...(rank !== undefined && { rank }) }
}
