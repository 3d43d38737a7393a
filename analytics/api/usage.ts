import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { GLOBAL_ITEMS, ITEMS, REGIONAL_ITEMS, type Used } from '../usage/items.ts'
import { exactText } from '../usage/money.ts'
import { MONTH, type Month } from '../usage/month.ts'
import { unitOf } from '../usage/price-book.ts'
import { REGIONS } from '../usage/regions.ts'
import type { Line, Statement } from '../usage/statement.ts'
import { csvOfStatement } from '../usage/statement-csv.ts'
import type { Usage } from '../usage/usage.ts'
import { COMMON_PROBLEMS, problemOf, Refusal } from './problem.ts'
import { day, count as quantity } from './words.ts'

/** Before it there was no log of ours, and ClickHouse's days end soon. */
const FIRST_MONTH = '2000-01'

export const CSV = 'text/csv; charset=utf-8; header=present'

/** Names a month in a path. */
export const monthParams = z.strictObject({
  month: z
    .string()
    .regex(MONTH, 'must be a month, as in 2026-07')
    .describe('A month of UTC.')
    .meta({ examples: ['2026-07'] }),
})

export const format = z
  .enum(['json', 'csv'])
  .optional()
  .describe('The form; by `Accept` when left out, and JSON where that names no CSV.')

const statementQuery = z.strictObject({ format })

const amount = z
  .string()
  .regex(/^\d+\.\d{9}$/)
  .nullable()
  .describe('Exact to a billionth of the currency’s unit; `null` where nothing has a price.')
  .meta({ examples: ['12.345678901'] })

const USED = {
  bytesOut: 'Bytes sent to viewers, heads included.',
  bytesIn: 'Bytes received from viewers, heads included; they have no price.',
  httpRequests: 'GET and HEAD without TLS.',
  httpsRequests: 'GET and HEAD with TLS.',
  httpOtherRequests: 'All other methods without TLS.',
  httpsOtherRequests: 'All other methods with TLS.',
  shieldRequests:
    'Responses for which the edge asked the shield. What it asked beside, to renew what it had served or for further slices of a large body, is in no record.',
  invalidationPaths: 'Paths and tags that were invalidated, however many edges there are.',
  renders: 'Pictures of pages that the thumbnailer made.',
} as const satisfies Record<keyof Used, string>

const usedShape = <Name extends keyof Used>(names: readonly Name[]) =>
  z.object(
    Object.fromEntries(names.map((name) => [name, quantity.describe(USED[name])])) as Record<
      Name,
      typeof quantity
    >,
  )

export const used = usedShape(['bytesIn', ...ITEMS]).meta({
  id: 'Used',
  description:
    'What is billed, in bytes, requests, paths and pictures. Bots and data centres count, errors too.',
})

const usedInRegion = usedShape(['bytesIn', ...REGIONAL_ITEMS]).meta({
  id: 'UsedInRegion',
  description: 'What of it has a region.',
})

export const region = z
  .enum(REGIONS)
  .describe('Billing region, by the viewer’s country; `unknown` where that isn’t known.')

const line = z
  .object({
    item: z.enum(ITEMS).describe('What is billed: a word of `Used`.'),
    region: region.nullable().describe(`\`null\` of ${GLOBAL_ITEMS.join(' and ')}.`),
    quantity: quantity.describe('All that was used.'),
    free: quantity.describe('Of it, this region’s part of the month’s allowance.'),
    per: quantity.describe('The quantity that a price is of: a gigabyte in bytes, 10,000 requests, 1.'),
    tiers: z
      .array(z.object({ quantity, price: z.string().meta({ examples: ['0.085000000'] }) }))
      .describe('The rest, cheapest last as the price book has it.'),
    amount,
  })
  .meta({ id: 'StatementLine', description: 'One item in one region.' })

const statement = z
  .object({
    month: z.string().meta({ examples: ['2026-07'] }),
    from: day,
    to: day,
    timeZone: z.literal('UTC'),
    isOver: z.boolean().describe('Whether the month is over. Records that come late still count.'),
    used,
    prices: z
      .object({
        name: z.string(),
        currency: z.string().describe('ISO 4217.'),
        from: z.string().describe('First month in which they held.'),
      })
      .nullable()
      .describe('Which prices; `null` where there are none for the month.'),
    lines: z.array(line),
    distributions: z.array(
      z.object({
        distribution: z
          .string()
          .nullable()
          .describe('`null` of what was asked under a name that no distribution has.'),
        used,
        regions: z.array(z.object({ region, used: usedInRegion })),
        amount,
      }),
    ),
    amount: amount.describe('Sum of the lines, and of the distributions.'),
    toPay: z
      .string()
      .nullable()
      .describe('The sum, rounded half up to the currency’s decimals.')
      .meta({ examples: ['12.35'] }),
  })
  .meta({ id: 'Statement', description: 'What a month’s traffic used, and what that costs.' })

