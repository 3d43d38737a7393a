import { z } from 'zod'
import type { Ask } from '../queries/ask.ts'
import { type Day, dayOf, daysOf, type Span } from '../queries/window.ts'
import { addUsed, type DistributionUsed, nothingUsed, type Used } from './items.ts'
import { daysOfMonth, type Month, monthOf } from './month.ts'
import { type PriceBook, pricesOf } from './price-book.ts'
import { REGION_OF, REGIONS, type Region } from './regions.ts'
import { type Statement, statementOf } from './statement.ts'

/** What a month brought, in short. */
export interface MonthInShort {
  month: Month
  requests: number
  bytesOut: number
}

/** What a day brought, in short. */
export type DayInShort = Omit<MonthInShort, 'month'> & { day: Day }

/** Hours that are asked for; of all distributions when none is named. */
export interface HoursAsked extends Span {
  distribution?: string | undefined
}

/** What a distribution used in an hour in a region; invalidations and renders have none. */
export interface HourUsed {
  /** When it began, as `2026-07-25T12:00:00Z`. */
  at: string
  distribution: string
  region: Region | undefined
  used: Used
}

const COUNTRIES_AND_REGIONS = { countries: [...REGION_OF.keys()], regions: [...REGION_OF.values()] }

/** What was used, and what that costs. Every method throws `QueryFailed`. */
export interface Usage {
  /** The month that isn't over. */
  thisMonth(): Month
  statement(month: Month): Promise<Statement>
  /** Each of its days that has begun, oldest first. */
  days(month: Month): Promise<DayInShort[]>
  /** Each hour that had anything, oldest first, by distribution and region: at most `limit` of them. */
  hours(of: HoursAsked, limit: number): Promise<HourUsed[]>
  /** The last months in which anything was answered, the last first. */
  months(limit: number): Promise<MonthInShort[]>
}

const quantity = z.string().regex(/^\d+$/).transform(BigInt)

const regional = {
  bytesOut: quantity,
  bytesIn: quantity,
  httpRequests: quantity,
  httpsRequests: quantity,
  httpOtherRequests: quantity,
  httpsOtherRequests: quantity,
  shieldRequests: quantity,
}
const everywhere = { invalidationPaths: quantity, renders: quantity }

const regionRow = z.object({ distribution: z.string(), region: z.enum(REGIONS), ...regional })
const eventsRow = z.object({ distribution: z.string(), ...everywhere })
const hourRow = z.object({
  at: z.string(),
  distribution: z.string(),
  region: z.enum([...REGIONS, '']),
  ...regional,
  ...everywhere,
})

const count = z.number().min(0)
const dayRow = z.object({ day: z.string(), requests: count, bytesOut: count })
const monthRow = z.object({ month: z.string(), requests: count, bytesOut: count })

/** @param prices `undefined` where nothing has a price */
export function createUsage(
  ask: Ask,
  { prices, now }: { prices: PriceBook | undefined; now(): number },
): Usage {
  return {
    thisMonth: () => monthOf(now()),
    async statement(month) {
      const span = daysOfMonth(month)
      const distributions = await usedIn(ask, span)
      const isOver = month < monthOf(now())
      return statementOf({ month, ...span, isOver }, distributions, prices && pricesOf(prices, month))
    },
    async days(month) {
      const { from, to } = daysOfMonth(month)
      const today = dayOf(now())
      const rows = await ask('../usage/usage-by-day', dayRow, { from, to })
      const byDay = new Map(rows.map((row) => [row.day, row]))
      const begun = daysOf({ from, to }).filter((day) => day <= today)
      return begun.map((day) => byDay.get(day) ?? { day, requests: 0, bytesOut: 0 })
    },
    async hours({ from, to, distribution }, limit) {
      const distributions = distribution === undefined ? [] : [distribution]
      const parameters = { from, to, ...COUNTRIES_AND_REGIONS, distributions, limit }
      const rows = await ask('../usage/usage-by-hour', hourRow, parameters)
      return rows.map(({ at, distribution: whose, region, ...used }) => ({
        at,
        distribution: whose,
        region: region === '' ? undefined : region,
        used,
      }))
    },
    months: (limit) => ask('../usage/usage-months', monthRow, { limit }),
  }
}

/** By distribution, in the order of their ids. */
async function usedIn(ask: Ask, { from, to }: { from: Day; to: Day }): Promise<DistributionUsed[]> {
  const [rows, events] = await Promise.all([
    ask('../usage/usage-of-month', regionRow, { from, to, ...COUNTRIES_AND_REGIONS }),
    ask('../usage/events-of-month', eventsRow, { from, to }),
  ])
  const byId = new Map<string, DistributionUsed>()
  const of = (distribution: string) => {
    const known = byId.get(distribution) ?? { distribution, regions: [], used: nothingUsed() }
    byId.set(distribution, known)
    return known
  }
  for (const { distribution, region, ...some } of rows) {
    const used = { ...nothingUsed(), ...some }
    of(distribution).regions.push({ region, used })
    addUsed(of(distribution).used, some)
  }
  for (const { distribution, ...some } of events) addUsed(of(distribution).used, some)
  const all = [...byId.values()].sort((a, b) => (a.distribution < b.distribution ? -1 : 1))
  for (const { regions: some } of all)
    some.sort((a, b) => REGIONS.indexOf(a.region) - REGIONS.indexOf(b.region))
  return all
}
