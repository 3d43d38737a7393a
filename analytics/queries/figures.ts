import type { Formula } from '../ranking/formula.ts'
import type { Ask } from './ask.ts'
import { csvOfList, listOf, listsOf, type StableList } from './lists.ts'
import {
  type Among,
  type PastRank,
  type PublishedRank,
  publishedRankings,
  rankHistory,
} from './published-rankings.ts'
import { type RankedSite, rankings, rankOf } from './rankings.ts'
import {
  type ContributingHost,
  type CountryShare,
  contributingHostsOf,
  countriesOf,
  hostsOf,
  mainHostOf,
  type Seen,
  type SiteHost,
  seenOf,
} from './site.ts'
import { type DayOfTraffic, trafficOf } from './traffic.ts'
import {
  DAY_MS,
  type Day,
  spanEnding,
  WINDOW_NAMES,
  type Window,
  type WindowName,
  windowAt,
} from './window.ts'

/** A site's place in one window; `undefined` when it has none. */
export interface Place {
  window: Window
  ranked: RankedSite | undefined
}

/** All that is told of one site. */
export interface SiteFigures extends Seen {
  site: string
  /** One for each of `WINDOW_NAMES`, in their order. */
  places: Place[]
  today: DayOfTraffic
  hosts: SiteHost[]
  /** The days that `countries` is about. */
  countriesWindow: Window
  countries: CountryShare[]
}

/** What the API and the pages know, as of now. Every method throws `QueryFailed`. */
export interface Figures {
  window(name: WindowName): Window
  rankings(window: Window, of: { limit: number; country?: string | undefined }): Promise<RankedSite[]>
  /** The ranking of a window that ended with a day, as it was worked out when the day was over. */
  published(of: { window: WindowName; day: Day; limit: number }, among: Among): Promise<PublishedRank[]>
  /** A site's places in the windows that ended with each of the last `days` days, until yesterday. */
  history(site: string, window: WindowName, days: number): Promise<PastRank[]>
  /** The last stable lists, newest first. */
  lists(limit: number): Promise<StableList[]>
  /** `undefined` when no list has the id. */
  list(id: string): Promise<StableList | undefined>
  /** A list's sites, `rank,domain` a line. */
  csvOfList(list: StableList): Promise<string>
  /** `undefined` when the log has no record of the site. */
  site(site: string): Promise<SiteFigures | undefined>
  /** The last `days` days, today so far included, for each site. */
  traffic(sites: readonly string[], days: number): Promise<Map<string, DayOfTraffic[]>>
  /** What each host name brought to a site, most page views first. */
  contributingHosts(site: string, window: Window): Promise<ContributingHost[]>
  /** The host to show for the site. */
  mainHost(site: string): Promise<string>
}

export interface FiguresOptions {
  /** Unix ms. */
  now(): number
  /** Whether the windows end with today so far. */
  includeToday: boolean
  /** By which sites are ranked. */
  formula: Formula
}

export function createFigures(ask: Ask, { now, includeToday, formula }: FiguresOptions): Figures {
  const window = (name: WindowName) => windowAt(name, { nowMs: now(), includeToday })
  const placeOf = async (within: Window, site: string): Promise<Place> => ({
    window: within,
    ranked: await rankOf(ask, formula, within, site),
  })
  const traffic = (sites: readonly string[], days: number) => trafficOf(ask, sites, spanEnding(now(), days))

  return {
    window,
    traffic,
    rankings: (within, of) => rankings(ask, formula, within, of),
    published: (of, among) => publishedRankings(ask, of, among),
    history: (site, name, days) => rankHistory(ask, site, name, spanEnding(now() - DAY_MS, days)),
    lists: (limit) => listsOf(ask, limit),
    list: (id) => listOf(ask, id),
    csvOfList: (list) => csvOfList(ask, list),
    contributingHosts: (site, within) => contributingHostsOf(ask, within, site),
    mainHost: (site) => mainHostOf(ask, site),
    async site(site) {
      const seen = await seenOf(ask, site)
      if (seen === undefined) return undefined
      const countriesWindow = window('7d')
      const [places, lastDay, hosts, countries] = await Promise.all([
        Promise.all(WINDOW_NAMES.map(async (name) => placeOf(window(name), site))),
        traffic([site], 1),
        hostsOf(ask, site),
        countriesOf(ask, countriesWindow, site),
      ])
      const [today] = lastDay.get(site) ?? []
      if (today === undefined) throw new Error('a span of one day has one day')
      return { site, ...seen, places, today, hosts, countriesWindow, countries }
    },
  }
}