/** `GET /v1/usage/{month}` */
export function addUsage(app: FastifyInstance, usage: Usage): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/usage/:month',
    config: { scope: 'usage:read' },
    schema: {
      operationId: 'getUsage',
      summary: 'Usage of a month and its price',
      description:
        'As JSON, or as CSV (RFC 4180, with a head) with what each distribution has of each line: its columns add ' +
        'up to the whole. A line is exact to a billionth of the currency’s unit, rounded half up; only `toPay` is ' +
        'rounded further. Tiers and allowances are of the month, all distributions together, whose shares of a ' +
        'line go by what they used. Quantities beyond 2⁵³ are exact in CSV alone.',
      tags: ['usage'],
      params: monthParams,
      querystring: statementQuery,
      response: {
        200: {
          description: 'The statement.',
          content: { 'application/json': { schema: statement }, 'text/csv': { schema: z.any() } },
        },
        304: z.null().describe('It has not changed.'),
        ...COMMON_PROBLEMS,
      },
    },
    handler: async (request, reply) => {
      const { month } = request.params
      refuseOutside(usage, month)
      const { format = acceptsCsv(request.headers.accept) ? 'csv' : 'json' } = request.query
      const told = await usage.statement(month)
      varyByAccept(reply)
      if (format === 'json') return answerOf(told)
      return reply
        .type(CSV)
        .header('Content-Disposition', `attachment; filename="selvedge-usage-${month}.csv"`)
        .send(csvOfStatement(told))
    },
  })
}

/** @throws Refusal for a month that nothing can be told of */
export function refuseOutside(usage: Usage, month: Month): void {
  const field = 'month'
  const last = usage.thisMonth()
  if (month > last) {
    const remedy = `Give ${last} (UTC) or a month before.`
    throw new Refusal(problemOf('bad-parameter', 'month: is still to come', { field, remedy }))
  }
  if (month >= FIRST_MONTH) return
  const remedy = `Give ${FIRST_MONTH} or a month after.`
  throw new Refusal(problemOf('bad-parameter', 'month: is before all logs', { field, remedy }))
}

/** Beside what CORS says. */
export function varyByAccept(reply: FastifyReply): void {
  reply.header('Vary', [reply.getHeader('Vary') ?? [], 'Accept'].flat().join(', '))
}

/** Whether a type of CSV is named, and none of JSON before it. */
export function acceptsCsv(accept = ''): boolean {
  const named = accept.split(',').map((one) => one.split(';')[0]?.trim().toLowerCase())
  return named.find((type) => type === 'text/csv' || type === 'application/json') === 'text/csv'
}

function answerOf(told: Statement) {
  const { prices, lines, distributions } = told
  const money = (nanos: bigint) => (prices === undefined ? null : exactText(nanos))
  return {
    month: told.month,
    from: told.from,
    to: told.to,
    timeZone: 'UTC' as const,
    isOver: told.isOver,
    used: numbersOf(told.used),
    prices: prices === undefined ? null : { name: prices.name, currency: prices.currency, from: prices.from },
    lines: lines.map((one) => ({
      item: one.item,
      region: one.region ?? null,
      quantity: Number(one.quantity),
      free: Number(one.free),
      per: Number(perOf(one, told)),
      tiers: one.tiers.map((tier) => ({ quantity: Number(tier.quantity), price: exactText(tier.price) })),
      amount: money(one.amount),
    })),
    distributions: distributions.map((one) => ({
      distribution: one.distribution === '' ? null : one.distribution,
      used: numbersOf(one.used),
      regions: one.regions.map((there) => {
        const { invalidationPaths: _paths, renders: _renders, ...regional } = numbersOf(there.used)
        return { region: there.region, used: regional }
      }),
      amount: money(one.amount),
    })),
    amount: money(told.amount),
    toPay: prices === undefined ? null : told.toPay,
  }
}

function perOf({ item }: Line, { prices }: Statement): bigint {
  return prices === undefined ? 1n : unitOf(item, prices.gigabyte)
}

export function numbersOf(quantities: Used): Record<keyof Used, number> {
  const names = Object.keys(quantities) as (keyof Used)[]
  return Object.fromEntries(names.map((name) => [name, Number(quantities[name])])) as Record<
    keyof Used,
    number
  >
}
