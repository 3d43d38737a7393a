import { z } from 'zod'
import type { Ask } from '../queries/ask.ts'
import { type Day, dayOf, daysOf } from '../queries/window.ts'
import { addUsed, type DistributionUsed, nothingUsed } from './items.ts'
import { daysOfMonth, type Month, monthOf } from './month.ts'
import { type PriceBook, pricesOf } from './price-book.ts'
import { REGION_OF, REGIONS } from './regions.ts'
import { type Statement, statementOf } from './statement.ts'

/** What a month brought, in short. */
export interface MonthInShort {
  month: Month
  requests: number
  bytesOut: number
}

/** What a day brought, in short. */
export type DayInShort = Omit<MonthInShort, 'month'> & { day: Day }

/** What was used, and what that costs. Every method throws `QueryFailed`. */
export interface Usage {
  /** The month that isn't over. */
  thisMonth(): Month
  statement(month: Month): Promise<Statement>
  /** Each of its days that has begun, oldest first. */
  days(month: Month): Promise<DayInShort[]>
  /** The last months in which anything was answered, the last first. */
  months(limit: number): Promise<MonthInShort[]>
}

const quantity = z.string().regex(/^\d+$/).transform(BigInt)

const regionRow = z.object({
  distribution: z.string(),
  region: z.enum(REGIONS),
  bytesOut: quantity,
  bytesIn: quantity,
  httpRequests: quantity,
  httpsRequests: quantity,
  httpOtherRequests: quantity,
  httpsOtherRequests: quantity,
  shieldRequests: quantity,
})

const eventsRow = z.object({ distribution: z.string(), invalidationPaths: quantity, renders: quantity })

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
    months: (limit) => ask('../usage/usage-months', monthRow, { limit }),
  }
}

/** By distribution, in the order of their ids. */
async function usedIn(ask: Ask, { from, to }: { from: Day; to: Day }): Promise<DistributionUsed[]> {
  const countries = [...REGION_OF.keys()]
  const regions = [...REGION_OF.values()]
  const [rows, events] = await Promise.all([
    ask('../usage/usage-of-month', regionRow, { from, to, countries, regions }),
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
