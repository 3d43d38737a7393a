import { z } from 'zod'
import type { Ask } from './ask.ts'

/** Rows beyond which there may be more than were told; stands in live-traffic.sql too. */
const ROWS_MAX = 5_000

const HOUR_SECONDS = 3_600

const count = z.number().min(0)

const row = z.object({ site: z.string(), hour: z.int(), requests: count, pageViews: count, bytes: count })

/** What the hours had brought at an instant. */
interface Snapshot {
  atMs: number
  rows: ReadonlyMap<string, z.infer<typeof row>>
  /** Whether a site that isn't there had nothing yet: of some sites it only says so of those. */
  hasAll(site: string): boolean
}

/** What came in between two instants. */
export interface Traffic {
  requests: number
  pageViews: number
  bytes: number
}

/** What came in, all together and by site. The site '' stands for all of them. */
export interface Arrived {
  /** The later instant, Unix ms. */
  atMs: number
  /** How long it took. */
  seconds: number
  bySite: ReadonlyMap<string, Traffic>
}

/**
 * Tells at each call what has come into the rollups since the last one; nothing at the first.
 *
 * Records of this hour and the last count, when they arrive: a few seconds after their request. Some sites, or
 * all together and the 5,000 that have most.
 *
 * @throws QueryFailed and then the next call tells of the time before too
 */
export function arrivals(ask: Ask, now: () => number): (sites: readonly string[]) => Promise<Arrived> {
  let before: Snapshot | undefined
  return async (sites) => {
    const after = await snapshot(ask, sites, now())
    const arrived = difference(before ?? after, after)
    before = after
    return arrived
  }
}

async function snapshot(ask: Ask, sites: readonly string[], atMs: number): Promise<Snapshot> {
  const thisHour = Math.floor(atMs / 1_000 / HOUR_SECONDS) * HOUR_SECONDS
  const rows = await ask('live-traffic', row, { sites, since: thisHour - HOUR_SECONDS })
  return {
    atMs,
    rows: new Map(rows.map((one) => [`${one.hour} ${one.site}`, one])),
    hasAll: (site) => site === '' || (sites.length > 0 ? sites.includes(site) : rows.length < ROWS_MAX),
  }
}

function difference(before: Snapshot, after: Snapshot): Arrived {
  const bySite = new Map<string, Traffic>()
  for (const [key, { site, requests, pageViews, bytes }] of after.rows) {
    const known = before.rows.get(key)
    // Who has just come among the busiest, or is asked for since now, may have had all of it before.
    if (known === undefined && !before.hasAll(site)) continue
    const more = {
      requests: grown(known?.requests, requests),
      pageViews: grown(known?.pageViews, pageViews),
      bytes: grown(known?.bytes, bytes),
    }
    if (more.requests > 0) bySite.set(site, sum(bySite.get(site), more))
  }
  return { atMs: after.atMs, seconds: (after.atMs - before.atMs) / 1_000, bySite }
}

/** Hours can shrink when they are made anew. */
function grown(before: number | undefined, after: number): number {
  return Math.max(0, after - (before ?? 0))
}

/** Traffic of two times, or of one. */
export function sum(one: Traffic | undefined, other: Traffic): Traffic {
  if (one === undefined) return other
  return {
    requests: one.requests + other.requests,
    pageViews: one.pageViews + other.pageViews,
    bytes: one.bytes + other.bytes,
  }
}
