import { z } from 'zod'
import type { Ask } from './ask.ts'
import { daysTold, freshDays } from './fresh-days.ts'
import { isHostName } from './site-name.ts'
import type { Day, Window } from './window.ts'

/** Most hosts and countries told of one site. */
const HOSTS_MAX = 20
const COUNTRIES_MAX = 10

/** Of all days that ClickHouse's `Date` can be. */
const FIRST_DAY = '1970-01-01'

const seen = z.object({ firstSeen: z.string(), lastSeen: z.string() })

/** When a site was first and last asked for, as `2026-07-25T12:00:00Z`. */
export type Seen = z.infer<typeof seen>

const host = z.object({ host: z.string(), pageViews: z.number(), requests: z.number() })

/** One of a site's host names; defined in site-hosts.sql. */
export type SiteHost = z.infer<typeof host>

const countryShare = z.object({
  /** ISO 3166-1 alpha-2; `null` when unknown. */
  country: z
    .string()
    .transform((code) => (code === '' ? null : code))
    .nullable(),
  visitors: z.number(),
  pageViews: z.number(),
  share: z.number(),
})

/** One country's part in a site's page views; defined in site-countries.sql. */
export type CountryShare = z.infer<typeof countryShare>

/** When the site was seen, or `undefined` when it never was. */
export async function seenOf(ask: Ask, site: string, today: Day): Promise<Seen | undefined> {
  const [first] = await ask('site-hosts', seen, await ever(ask, site, today))
  return first
}

/** The site's hosts, the one with most page views first; what can't be a host name is left out. */
export async function hostsOf(ask: Ask, site: string, today: Day): Promise<SiteHost[]> {
  const hosts = await ask('site-hosts', host, await ever(ask, site, today))
  return hosts.filter((one) => isHostName(one.host))
}

/** A site in all days that there are figures of, and in those that have none yet. */
async function ever(ask: Ask, site: string, today: Day) {
  return { site, from: FIRST_DAY, to: today, fresh: await freshDays(ask, today), limit: HOSTS_MAX }
}

const contributingHost = z.object({
  host: z.string(),
  reachShare: z.number(),
  pageViewsShare: z.number(),
  pageViewsPerVisitor: z.number(),
})

/** What one host name brings to its site; defined in contributing-hosts.sql. */
export type ContributingHost = z.infer<typeof contributingHost>

/** What each of the site's hosts brought in a window, most page views first. */
export async function contributingHostsOf(
  ask: Ask,
  { from, to }: Window,
  site: string,
): Promise<ContributingHost[]> {
  const told = await daysTold(ask, { from, to })
  const hosts = await ask('contributing-hosts', contributingHost, {
    site,
    from,
    to,
    ...told,
    limit: HOSTS_MAX,
  })
  return hosts.filter((one) => isHostName(one.host))
}

/** Where the site's page views came from, most first. */
export async function countriesOf(ask: Ask, { from, to }: Window, site: string): Promise<CountryShare[]> {
  const told = await daysTold(ask, { from, to })
  return ask('site-countries', countryShare, { site, from, to, ...told, limit: COUNTRIES_MAX })
}

/** The host to show for a site: the one with most page views, else the one with the site's own name. */
export async function mainHostOf(ask: Ask, site: string, today: Day): Promise<string> {
  const [first] = await hostsOf(ask, site, today)
  return first !== undefined && first.pageViews > 0 ? first.host : site
}
