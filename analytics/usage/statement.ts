import type { Span } from '../queries/window.ts'
import {
  ALLOWANCES,
  addUsed,
  allowanceOf,
  type DistributionUsed,
  GLOBAL_ITEMS,
  type Item,
  nothingUsed,
  REGIONAL_ITEMS,
  type Used,
} from './items.ts'
import { decimalsOf, dividedHalfUp, lesserOf, type Nanos, roundedText, shared } from './money.ts'
import type { Month } from './month.ts'
import { countedIn, type Prices, type Tier, unitOf } from './price-book.ts'
import { REGIONS, type Region } from './regions.ts'

/** A part of a line's quantity that has one price. */
export interface TierUsed {
  quantity: bigint
  /** Of one unit: see `unitOf`. */
  price: Nanos
}

/** One line of a statement: an item in a region. */
export interface Line {
  item: Item
  /** `undefined` of an item that has none. */
  region: Region | undefined
  /** All that was used. */
  quantity: bigint
  /** Of it, what was free. */
  free: bigint
  /** The rest, by tiers; none without prices. */
  tiers: readonly TierUsed[]
  amount: Nanos
}

/** What a distribution has of a line. */
export interface Share {
  quantity: bigint
  amount: Nanos
}

/** A line, and each distribution's share of it, in the order of the statement's distributions. */
export type SharedLine = Line & { shares: readonly Share[] }

/** What a distribution's usage costs: its share of each line. */
export type DistributionCost = DistributionUsed & { amount: Nanos }

/** A month's usage and its price. */
export interface Statement extends Span {
  month: Month
  /** Whether the month is over. Records that come late still count. */
  isOver: boolean
  used: Used
  /** `undefined` where nothing has a price. */
  prices: Prices | undefined
  /** Those with a quantity. */
  lines: readonly SharedLine[]
  distributions: readonly DistributionCost[]
  /** The sum of the lines, which is that of the distributions. */
  amount: Nanos
  /** The same as it is paid, as `12.35`. */
  toPay: string
}

/**
 * Prices what was used in a month.
 *
 * Tiers and allowances are of the whole month, all distributions together, as with AWS; tiers go by region. Rounding:
 *
 *   1. An allowance is divided among the regions (and schemes) in proportion to what they used, in whole bytes and
 *      requests. Tiers count what is left.
 *   2. A line is its tiers' quantities times their prices, added up exactly, then rounded half up to a billionth of
 *      the currency's unit. Lines add up exactly.
 *   3. A line is divided among distributions in proportion to what they used, in whole billionths (`shared`).
 *   4. Only what is to be paid is rounded to the currency's own decimals, half up.
 */
export function statementOf(
  about: Pick<Statement, 'month' | 'from' | 'to' | 'isOver'>,
  distributions: readonly DistributionUsed[],
  prices: Prices | undefined,
): Statement {
  const used = nothingUsed()
  for (const one of distributions) addUsed(used, one.used)
  const lines = withFree(unpricedLines(distributions), prices)
    .map((line) => priced(line, prices))
    .map((line) => ({ ...line, shares: sharesOf(line, distributions) }))
  const amount = sumOf(lines, (line) => line.amount)
  return {
    ...about,
    used,
    prices,
    lines,
    distributions: distributions.map((one, index) => ({
      ...one,
      amount: sumOf(lines, ({ shares }) => shares[index]?.amount ?? 0n),
    })),
    amount,
    toPay: roundedText(amount, prices === undefined ? 0 : decimalsOf(prices.currency)),
  }
}

function sharesOf(line: Line, distributions: readonly DistributionUsed[]): Share[] {
  const quantities = distributions.map((one) => quantityOf(one, line))
  const amounts = shared(line.amount, quantities)
  return quantities.map((quantity, index) => ({ quantity, amount: amounts[index] ?? 0n }))
}

function sumOf<One>(all: readonly One[], of: (one: One) => bigint): bigint {
  return all.reduce((sum, one) => sum + of(one), 0n)
}

function unpricedLines(distributions: readonly DistributionUsed[]): Line[] {
  const line = (item: Item, region: Region | undefined): Line => {
    const quantity = sumOf(distributions, (one) => quantityOf(one, { item, region }))
    return { item, region, quantity, free: 0n, tiers: [], amount: 0n }
  }
  const regional = REGIONS.flatMap((region) => REGIONAL_ITEMS.map((item) => line(item, region)))
  const everywhere = GLOBAL_ITEMS.map((item) => line(item, undefined))
  return [...regional, ...everywhere].filter(({ quantity }) => quantity > 0n)
}

function quantityOf(
  { regions, used }: DistributionUsed,
  { item, region }: Pick<Line, 'item' | 'region'>,
): bigint {
  if (region === undefined) return used[item]
  return regions.find((one) => one.region === region)?.used[item] ?? 0n
}

/** Divides each allowance among the lines that it is for. */
function withFree(lines: readonly Line[], prices: Prices | undefined): Line[] {
  if (prices === undefined) return [...lines]
  const free = new Map<Line, bigint>()
  for (const allowance of ALLOWANCES) {
    const those = lines.filter(({ item }) => allowanceOf(item) === allowance)
    const all = sumOf(those, ({ quantity }) => quantity)
    const allowed = prices.free[allowance] * countedIn(allowance, prices.gigabyte)
    const parts = shared(
      lesserOf(allowed, all),
      those.map(({ quantity }) => quantity),
    )
    for (const [index, line] of those.entries()) free.set(line, parts[index] ?? 0n)
  }
  return lines.map((line) => ({ ...line, free: free.get(line) ?? 0n }))
}

function priced(line: Line, prices: Prices | undefined): Line {
  if (prices === undefined) return line
  const { item, region, quantity, free } = line
  const { gigabyte } = prices
  const tiers = tiersUsed(quantity - free, prices.rateOf(item, region), countedIn(item, gigabyte))
  const product = sumOf(tiers, (tier) => tier.quantity * tier.price)
  return { ...line, tiers, amount: dividedHalfUp(product, unitOf(item, gigabyte)) }
}

/** @param counted in which ends of tiers are counted: bytes of a gigabyte, or 1 */
function tiersUsed(billed: bigint, rate: readonly Tier[], counted: bigint): TierUsed[] {
  const used: TierUsed[] = []
  let below = 0n
  for (const { upTo, price } of rate) {
    const end = upTo === undefined ? billed : lesserOf(upTo * counted, billed)
    if (end > below) used.push({ quantity: end - below, price })
    below = end
  }
  return used
}
