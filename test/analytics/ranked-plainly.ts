import type { RankingSettings } from '../../analytics/ranking/formula.ts'
import type { LogRow } from './access-log.ts'

/** A line of a ranking. */
export interface PlainRank {
  rank: number
  site: string
  /** 10⁶ × the sum of the daily scores that are kept. */
  score: number
  reach: number
  views: number
  bucket: number
}

/** What a site brought on one day. */
interface PlainDay {
  reach: number
  views: number
  networks: Set<string>
}

/** Visits of all who count on one site and day. */
export interface PlainVisits {
  visits: number
  bounces: number
  seconds: number
}

const dayOf = ({ time }: LogRow) => time.slice(0, 10)
const visitorOf = (row: LogRow) => `${dayOf(row)} ${row.visitor}`
const isView = (row: LogRow) => row.is_page_view && !row.is_bot

/**
 * The definitions of ranking/ranked-sites.sql and daily-figures.sql once more, step by step, from the
 * log's rows and without any SQL.
 *
 * @param country '' for everywhere
 */
export function rankedPlainly(
  rows: readonly LogRow[],
  settings: RankingSettings,
  { from, to, country }: { from: string; to: string; country: string },
): PlainRank[] {
  const inWindow = rows.filter((row) => dayOf(row) >= from && dayOf(row) <= to)
  const days = new Set(inWindow.map(dayOf)).size
  const views = viewsThatCount(inWindow, settings).filter((row) => country === '' || row.country === country)
  const sites = [...Map.groupBy(views, ({ site }) => site)].map(([site, ofSite]) => {
    const ofDays = [...Map.groupBy(ofSite, dayOf).values()].map((ofDay) => dailyFigures(ofDay, settings))
    const scores = ofDays.map(({ reach, views }) => Math.floor(Math.sqrt(reach * views) * 1_000_000))
    return {
      site,
      score: trimmedSum(scores, days),
      reach: sum(ofDays.map(({ reach }) => reach)),
      views: sum(ofDays.map(({ views }) => views)),
      networks: new Set(ofDays.flatMap(({ networks }) => [...networks])).size,
      isUncapped: ofDays.some(({ networks }) => settings.uncappedNetworks.some((one) => networks.has(one))),
    }
  })
  return placed(
    sites.filter(
      ({ score, networks, isUncapped }) => score > 0 && (networks >= settings.networksMin || isUncapped),
    ),
  )
}

/** Page views by people who are in no data centre and don't behave like programs. */
export function viewsThatCount(rows: readonly LogRow[], settings: RankingSettings): LogRow[] {
  const likePrograms = new Set<string>()
  const people = rows.filter((row) => !row.is_bot)
  for (const [visitor, theirs] of Map.groupBy(people, visitorOf)) {
    const views = theirs.filter((row) => row.is_page_view)
    const minutes = Map.groupBy(views, ({ time }) => time.slice(0, 16))
    const inOneMinute = Math.max(0, ...[...minutes.values()].map((ofMinute) => ofMinute.length))
    if (inOneMinute > settings.viewsPerMinuteMax) likePrograms.add(visitor)
    if (views.length > settings.bareViewsMax && views.length === theirs.length) likePrograms.add(visitor)
  }
  return rows.filter(
    (row) => isView(row) && !settings.dataCentreAsns.includes(row.asn) && !likePrograms.has(visitorOf(row)),
  )
}

