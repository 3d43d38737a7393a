import { getDomain } from 'tldts'
import type { FrontPages, LookedAt } from '../front-page/front-pages.ts'
import {
  type CountryRank,
  countryRanksOf,
  type DayOfHistory,
  lastRankedDay,
  rankedPlaces,
  ranksOf,
  trafficHistoryOf,
  type UsageThenAndNow,
  usageOf,
} from '../queries/alexa.ts'
import type { Ask } from '../queries/ask.ts'
import { type LinkingSite, linkingSitesOf } from '../queries/linking-sites.ts'
import { type PublishedRank, publishedRankings } from '../queries/published-rankings.ts'
import { siteName } from '../queries/site-name.ts'
import { type ContributingHost, mainHostIn, type Seen, siteTraffic } from '../queries/site-traffic.ts'
import { dayOf, spanEnding, WINDOW_DAYS, type WindowName } from '../queries/window.ts'
import { AlexaFailure } from './failure.ts'

/** Alexa's rank was that of three months. */
export const RANK_WINDOW: WindowName = '91d'

/** What Alexa's answers are made of: the rankings of days that are over. Every method throws `QueryFailed`. */
export interface Catalogue {
  /** Names of configured categories, e.g. `News` or `Computers/Software`. */
  readonly categories: readonly string[]
  /** The site that a URL or a host name belongs to. @throws AlexaFailure for what is neither */
  siteAt(url: string): Promise<string>
  seen(site: string): Promise<Seen | undefined>
  /** What its front page says; `undefined` for a site that isn't known. */
  frontPage(site: string): Promise<LookedAt | undefined>
  usage(site: string, window: WindowName): Promise<UsageThenAndNow>
  countryRanks(site: string): Promise<CountryRank[]>
  hosts(site: string): Promise<ContributingHost[]>
  linking(site: string): Promise<LinkingSite[]>
  /** Day by day, from a day on. */
  history(site: string, of: { startMs: number; days: number }): Promise<DayOfHistory[]>
  /** The first `limit` sites: of all, of a country, or of a category. */
  top(limit: number, among: { country?: string; category?: string }): Promise<PublishedRank[]>
  /** Sites' ranks among all, or in a category. */
  ranks(sites: readonly string[], category?: string): Promise<Map<string, number>>
  /** How many sites have a rank, by scope: '' for all, a country's code, `category:NAME`. */
  places(): Promise<Map<string, number>>
  readonly nowMs: number
}

/** @param of `now` in Unix ms */
export function catalogueOf(
  ask: Ask,
  { categories, frontPages, now }: { categories: readonly string[]; frontPages: FrontPages; now(): number },
): Catalogue {
  const window = RANK_WINDOW
  const last = () => lastRankedDay(ask)
  const trafficOf = (site: string) =>
    siteTraffic(ask, site, { today: dayOf(now()), window: spanEnding(now(), WINDOW_DAYS['28d']) })
  return {
    categories,
    get nowMs() {
      return now()
    },
    async siteAt(url) {
      const host = hostIn(url)
      const domain = getDomain(host, { allowPrivateDomains: true }) ?? host
      return host !== domain && (await trafficOf(host)) !== undefined ? host : domain
    },
    seen: trafficOf,
    async frontPage(site) {
      const traffic = await trafficOf(site)
      return traffic && frontPages.of(site, async () => mainHostIn(site, traffic))
    },
    async usage(site, of) {
      const day = await last()
      return day === undefined
        ? { window: of, now: undefined, before: undefined }
        : usageOf(ask, site, of, day)
    },
    countryRanks: (site) => countryRanksOf(ask, site, window),
    hosts: async (site) => (await trafficOf(site))?.contributing ?? [],
    linking: (site) => linkingSitesOf(ask, site, now()),
    history: (site, { startMs, days }) =>
      trafficHistoryOf(ask, site, spanEnding(startMs + (days - 1) * 86_400_000, days)),
    async top(limit, among) {
      const day = await last()
      return day === undefined ? [] : publishedRankings(ask, { window, day, limit }, among)
    },
    async ranks(sites, category) {
      const day = await last()
      const scope = category === undefined ? '' : `category:${category}`
      return day === undefined ? new Map() : ranksOf(ask, sites, { window, day, scope })
    },
    async places() {
      return rankedPlaces(ask, window, (await last()) ?? dayOf(now()))
    },
  }
}

function hostIn(url: string): string {
  const host = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)/i.exec(url.trim())?.[1] ?? ''
  const read = siteName.safeParse(host)
  if (read.success) return read.data
  throw new AlexaFailure(
    'InvalidParameterValue',
    'Url has no host name. Give a site as example.com, or a URL.',
  )
}
