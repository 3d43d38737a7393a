import type { ListEntry } from '../ranking/list.ts'
import type { SoFar } from '../so-far/so-far.ts'
import { lastRankedDay, rankedPlaces, ranksOf } from './alexa.ts'
import type { Ask } from './ask.ts'
import { type Crawler, crawlersOf } from './crawlers.ts'
import { type LinkingSite, linkingSitesOf } from './linking-sites.ts'
import { csvOfList, entriesOfList, listOf, listsOf, type StableList } from './lists.ts'
import {
  type Among,
  type PublishedRank,
  publishedRankings,
  type SiteRanks,
  siteRanksOf,
} from './published-rankings.ts'
import { type Place, placesOf, type Ranking, rankings, type Selection } from './rankings.ts'
import { type FoundSite, search } from './search.ts'
import { type CountryShare, countriesOf } from './site-countries.ts'
import {
  type Devices,
  detailsOf,
  devicesOf,
  type PageSpeed,
  pagesOf,
  type Referrers,
  referrersOf,
  type SiteDetails,
  type SitePage,
  speedOf,
} from './site-reports.ts'
import { type ContributingHost, mainHostIn, type Seen, type SiteHost, siteTraffic } from './site-traffic.ts'
import { type DayOfTraffic, trafficOf } from './traffic.ts'
import { type DayOfVisits, visitsOf } from './visits.ts'
import {
  DAY_MS,
  type Day,
  dayOf,
  spanEnding,
  WINDOW_NAMES,
  type Window,
  type WindowName,
  windowAt,
} from './window.ts'

/** All that is told of one site. */
export interface SiteFigures extends Seen {
  site: string
  /** One for each of `WINDOW_NAMES`, in their order. */
  places: Place[]
  /** Of the last 30 days, the last of which is `today`: so far. */
  traffic: DayOfTraffic[]
  today: DayOfTraffic
  hosts: SiteHost[]
}

/** A country in which sites have ranks. */
export interface RankedCountry {
  /** ISO 3166-1 alpha-2. */
  country: string
  /** How many sites have a rank there. */
  sites: number
}

/** What the API and the pages know, as of now. Every method throws `QueryFailed`. */
export interface Figures {
  /** The day that isn't over. */
  today(): Day
  window(name: WindowName): Window
  /** The newest ranking of a window that ends with the newest day. */
  rankings(window: Window, of: Selection): Promise<Ranking>
  /** The ranking of a window that ended with a day, as it was worked out when the day was over. */
  published(
    of: { window: WindowName; day: Day; limit: number; offset?: number },
    among: Among,
  ): Promise<PublishedRank[]>
  /** A site's places in the windows that ended with each of the last `days` days, until yesterday, and by country. */
  siteRanks(site: string, window: WindowName, days: number): Promise<SiteRanks>
  /** The last day that has rankings worked out, or `undefined`. */
  lastRankedDay(): Promise<Day | undefined>
  /** Sites' ranks in the window that ended with a day, in a country or among all; who has none is left out. */
  ranksOn(sites: readonly string[], of: RanksOn): Promise<Map<string, number>>
  /** Countries in which sites have ranks in the window that ended with a day, most sites first. */
  countries(window: WindowName, day: Day): Promise<RankedCountry[]>
  /** Fronted sites from which people came to a site in the last 28 days, most visits first. */
  linkingSites(site: string): Promise<LinkingSite[]>
  /** The last stable lists, newest first. */
  lists(limit: number, offset?: number): Promise<StableList[]>
  /** `undefined` when no list has the id. */
  list(id: string): Promise<StableList | undefined>
  /** A list's first `limit` sites. */
  entriesOfList(list: StableList, limit: number): Promise<ListEntry[]>
  /** A list's sites, `rank,domain` a line. */
  csvOfList(list: StableList): Promise<string>
  /** Sites with a text in their name, the best first. */
  search(text: string, limit: number): Promise<FoundSite[]>
  /** Whether the log has a record of the site. */
  knows(site: string): Promise<boolean>
  /** `undefined` when the log has no record of the site. */
  site(site: string): Promise<SiteFigures | undefined>
  /** The last `days` days, today so far included, for each site. */
  traffic(sites: readonly string[], days: number): Promise<Map<string, DayOfTraffic[]>>
  /** The same of one site's visits. */
  visits(site: string, days: number): Promise<DayOfVisits[]>
  /** What each host name brought to a site, most page views first. */
  contributingHosts(site: string, window: Window): Promise<ContributingHost[]>
  /** A site's pages, most page views first. */
  pages(site: string, window: Window, of: { limit: number; offset: number }): Promise<SitePage[]>
  /** Whence people came to a site. */
  referrers(site: string, window: Window, limit: number): Promise<Referrers>
  /** With what people opened a site's pages. */
  devices(site: string, window: Window): Promise<Devices>
  /** How long people waited for a site's pages; `undefined` when nobody opened one. */
  speed(site: string, window: Window): Promise<PageSpeed | undefined>
  /** Where a site's people were, most page views first. */
  siteCountries(site: string, window: Window): Promise<CountryShare[]>
  /** All of these at once, the first pages and referrers of them. */
  details(site: string, window: Window, first: { pages: number; referrers: number }): Promise<SiteDetails>
  /** Known crawlers that came to a site, most requests first. */
  crawlers(site: string, window: Window): Promise<Crawler[]>
  /** The host to show for the site. */
  mainHost(site: string): Promise<string>
}

