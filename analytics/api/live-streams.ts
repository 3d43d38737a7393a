import { Readable } from 'node:stream'
import { type Arrived, sum, type Traffic } from '../queries/live.ts'

/** Bytes that wait for a follower; more than that, and what comes is added up until they are read. */
const WAITING_BYTES_MAX = 4_096

/** How soon a browser that was cut off comes back, ms. */
const RETRY_MS = 5_000

/** How many sites an event names. */
const SITES_MAX = 10

const NOTHING: Traffic = { requests: 0, pageViews: 0, bytes: 0 }

/** Somebody who follows live traffic: of all sites, or of one. */
export interface Follower {
  site: string | undefined
  /** Server-sent events, for the response. */
  stream: Readable
  /** Since when nothing was read, Unix ms; `undefined` while there is. */
  readonly stalledSinceMs: number | undefined
  tell(arrived: Arrived): void
  /** Shows that the connection lives. */
  beat(): void
  /** Says goodbye. */
  end(): void
}

/**
 * A stream of server-sent events (HTML standard, §9.2) that never holds more than a few: who reads slowly gets
 * fewer, each of a longer time, and nothing is left out of their sums.
 *
 * @param now Unix ms
 */
export function createFollower(site: string | undefined, now: () => number): Follower {
  let stalledSinceMs: number | undefined
  let untold: { traffic: Traffic; seconds: number } | undefined
  const stream = new Readable({
    highWaterMark: WAITING_BYTES_MAX,
    read() {
      stalledSinceMs = undefined
    },
  })
  const send = (text: string) => {
    if (!stream.push(text)) stalledSinceMs ??= now()
  }
  send(`retry: ${RETRY_MS}\n\n`)

  return {
    site,
    stream,
    get stalledSinceMs() {
      return stalledSinceMs
    },
    tell({ atMs, seconds, bySite }) {
      const traffic = sum(untold?.traffic, bySite.get(site ?? '') ?? NOTHING)
      const all = { traffic, seconds: seconds + (untold?.seconds ?? 0) }
      if (stalledSinceMs !== undefined) {
        untold = all
        return
      }
      untold = undefined
      const sites = site === undefined ? { sites: busiest(bySite) } : { site }
      const data = { at: new Date(atMs).toISOString(), seconds: all.seconds, ...traffic, ...sites }
      send(`event: traffic\ndata: ${JSON.stringify(data)}\n\n`)
    },
    beat() {
      if (stalledSinceMs === undefined) send(': still here\n\n')
    },
    end() {
      stream.push('event: end\ndata: {}\n\n')
      stream.push(null)
    },
  }
}

function busiest(bySite: Arrived['bySite']): (Traffic & { site: string })[] {
  return [...bySite]
    .filter(([site]) => site !== '')
    .sort(([one, { requests }], [other, { requests: others }]) => others - requests || (one < other ? -1 : 1))
    .slice(0, SITES_MAX)
    .map(([site, traffic]) => ({ site, ...traffic }))
}
