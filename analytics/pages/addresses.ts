import { z } from 'zod'
import { distributionParams } from '../api/report-request.ts'
import { siteName } from '../queries/site-name.ts'
import { WINDOW_NAMES } from '../queries/window.ts'
import { LENGTHS, MEASURES } from './comparison.ts'
import { REPORT_LENGTHS } from './distributions-page.ts'

/** What may stand in the addresses of pages. A person's link may hold anything (`?utm_source=…`) and still deserves the page. */

const window = z.enum(WINDOW_NAMES).catch('7d')

/** A day that the tables can hold (ClickHouse's Date), longest window included. */
const day = z.iso
  .date()
  .refine((text) => text >= '1971-01-01' && text <= '2149-01-01')
  .optional()
  .catch(undefined)

export const rankingAddress = z.object({ window, day })

export const countryPath = z.object({
  country: z
    .string()
    .toUpperCase()
    .regex(/^[A-Z]{2}$/, { error: 'must be two letters, as in DE' }),
})

export const countriesAddress = z.object({ window: z.enum(WINDOW_NAMES).catch('28d') })

export const sitePath = z.object({ site: siteName })

/** Longest text that is read; ten names of the longest kind fit. */
const TYPED_MAX = 2_700

const typed = z
  .string()
  .catch('')
  .transform((text) => text.slice(0, TYPED_MAX))

export const compareAddress = z.object({
  sites: typed,
  measure: z.enum(MEASURES).catch('visitors'),
  days: z.enum(LENGTHS).catch('30').transform(Number),
})

/** Whose traffic is followed; of all sites when it names none. */
export const liveAddress = z.object({ site: siteName.optional().catch(undefined) })

export const searchAddress = z.object({ q: typed.transform((text) => text.trim().slice(0, 253)) })

export const listPath = z.object({ id: z.string().regex(/^[2-9a-z]{10}$/, { error: 'is no id of a list' }) })

/** As the reports' routes have it. */
export const distributionPath = distributionParams

export const reportAddress = z.object({
  days: z.enum(REPORT_LENGTHS).catch('7').transform(Number),
  by: z.enum(['hour', 'day']).optional().catch(undefined),
})
