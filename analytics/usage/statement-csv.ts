import { ITEMS } from './items.ts'
import { exactText } from './money.ts'
import type { Statement } from './statement.ts'
import type { HourUsed } from './usage.ts'

const HOUR_ITEMS = ['bytesIn', ...ITEMS] as const

/** Usage by the hour as CSV, a column for each item. */
export function csvOfHours(hours: readonly HourUsed[]): string {
  const rows = hours.map(({ at, distribution, region = '', used }) => [
    ...[at, distribution, region],
    ...HOUR_ITEMS.map((item) => String(used[item])),
  ])
  return csvOf([['hour', 'distribution', 'region', ...HOUR_ITEMS], ...rows])
}

const COLUMNS = ['month', 'distribution', 'region', 'item', 'quantity', 'amount', 'currency']

/**
 * A statement as CSV (RFC 4180, with a head): what each distribution has of each line, so that the columns add up to
 * the whole. Quantities are in bytes, requests, paths and pictures; amounts have nine decimals, and are empty, like
 * the currency, where nothing has a price.
 */
export function csvOfStatement({ month, prices, lines, distributions }: Statement): string {
  const rows = distributions.flatMap(({ distribution }, index) =>
    lines.flatMap(({ item, region = '', shares }) => {
      const { quantity = 0n, amount = 0n } = shares[index] ?? {}
      if (quantity === 0n) return []
      const money = prices === undefined ? ['', ''] : [exactText(amount), prices.currency]
      return [[month, distribution, region, item, String(quantity), ...money]]
    }),
  )
  return csvOf([COLUMNS, ...rows])
}

function csvOf(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('')
}

function quoted(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
