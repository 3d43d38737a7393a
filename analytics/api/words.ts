import { z } from 'zod'
import { WINDOW_NAMES } from '../queries/window.ts'

/** A route's answer as JSON, in its list of responses. */
export function answerWith<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/**
 * A whole number that may be a sum of billions: beyond 2⁵³ too, which `z.int` refuses, so that the answer would be an
 * error. What JSON's readers make of it there is the nearest number that they have.
 */
export const count = z.number().min(0).meta({ type: 'integer' })

/** The words that several answers have in common, each with its definition. */

export const day = z.iso
  .date()
  .describe('A day of UTC.')
  .meta({ examples: ['2026-07-25'] })

export const windowName = z
  .enum(WINDOW_NAMES)
  .describe(
    '`1d`: today so far; `7d`: today and the 6 days before; `28d`, the month, and `91d`, the quarter, the ' +
      'same: whole weeks, which weekends can’t tilt. Where the operator leaves out the unfinished day, all ' +
      'end with yesterday.',
  )

export const asOf = z.iso
  .datetime()
  .describe('When ranks were worked out: while somebody asks, again and again, at most a tenth of the time.')
  .meta({ examples: ['2026-07-25T12:00:00Z'] })

export const countryCode = z
  .string()
  .toUpperCase()
  .regex(/^[A-Z]{2}$/, 'must be two letters, as in DE')
  .describe('ISO 3166-1 alpha-2.')
  .meta({ examples: ['DE'] })

export const rank = z
  .int()
  .min(1)
  .describe('Place by score within this CDN; sites with equal scores share one.')

export const bucket = z
  .int()
  .nullable()
  .describe('`null` where the rank is exact; else the site is only known to be among the first so many.')

export const score = z
  .number()
  .min(0)
  .describe(
    'Mean over the days of sqrt(reach × page views), each page of a visitor counted once a day, without ' +
      'the best and the worst seventh of the days.',
  )

export const reach = z
  .number()
  .min(0)
  .describe('Distinct visitors with a page view, mean per day; of one network only so many count.')

export const rankedPageViews = z
  .number()
  .min(0)
  .describe('Page views, a URL counted once per visitor and day, mean per day.')

export const visitors = count.describe('Distinct people with a page view that day.')

export const pageViews = count.describe('All page views by people, repeats too.')

export const requests = count.describe('Every response, bots and errors too.')

export const bytes = count.describe('Bytes sent, heads included.')
