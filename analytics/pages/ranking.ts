import type { Figures, RankedCountry } from '../queries/figures.ts'
import type { DayOfTraffic } from '../queries/traffic.ts'
import {
  DAY_MS,
  type Day,
  dayOf,
  spanEnding,
  WINDOW_DAYS,
  type Window,
  type WindowName,
} from '../queries/window.ts'

/** Sites on a page; the API gives more, a list has all. */
const SITES_MAX = 50

/** Days in the small drawing beside a site. */
const DRAWN_DAYS = 30

/** Which ranking a page is about, as its address says. */
export interface Asked {
  window: WindowName
  /** Last day of the window, one that is over; up to now when left out. */
  day?: Day | undefined
  /** ISO 3166-1 alpha-2: by people there only. */
  country?: string | undefined
}

/** One line of a ranking. */
export interface RankingRow {
  rank: number
  bucket: number | null
  site: string
  reach: number
  pageViews: number
  /** Places gained since the window before; `null` when it had no rank then, `undefined` when nobody had. */
  change: number | null | undefined
}

/** All that a page of top sites shows. */
export interface Ranking {
  asked: Asked
  window: Window
  /** Whether the last day of the window is still going on. */
  soFar: boolean
  rows: readonly RankingRow[]
  /** Of each site, the last 30 days. */
  traffic: ReadonlyMap<string, readonly DayOfTraffic[]>
  /** Ranks among all, for the ranking of a country. */
  everywhere: ReadonlyMap<string, number>
  /** Last day that is worked out; `undefined` when none is yet. */
  lastDay: Day | undefined
  /** Where else there is a ranking, most sites first. */
  countries: readonly RankedCountry[]
}

/** The ranking that is asked for, with what stands around it. */
export async function rankingOf(figures: Figures, asked: Asked): Promise<Ranking> {
  const window = windowOf(figures, asked)
  const [rows, lastDay] = await Promise.all([rowsOf(figures, asked, window), figures.lastRankedDay()])
  const sites = rows.map(({ site }) => site)
  const worked = { window: asked.window, day: asked.day ?? lastDay ?? window.to }
  const [traffic, everywhere, countries] = await Promise.all([
    figures.traffic(sites, DRAWN_DAYS),
    asked.country === undefined ? new Map<string, number>() : figures.ranksOn(sites, worked),
    figures.countries(worked.window, worked.day),
  ])
  const soFar = window.to === figures.today()
  return { asked, window, soFar, rows, traffic, everywhere, lastDay, countries }
}

/** The page's address. */
export function addressOf({ window, day, country }: Asked): string {
  const path = country === undefined ? '/' : `/countries/${country}`
  const query = new URLSearchParams({ window, ...(day !== undefined && { day }) })
  return `${path}?${query}`
}

function windowOf(figures: Figures, { window, day }: Asked): Window {
  if (day === undefined) return figures.window(window)
  return { window, ...spanEnding(Date.parse(day), WINDOW_DAYS[window]) }
}

async function rowsOf(figures: Figures, asked: Asked, span: Window): Promise<readonly RankingRow[]> {
  const { window, day, country } = asked
  if (day !== undefined) return figures.published({ window, day, limit: SITES_MAX }, { country })
  const { items: rows } = await figures.rankings(span, { limit: SITES_MAX, country })
  const before = dayOf(Date.parse(span.from) - DAY_MS)
  const sites = rows.map(({ site }) => site)
  const then = await figures.ranksOn(sites, { window, day: before, country })
  return rows.map((row) => ({ ...row, change: then.size === 0 ? undefined : changeSince(then, row) }))
}

function changeSince(then: ReadonlyMap<string, number>, { site, rank }: { site: string; rank: number }) {
  const earlier = then.get(site)
  return earlier === undefined ? null : earlier - rank
}
