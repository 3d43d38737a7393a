import type { Figures } from '../queries/figures.ts'
import { siteName } from '../queries/site-name.ts'
import { type DayOfTraffic, SITES_MAX } from '../queries/traffic.ts'
import { DAY_MS, type Day, daysOf, spanEnding, WINDOW_NAMES, type WindowName } from '../queries/window.ts'

/** Window of the ranks that are drawn. */
const DRAWN_WINDOW: WindowName = '7d'

export const MEASURES = ['visitors', 'pageViews', 'rank'] as const
export type Measure = (typeof MEASURES)[number]

/** How many days are compared. */
export const LENGTHS = ['30', '91'] as const

/** What is compared, as the address says it. */
export interface ToCompare {
  sites: readonly string[]
  measure: Measure
  days: number
}

/** What somebody typed as sites: those that can be, and those that can't. */
export interface TypedSites {
  sites: string[]
  /** What is no host name. */
  refused: string[]
  /** How many more than `SITES_MAX` there were. */
  tooMany: number
}

/** One site of a comparison. */
export interface Compared {
  site: string
  /** One for each day, oldest first; `null` where it has none. */
  values: readonly (number | null)[]
  visitors: number
  pageViews: number
  /** By window, as of the last day that is worked out; who has no rank isn't there. */
  ranks: ReadonlyMap<WindowName, number>
  /** Whether the log has anything of it in these days. */
  known: boolean
}

/** All that the page shows. */
export interface Comparison extends ToCompare {
  dates: readonly Day[]
  compared: readonly Compared[]
  rankedDay: Day | undefined
}

/** Reads names that are separated by commas or white space. */
export function typedSites(text: string): TypedSites {
  const words = [...new Set(text.split(/[\s,]+/).filter((word) => word !== ''))]
  const read = words.map((word) => ({ word, name: siteName.safeParse(word).data }))
  const sites = [...new Set(read.flatMap(({ name }) => name ?? []))]
  return {
    sites: sites.slice(0, SITES_MAX),
    refused: read
      .flatMap(({ word, name }) => (name === undefined ? [word.slice(0, 60)] : []))
      .slice(0, SITES_MAX),
    tooMany: Math.max(0, sites.length - SITES_MAX),
  }
}

/** The figures of each site, in the order in which they were asked for. */
export async function comparisonOf(
  figures: Figures,
  { sites, measure, days }: ToCompare,
): Promise<Comparison> {
  const [traffic, rankedDay] = await Promise.all([figures.traffic(sites, days), figures.lastRankedDay()])
  const todayMs = Date.parse(figures.today())
  // Today has no rank yet: a line of ranks ends with yesterday.
  const dates = daysOf(spanEnding(measure === 'rank' ? todayMs - DAY_MS : todayMs, days))
  const [ranks, lines] = await Promise.all([
    ranksOf(figures, sites, rankedDay),
    Promise.all(
      sites.map((site) => lineOf(figures, { site, measure, dates, traffic: traffic.get(site) ?? [] })),
    ),
  ])
  const compared = sites.map((site, index) => {
    const ofSite = traffic.get(site) ?? []
    return {
      site,
      values: lines[index] ?? [],
      visitors: sum(ofSite, 'visitors'),
      pageViews: sum(ofSite, 'pageViews'),
      ranks: new Map(WINDOW_NAMES.flatMap((name) => entryOf(name, ranks.get(name)?.get(site)))),
      known: sum(ofSite, 'requests') > 0,
    }
  })
  const from = measure === 'rank' ? firstWithValue(compared) : 0
  return {
    sites,
    measure,
    days,
    dates: dates.slice(from),
    compared: compared.map((one) => ({ ...one, values: one.values.slice(from) })),
    rankedDay,
  }
}

/** Before it none of them had a rank. */
function firstWithValue(compared: readonly Compared[]): number {
  const firsts = compared.map(({ values }) => values.findIndex((value) => value !== null))
  const found = firsts.filter((first) => first >= 0)
  return found.length === 0 ? 0 : Math.min(...found)
}

async function ranksOf(figures: Figures, sites: readonly string[], day: Day | undefined) {
  if (day === undefined) return new Map<WindowName, Map<string, number>>()
  const found = WINDOW_NAMES.map(
    async (window) => [window, await figures.ranksOn(sites, { window, day })] as const,
  )
  return new Map(await Promise.all(found))
}

async function lineOf(
  figures: Figures,
  of: { site: string; measure: Measure; dates: readonly Day[]; traffic: readonly DayOfTraffic[] },
): Promise<(number | null)[]> {
  const { site, measure, dates, traffic } = of
  if (measure !== 'rank') return traffic.map((day) => day[measure])
  const { history } = await figures.siteRanks(site, DRAWN_WINDOW, dates.length)
  const byDate = new Map(history.map(({ date, rank }) => [date, rank]))
  return dates.map((date) => byDate.get(date) ?? null)
}

function entryOf(name: WindowName, rank: number | undefined): [WindowName, number][] {
  return rank === undefined ? [] : [[name, rank]]
}

function sum(days: readonly DayOfTraffic[], figure: 'visitors' | 'pageViews' | 'requests'): number {
  return days.reduce((total, day) => total + day[figure], 0)
}
