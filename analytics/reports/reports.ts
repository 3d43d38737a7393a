import { z } from 'zod'
import type { Ask } from '../queries/ask.ts'
import { type Day, type Span, spanEnding } from '../queries/window.ts'
import { GRANULARITIES, HOURLY_DAYS_MAX, type Reported } from './period.ts'
import { type PopularObject, popularObjects, type Referrer, topReferrers } from './top.ts'
import { distributionTraffic, type PeriodTraffic, type Traffic } from './traffic.ts'
import { type Trend, trendOf } from './trend.ts'
import { type Viewers, viewersOf } from './viewers.ts'

const count = z.number().min(0)
const distributionRow = z.object({ id: z.string(), requests: count, bytes: count, lastHour: z.string() })

/** A distribution, and what it answered within a span. `lastHour` is the last (UTC) in which it did. */
export type ReportedDistribution = Omit<z.infer<typeof distributionRow>, 'lastHour'> & {
  lastHour: string | null
}

/** CloudFront's reports on a distribution, as of now. Every method throws `QueryFailed`. */
export interface Reports {
  /** The `days` days that end with one. */
  daysUntil(to: Day, days: number): Span
  /** Those that are fronted or that the span has requests of, most requests first. */
  distributions(span: Span): Promise<ReportedDistribution[]>
  /** Whether it is fronted, or the log has anything of it. */
  knows(distribution: string): Promise<boolean>
  /** In all, and by periods of `seconds`, which are whole hours; none that is still to come. */
  traffic(of: Reported, seconds: number): Promise<{ total: Traffic; periods: PeriodTraffic[] }>
  /** The `days` days until now, beside as many before them. */
  trend(distribution: string, days: number): Promise<Trend>
  popularObjects(of: Reported, limit: number): Promise<PopularObject[]>
  topReferrers(
    of: Reported,
    limit: number,
  ): Promise<{ requests: number; withoutReferrer: number; items: Referrer[] }>
  viewers(of: Reported): Promise<Viewers>
  /** Today, UTC. */
  today(): Day
}

/** What reports need to know. */
export interface ReportsOptions {
  /** Ids of the distributions that are fronted now. */
  fronted: readonly string[]
  /** Unix ms. */
  now(): number
}

export function createReports(ask: Ask, { fronted, now }: ReportsOptions): Reports {
  return {
    daysUntil: (to, days) => spanEnding(Date.parse(to), days),
    today: () => spanEnding(now(), 1).to,
    async distributions({ from, to }) {
      const seen: ReportedDistribution[] = await ask('../reports/distributions', distributionRow, {
        from,
        to,
      })
      const quiet = fronted.filter((id) => seen.every((one) => one.id !== id))
      return [...seen, ...quiet.map((id) => ({ id, requests: 0, bytes: 0, lastHour: null }))]
    },
    async knows(distribution) {
      if (fronted.includes(distribution)) return true
      const rows = await ask('../reports/distribution-seen', z.object({ seen: count }), { distribution })
      return rows.length > 0
    },
    traffic: (of, seconds) => distributionTraffic(ask, of, { seconds, nowMs: now() }),
    async trend(distribution, days) {
      const seconds = days <= HOURLY_DAYS_MAX ? GRANULARITIES.hour : GRANULARITIES.day
      const of = { distribution, ...spanEnding(now(), 2 * days) }
      const { periods } = await distributionTraffic(ask, of, { seconds, nowMs: now() })
      return trendOf(periods, (days * GRANULARITIES.day) / seconds)
    },
    popularObjects: (of, limit) => popularObjects(ask, of, limit),
    topReferrers: (of, limit) => topReferrers(ask, of, limit),
    viewers: (of) => viewersOf(ask, of),
  }
}
