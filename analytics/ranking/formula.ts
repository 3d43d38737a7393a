import { z } from 'zod'
import { DATA_CENTRES } from './data-centres.ts'

/** Raised with every change of the definitions in daily-figures.sql and ranked-sites.sql. */
const VERSION = 2

/** A viewer on this very machine; as `collect/network.ts` writes them. */
const LOOPBACK = ['127.0.0.0/24', '::/48']

const count = (least: number) => z.int().min(least).max(1_000_000)

/** A share of all others, kept in thousandths. */
const share = z.number().min(0).max(1_000)

/** Who counts for a rank, and how much: the settings of daily-figures.sql and ranked-sites.sql. */
export const rankingSettings = z.strictObject({
  networksMin: z
    .int()
    .min(1)
    .max(16)
    .default(3)
    .describe(
      'Networks that visitors must have come from before a site has a rank; an uncapped one suffices.',
    ),
  networkShare: share
    .default(0.1)
    .describe(
      'Most visitors of one /24 or /48 that count, as a share of those that always count of all others.',
    ),
  networkFloor: count(1).default(3).describe('Visitors of one /24 or /48 that always count.'),
  asnShare: share.default(1).describe('The same for one autonomous system: 1 is half of a site’s reach.'),
  asnFloor: count(1).default(10).describe('Visitors of one autonomous system that always count.'),
  uncappedNetworks: z
    .array(z.string())
    .default(LOOPBACK)
    .describe('Networks whose visitors all count; loopback, where every visit to a demo comes from.'),
  pagesPerVisitorMax: count(1)
    .default(100)
    .describe('Most pages of a site that one visitor counts for in a day.'),
  viewsPerMinuteMax: count(1)
    .default(60)
    .describe('A visitor with more page views in a minute is a program.'),
  bareViewsMax: count(1)
    .default(30)
    .describe('So is one with more page views in a day who never fetched anything else.'),
  dataCentreAsns: z
    .array(z.int().min(1).max(4_294_967_295))
    .default([...DATA_CENTRES.keys()])
    .describe('Autonomous systems of machines, not people: they rank nothing.'),
})

export type RankingSettings = z.infer<typeof rankingSettings>

/** Values of the parameters that the SQL of this folder has in common. */
export interface Formula {
  parameters: Readonly<Record<string, number | readonly string[] | readonly number[]>>
  /** What is written beside every result: the version, and the settings that differ from the default. */
  text: string
}

/** @param categories of distributions, by their id */
export function formulaOf(settings: RankingSettings, categories: ReadonlyMap<string, string>): Formula {
  const { networkShare, asnShare, uncappedNetworks, dataCentreAsns, ...same } = settings
  return {
    parameters: {
      ...same,
      networkPermille: Math.round(networkShare * 1_000),
      asnPermille: Math.round(asnShare * 1_000),
      uncapped: uncappedNetworks,
      dataCentres: dataCentreAsns,
      categorised: [...categories.keys()],
      categories: [...categories.values()],
    },
    text: JSON.stringify({ version: VERSION, ...differences(settings) }),
  }
}

function differences(settings: RankingSettings): Partial<RankingSettings> {
  const usual = rankingSettings.parse({})
  const entries = Object.entries(settings).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(usual[name as keyof RankingSettings]),
  )
  return Object.fromEntries(entries)
}
