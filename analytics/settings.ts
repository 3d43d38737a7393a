import { z } from 'zod'
import { programSettings } from '../edge/program/settings.ts'
import { alexaSettings } from './alexa/settings.ts'
import { accessSettings } from './api/access.ts'
import { loggingSchema } from './delivery/settings.ts'
import { edgeAddress } from './front-page/edge-client.ts'
import { rankingSettings } from './ranking/formula.ts'

const port = z.int().min(1).max(65_535)
const url = z.url({ protocol: /^https?$/ })

/** What analytics needs to know of a distribution: how its traffic is named, and where its log files go. */
const frontedDistribution = z.object({
  id: z.string(),
  aliases: z.array(z.string()),
  site: z.string().optional(),
  category: z.string().optional(),
  logging: loggingSchema.optional(),
})

/** What analytics needs to know. */
export const analyticsSettings = programSettings.extend({
  api: z
    .object({ host: z.string().default('0.0.0.0'), port })
    .describe('Where people and programs ask for rankings.'),
  collector: z
    .object({ host: z.string().default('127.0.0.1'), port })
    .describe('Where edges send their log segments.'),
  key: z.string().min(32).describe('Shared key: only edges that have it are listened to.'),
  data: z.string().min(1).describe('Directory of the embedded ClickHouse; one process at a time.'),
  clickhouseUrl: url
    .optional()
    .describe('A ClickHouse server, `https://user:password@host:8443/`; the embedded one when left out.'),
  clickhouseCluster: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be letters, digits, `_`, `.` and `-`')
    .optional()
    .describe('Cluster of that server, over which tables are spread; it alone when left out.'),
  thumbnailerUrl: z
    .union([url, z.array(url).min(1)])
    .describe('Where pictures of sites are made; several share the sites among them.'),
  freshPictures: z
    .int()
    .min(0)
    .max(100_000)
    .default(1_000)
    .describe('Of how many of the most visited sites pictures are made anew before anybody asks for them.'),
  edge: edgeAddress
    .optional()
    .describe(
      'Through which front pages of sites are read, for title and contact; they are not when left out.',
    ),
  retentionDays: z
    .int()
    .min(1)
    .max(3_650)
    .default(100)
    .describe('Days that log records are kept; a quarter (91) is the longest window of a ranking.'),
  honourDoNotTrack: z
    .boolean()
    .default(false)
    .describe('Whether viewers who send DNT or Sec-GPC are billed only: no visitor, no page view, no rank.'),
  asnDatabase: z
    .string()
    .optional()
    .describe('A MaxMind ASN database of your own; Route Views’ and DB-IP’s when left out.'),
  prices: z
    .string()
    .optional()
    .describe('A file of prices, as deploy/prices.example.yaml; usage has no price when left out.'),
  ranking: rankingSettings.prefault({}).describe('Who counts for a rank, and how much.'),
  alexa: alexaSettings.describe('The API in the form of Alexa’s.'),
  access: accessSettings.describe('Who may ask the info API, for what and how often.'),
  includeToday: z.boolean().default(true).describe('Whether rankings count today so far.'),
  distributions: z.array(frontedDistribution).describe('What is fronted.'),
})

export type AnalyticsSettings = z.infer<typeof analyticsSettings>
export type FrontedDistribution = z.infer<typeof frontedDistribution>