/** Which published ranking. */
export interface RanksOn {
  window: WindowName
  day: Day
  country?: string | undefined
}

export interface FiguresOptions {
  /** Unix ms. */
  now(): number
  /** Whether the windows end with today so far. */
  includeToday: boolean
  soFar: SoFar
}

export function createFigures(ask: Ask, { now, includeToday, soFar }: FiguresOptions): Figures {
  const window = (name: WindowName) => windowAt(name, { nowMs: now(), includeToday })
  const traffic = (sites: readonly string[], days: number) => trafficOf(ask, sites, spanEnding(now(), days))
  const siteOf = (site: string, within = window('28d')) =>
    siteTraffic(ask, site, { today: dayOf(now()), window: within })

  return {
    today: () => dayOf(now()),
    window,
    traffic,
    visits: (site, days) => visitsOf(ask, soFar, site, spanEnding(now(), days)),
    rankings: (within, of) => rankings(ask, soFar, within, of),
    published: (of, among) => publishedRankings(ask, of, among),
    siteRanks: (site, name, days) => siteRanksOf(ask, site, name, spanEnding(now() - DAY_MS, days)),
    lastRankedDay: () => lastRankedDay(ask),
    ranksOn: (sites, { country = '', ...of }) => ranksOf(ask, sites, { ...of, scope: country }),
    countries: async (name, day) => countriesOfPlaces(await rankedPlaces(ask, name, day)),
    linkingSites: (site) => linkingSitesOf(ask, site, now()),
    entriesOfList: (list, limit) => entriesOfList(ask, list, limit),
    lists: (limit, offset) => listsOf(ask, limit, offset),
    list: (id) => listOf(ask, id),
    csvOfList: (list) => csvOfList(ask, list),
    contributingHosts: async (site, within) => (await siteOf(site, within))?.contributing ?? [],
    pages: (site, within, of) => pagesOf(ask, site, within, of),
    referrers: (site, within, limit) => referrersOf(ask, site, within, limit),
    devices: (site, within) => devicesOf(ask, site, within),
    speed: (site, within) => speedOf(ask, site, within),
    siteCountries: (site, within) => countriesOf(ask, within, site),
    details: (site, within, first) => detailsOf(ask, site, within, first),
    crawlers: (site, within) => crawlersOf(ask, site, within),
    mainHost: async (site) => mainHostIn(site, await siteOf(site)),
    search: (text, limit) => search(ask, text, { today: dayOf(now()), limit }),
    knows: async (site) => (await siteOf(site)) !== undefined,
    async site(site) {
      const found = await siteOf(site)
      if (found === undefined) return undefined
      const { firstSeen, lastSeen, days, hosts } = found
      const today = days.at(-1)
      if (today === undefined) throw new Error('a span of days has a last one')
      const places = await placesOf(ask, soFar, WINDOW_NAMES.map(window), site)
      return { site, firstSeen, lastSeen, places, traffic: days, today, hosts }
    },
  }
}

/** The countries among the places that have rankings: everybody and categories are none. */
function countriesOfPlaces(places: ReadonlyMap<string, number>): RankedCountry[] {
  return [...places]
    .flatMap(([country, sites]) => (/^[A-Z]{2}$/.test(country) ? [{ country, sites }] : []))
    .sort((one, other) => other.sites - one.sites || one.country.localeCompare(other.country))
}