/** A day of one site: its views by visitor, the visitors by network, the networks by ASN. */
function dailyFigures(views: readonly LogRow[], settings: RankingSettings): PlainDay {
  const visitors = [...Map.groupBy(views, ({ visitor }) => visitor).values()].map((theirs) => {
    const urls = new Set(theirs.map(({ host, path, query }) => JSON.stringify([host, path, query])))
    const { network, asn } = theirs[0] as LogRow
    return { network, asn, pages: Math.min(urls.size, settings.pagesPerVisitorMax) }
  })
  const networks = [...Map.groupBy(visitors, ({ network }) => network)].map(([network, theirs]) => ({
    network,
    asn: theirs[0]?.asn ?? 0,
    reach: theirs.length,
    views: sum(theirs.map(({ pages }) => pages)),
  }))
  const cappedNetworks = networks.map((one) =>
    settings.uncappedNetworks.includes(one.network)
      ? one
      : {
          ...one,
          ...capped(
            one,
            withoutCrowds(networks, one, settings),
            settings.networkShare,
            settings.networkFloor,
          ),
        },
  )
  const systems = [...Map.groupBy(cappedNetworks, ({ asn }) => asn)].map(([asn, theirs]) => ({
    asn,
    reach: sum(theirs.map(({ reach }) => reach)),
    views: sum(theirs.map(({ views }) => views)),
  }))
  const cappedSystems = systems.map((one) =>
    one.asn === 0 ? one : capped(one, systems, settings.asnShare, settings.asnFloor),
  )
  return {
    reach: sum(cappedSystems.map(({ reach }) => reach)),
    views: sum(cappedSystems.map(({ views }) => views)),
    networks: new Set(networks.map(({ network }) => network)),
  }
}

/** The networks as the limit of one of them sees the others: each with no more than always counts. */
function withoutCrowds<Network extends Brought & { network: string }>(
  networks: readonly Network[],
  of: Network,
  { networkFloor, uncappedNetworks }: RankingSettings,
): Brought[] {
  return networks.map((one) =>
    one === of || uncappedNetworks.includes(one.network)
      ? one
      : { ...one, reach: Math.min(one.reach, networkFloor) },
  )
}

interface Brought {
  reach: number
  views: number
}

/** At most a share of what all others bring, at least the floor; views in proportion. */
function capped(one: Brought, all: readonly Brought[], share: number, floor: number): Brought {
  const others = sum(all.map(({ reach }) => reach)) - one.reach
  const reach = Math.min(one.reach, Math.max(floor, Math.floor((others * Math.round(share * 1_000)) / 1_000)))
  return { reach, views: Math.floor((one.views * reach) / one.reach) }
}

/** Without one in seven of the days at each end; days without a score are 0. */
function trimmedSum(scores: readonly number[], days: number): number {
  const all = [...scores, ...Array<number>(days - scores.length).fill(0)].sort((a, b) => b - a)
  const trimmed = Math.floor(days / 7)
  return sum(all.slice(trimmed, days - trimmed))
}

function placed(sites: readonly Omit<PlainRank, 'rank' | 'bucket'>[]): PlainRank[] {
  return sites.map(({ site, score, reach, views }) => {
    const others = sites.map((other) => other.score)
    const rank = 1 + others.filter((other) => other > score).length
    const above = Math.min(...others.filter((other) => other > score))
    const below = Math.max(0, ...others.filter((other) => other < score))
    const error = score / Math.sqrt(reach)
    const isAlone = others.filter((other) => other === score).length === 1
    const isExact = isAlone && above - score > error && score - below > error
    return { rank, site, score, reach, views, bucket: isExact ? 0 : bucketOf(rank) }
  })
}

function bucketOf(rank: number): number {
  for (let power = 10; ; power *= 10) {
    for (const step of [power, 2 * power, 5 * power]) if (step >= rank) return step
  }
}

/** A visitor's views in time; a gap of 30 minutes begins another visit. */
export function visitsPlainly(views: readonly LogRow[]): PlainVisits {
  const visits = [...Map.groupBy(views, visitorOf).values()].flatMap((theirs) => {
    const times = theirs.map(({ time }) => Date.parse(`${time}Z`) / 1_000).sort((a, b) => a - b)
    const runs: number[][] = []
    for (const at of times) {
      const last = runs.at(-1)
      if (last !== undefined && at - (last.at(-1) ?? 0) < 1_800) last.push(at)
      else runs.push([at])
    }
    return runs
  })
  return {
    visits: visits.length,
    bounces: visits.filter((run) => run.length === 1).length,
    seconds: sum(visits.map((run) => (run.at(-1) ?? 0) - (run[0] ?? 0))),
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
