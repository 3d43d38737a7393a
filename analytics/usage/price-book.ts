import { readFile } from 'node:fs/promises'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { ConfigError } from '../../edge/program/errors.ts'
import { readSettings } from '../../edge/program/settings.ts'
import { ALLOWANCES, type Allowance, GLOBAL_ITEMS, type Item, REGIONAL_ITEMS } from './items.ts'
import { DECIMAL, nanosOf } from './money.ts'
import { MONTH } from './month.ts'
import { REGIONS, type Region } from './regions.ts'

/** Whatever stands in the file is text (see `readPriceBook`), so that no price is ever a binary fraction. */
const whole = z
  .string()
  .refine((text) => /^(0|[1-9]\d{0,14})$/.test(text), {
    error: 'must be a whole number',
    params: { remedy: 'Give digits alone, 15 at most, as in 10000.' },
  })
  .transform(BigInt)

const price = z
  .string()
  .refine((text) => DECIMAL.test(text), {
    error: 'must be a price',
    params: { remedy: 'Give a number without a currency and with nine decimals at most, as in 0.085.' },
  })
  .transform(nanosOf)

const tier = z.strictObject({
  upTo: whole.optional().describe('Where the tier ends, counted from the month’s first; the last has none.'),
  price: price.describe('Price of what is within the tier.'),
})

/** A price, or one for each part of a month's quantity. */
const rate = z.union([
  price.transform((alone): z.output<typeof tier>[] => [{ price: alone }]),
  z
    .array(tier)
    .min(1)
    .check(({ value: tiers, issues }) => {
      for (const [at, { upTo }] of tiers.entries()) {
        const problem = problemOfTier(tiers, at)
        if (problem === undefined) continue
        issues.push({ code: 'custom', input: String(upTo ?? ''), path: [at, 'upTo'], ...problem })
      }
    }),
])

function problemOfTier(tiers: readonly z.output<typeof tier>[], at: number) {
  const { upTo } = tiers[at] ?? {}
  const before = at === 0 ? 0n : tiers[at - 1]?.upTo
  if (at === tiers.length - 1) {
    const remedy = 'Leave it out in the last tier, which has no end.'
    return upTo === undefined ? undefined : { message: 'ends the last tier', params: { remedy } }
  }
  const remedy = 'Give each tier but the last an end that is higher than the one before.'
  if (upTo === undefined) return { message: 'is missing in a tier that others follow', params: { remedy } }
  if (before !== undefined && upTo <= before) {
    return { message: `is not above ${before}`, params: { remedy } }
  }
  return undefined
}

const record = <Name extends string, Schema extends z.ZodType>(names: readonly Name[], schema: Schema) =>
  z.strictObject(Object.fromEntries(names.map((name) => [name, schema])) as Record<Name, Schema>)

const book = z.strictObject({
  from: z
    .string()
    .refine((text) => MONTH.test(text), {
      error: 'must be a month',
      params: { remedy: 'Give the first month of these prices, as in 2026-01.' },
    })
    .describe('First month of these prices; they hold until the next begin.'),
  free: z
    .strictObject(
      Object.fromEntries(ALLOWANCES.map((name) => [name, whole.default(0n)])) as Record<
        Allowance,
        z.ZodDefault<typeof whole>
      >,
    )
    .prefault({})
    .describe(
      'What is free each month, in gigabytes, requests, paths and pictures, for all regions together.',
    ),
  regions: record(REGIONS, record(REGIONAL_ITEMS, rate)).describe('Prices by billing region.'),
  everywhere: record(GLOBAL_ITEMS, rate).describe('Prices that are the same in all regions.'),
})

/** The file of prices. */
export const priceBookSchema = z.strictObject({
  name: z.string().min(1).max(200).describe('What the prices are called on a statement.'),
  currency: z
    .string()
    .refine((text) => Intl.supportedValuesOf('currency').includes(text), {
      error: 'is no currency',
      params: { remedy: 'Give a code of ISO 4217, as in USD.' },
    })
    .describe('ISO 4217.'),
  gigabyte: z
    .enum(['1000000000', '1073741824'])
    .transform(BigInt)
    .describe('Bytes in the gigabyte that bytes are priced and tiers are counted in.'),
  books: z
    .array(book)
    .min(1)
    .check(({ value: books, issues }) => {
      for (const [at, { from }] of books.entries()) {
        if (at === 0 || from > (books[at - 1]?.from ?? '')) continue
        const params = { remedy: 'Put the books in the order of their months, each once.' }
        const message = `is not after ${books[at - 1]?.from}`
        issues.push({ code: 'custom', input: from, path: [at, 'from'], message, params })
      }
    })
    .describe('Prices, and from which month on.'),
})

export type PriceBook = z.output<typeof priceBookSchema>
export type Tier = z.output<typeof tier>

/** The prices of one month. */
export interface Prices extends Pick<PriceBook, 'name' | 'currency' | 'gigabyte'> {
  from: string
  free: Record<Allowance, bigint>
  rateOf(item: Item, region: Region | undefined): readonly Tier[]
}

/** So many requests have the price of a rate. */
const REQUESTS = 10_000n

/** How much of an item has the price that stands in the book: a gigabyte, 10,000 requests, one path or picture. */
export function unitOf(item: Item, gigabyte: bigint): bigint {
  if (item === 'bytesOut') return gigabyte
  return item === 'invalidationPaths' || item === 'renders' ? 1n : REQUESTS
}

/** What ends of tiers and allowances are counted in: a gigabyte, or one. */
export function countedIn(item: Item | Allowance, gigabyte: bigint): bigint {
  return item === 'bytesOut' ? gigabyte : 1n
}

/** `undefined` where the book begins later. @param month as `2026-07` */
export function pricesOf({ books, name, currency, gigabyte }: PriceBook, month: string): Prices | undefined {
  const held = books.findLast(({ from }) => from <= month)
  if (held === undefined) return undefined
  const { from, free, regions, everywhere } = held
  return {
    ...{ name, currency, gigabyte, from, free },
    rateOf(item, region) {
      if (item === 'invalidationPaths' || item === 'renders') return everywhere[item]
      return region === undefined ? [] : regions[region][item]
    },
  }
}

/**
 * Reads a file of prices.
 *
 * @throws ConfigError naming the file, the field, what was found and what is allowed
 */
export async function readPriceBook(path: string): Promise<PriceBook> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new ConfigError(
      `analytics.prices: ${path}`,
      `can't be read (${error.message})`,
      'Name a file like deploy/prices.example.yaml, or leave it out.',
    )
  })
  // By this schema all that is no list and no map is text.
  const document = parseDocument(text, { schema: 'failsafe' })
  const [error] = document.errors
  if (error !== undefined) throw new ConfigError(path, error.message, 'Mend the YAML there.')
  return readSettings(priceBookSchema, document.toJS() ?? {}, path)
}
