import { z } from 'zod'
import type { Ask } from './ask.ts'
import { daysTold } from './fresh-days.ts'
import type { Span } from './window.ts'

/** Most countries told of one site. */
export const COUNTRIES_MAX = 10

const countryShare = z.object({
  /** ISO 3166-1 alpha-2; `null` when unknown. */
  country: z
    .string()
    .transform((code) => (code === '' ? null : code))
    .nullable(),
  visitors: z.number(),
  pageViews: z.number(),
  share: z.number(),
})

/** One country's part in a site's page views; defined in site-countries.sql. */
export type CountryShare = z.infer<typeof countryShare>

/** Where the site's page views came from, most first. */
export async function countriesOf(ask: Ask, { from, to }: Span, site: string): Promise<CountryShare[]> {
  const told = await daysTold(ask, { from, to })
  return ask('site-countries', countryShare, { site, from, to, ...told, limit: COUNTRIES_MAX })
}
