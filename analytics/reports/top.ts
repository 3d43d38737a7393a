import { z } from 'zod'
import type { Ask } from '../queries/ask.ts'
import type { Reported } from './period.ts'
import { shareOf } from './traffic.ts'

const count = z.number().min(0)

const objectRow = z.object({
  object: z.string(),
  requests: count,
  hits: count,
  misses: count,
  missBytes: count,
  bytes: count,
  incomplete: count,
  status2xx: count,
  status3xx: count,
  status4xx: count,
  status5xx: count,
})

/** One of a distribution's objects; every word is defined in popular-objects.sql. */
export type PopularObject = z.infer<typeof objectRow> & {
  /** Hits of hits and misses, 0 to 1; `null` where there was neither. */
  hitRatio: number | null
}

/** A distribution's objects, most requests first. */
export async function popularObjects(ask: Ask, of: Reported, limit: number): Promise<PopularObject[]> {
  const rows = await ask('../reports/popular-objects', objectRow, { ...of, limit })
  return rows.map((row) => ({ ...row, hitRatio: shareOf(row.hits, row.hits + row.misses) }))
}

const referrerRow = z.object({ host: z.string(), requests: count, bytes: count, ofAll: count })

/** A host whose pages led here. */
export interface Referrer {
  host: string
  requests: number
  bytes: number
  /** Of all requests, 0 to 1. */
  share: number | null
}

/** Hosts whose pages led to a distribution, most requests first, and how many requests name none. */
export async function topReferrers(
  ask: Ask,
  of: Reported,
  limit: number,
): Promise<{ requests: number; withoutReferrer: number; items: Referrer[] }> {
  // One more than are told: those that name no host come first.
  const rows = await ask('../reports/top-referrers', referrerRow, { ...of, limit: limit + 1 })
  const items = rows
    .filter(({ host }) => host !== '')
    .slice(0, limit)
    .map(({ ofAll, ...row }) => ({ ...row, share: shareOf(row.requests, ofAll) }))
  const without = rows.find(({ host }) => host === '')
  return { requests: rows[0]?.ofAll ?? 0, withoutReferrer: without?.requests ?? 0, items }
}
