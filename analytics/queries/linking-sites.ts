import { z } from 'zod'
import type { Ask } from './ask.ts'
import { daysTold } from './fresh-days.ts'
import { spanEnding, WINDOW_DAYS } from './window.ts'

/** Referring hosts that are looked up; beyond them there is next to nothing. */
const HOSTS_MAX = 5_000

/** Most sites that are told. */
const SITES_MAX = 1_000

const referringHost = z.object({ host: z.string(), page: z.string(), visits: z.int() })

const siteOfHost = z.object({ host: z.string(), site: z.string() })

/** A fronted site with a page from which people came. */
export interface LinkingSite {
  site: string
  /** One of those pages, as the browser named it: many name no more than the host. */
  page: string
  visits: number
}

/**
 * Whence people came to a site in the last 28 days, today included; most visits first. Links that nobody follows are not
 * seen, nor those of sites that this CDN doesn't front, or whose pages nobody opened meanwhile.
 *
 * @param nowMs Unix ms
 */
export async function linkingSitesOf(ask: Ask, site: string, nowMs: number): Promise<LinkingSite[]> {
  const span = spanEnding(nowMs, WINDOW_DAYS['28d'])
  const asked = { site, ...span, ...(await daysTold(ask, span)), limit: HOSTS_MAX }
  const referring = await ask('referring-hosts', referringHost, asked)
  if (referring.length === 0) return []
  const hosts = referring.map(({ host }) => host)
  const known = await ask('sites-of-hosts', siteOfHost, { ...span, hosts })
  const siteOf = new Map(known.map((one) => [one.host, one.site]))
  const bySite = new Map<string, LinkingSite>()
  for (const { host, page, visits } of referring) {
    const from = siteOf.get(host)
    if (from === undefined || from === site) continue
    const before = bySite.get(from)
    // Most visits come first: the page is of the host that brought most.
    bySite.set(from, { site: from, page: before?.page ?? page, visits: visits + (before?.visits ?? 0) })
  }
  return [...bySite.values()]
    .sort((one, other) => other.visits - one.visits || (one.site < other.site ? -1 : 1))
    .slice(0, SITES_MAX)
}
