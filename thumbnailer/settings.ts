import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { programSettings } from '../edge/program/settings.ts'
import { objectStoreSchema } from '../origin-shield/origin/object-store.ts'

const port = z.int().min(0).max(65_535)

/** It becomes part of a flag of the browser's, so it is a plain name or address, nothing else. */
const edgeHost = z
  .string()
  .regex(
    /^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)$/,
    'is no host name or address',
  )

/** Where the edge is: fronted sites are reached there, and nothing else that is not public. */
const edgeAddress = z.strictObject({
  host: edgeHost.describe('Name or address of an edge, as seen from this machine.'),
  httpPort: port.min(1),
  httpsPort: port.min(1).optional().describe('Without it pages of `https:` are not rendered.'),
})

/** Where the browser may go, and how much it may have there. */
const egress = z.strictObject({
  ports: z
    .array(port.min(1))
    .default([80, 443])
    .describe('Ports of public addresses that pages may be at, and have parts of theirs at.'),
  deny: z
    .array(z.union([z.cidrv4(), z.cidrv6()]))
    .default([])
    .describe('Networks that are not gone to, beside all that are not public.'),
  nameServers: z
    .array(z.string())
    .optional()
    .describe(
      "Addresses of the name servers that are asked, with `:port` where it isn't 53; the system's when left out.",
    ),
  megabytesMax: z.number().min(0.1).max(10_000).default(64).describe('Of one render, in both directions.'),
  requestsMax: z.int().min(1).default(3_000).describe('Of one render.'),
  connectionsMax: z.int().min(1).default(256).describe('Of one render, at the same time.'),
})

/** What the thumbnailer is told. */
export const thumbnailerSettings = programSettings.extend({
  listen: z.object({ host: z.string().default('127.0.0.1'), port }).describe('Where pictures are asked for.'),
  key: z.string().min(32).describe('Shared with those who ask, to sign requests; 32 characters or more.'),
  fronted: z
    .array(z.string().toLowerCase())
    .describe('Aliases of the distributions: exact names, `*.example.com`, or `*` for every name.'),
  allow: z
    .enum(['fronted', 'listed', 'any'])
    .default('fronted')
    .describe('Which pages are rendered: of fronted sites, of `listed` ones too, or of the whole internet.'),
  listed: z
    .array(z.string().toLowerCase())
    .default([])
    .describe('Names of further sites, as in `fronted`, for `allow: listed`.'),
  edge: edgeAddress,
  egress: egress.prefault({}).describe('Bounds on where the browser goes.'),
  store: objectStoreSchema.describe('Where pictures are kept.'),
  dataFolder: z
    .string()
    .min(1)
    .describe("For the browser's program and its short-lived profiles; kept pictures are in `store`."),
  billing: z
    .strictObject({
      collector: z.url({ protocol: /^https?$/ }).describe('Where it is told.'),
      spool: z.string().min(1).describe('Folder where it waits for the collector.'),
    })
    .optional()
    .describe('How pictures that were made are told of, to be billed; they are not when left out.'),
  browser: z
    .string()
    .optional()
    .describe(
      'Path of a Chrome or Chromium. Left out: one installed in the usual places, else that from npm.',
    ),
  browserUid: z
    .int()
    .min(1)
    .max(65_533)
    .default(61_700)
    .describe('Unprivileged user that the browser runs under when the thumbnailer is started by root.'),
  sandbox: z
    .boolean()
    .default(true)
    .describe("Whether a browser must start with Chromium's sandbox; false gives that wall up, knowingly."),
  networkNamespace: z
    .boolean()
    .default(true)
    .describe(
      'Whether the browser has a network of its own with nothing in it but the guard, where the system allows it.',
    ),
  maxAgeSeconds: z
    .int()
    .min(1)
    .max(31_536_000)
    .default(86_400)
    .describe(
      'Age at which a picture of one of the top 100 sites is made anew; others live up to 7 times as long.',
    ),
  failureSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(60)
    .describe(
      'How long a site that failed is not tried again; twice as long each further time, up to a day.',
    ),
  versionsMax: z
    .int()
    .min(1)
    .max(100)
    .default(10)
    .describe('How many looks of a page are kept, the latest among them.'),
  memoryMegabytes: z.int().min(1).max(4_096).default(64).describe('Pictures kept at hand, beside the store.'),
  rendersPerSite: z
    .int()
    .min(1)
    .max(10_000)
    .default(30)
    .describe('Renders of one site a minute; any more get 429.'),
  contact: z
    .url({ protocol: /^https?$/ })
    .max(200)
    .optional()
    .describe('Page about your thumbnailer, put into its User-Agent so that sites know whom to ask.'),
  concurrency: z
    .int()
    .min(1)
    .max(64)
    .default(() => 2 * availableParallelism())
    .describe('Pages rendered at the same time; two a core, as each waits for half of its time.'),
  perSiteConcurrency: z
    .int()
    .min(1)
    .max(64)
    .default(() => Math.max(1, availableParallelism() - 1))
    .describe('Pages of one site rendered at the same time, so that slow ones leave turns to other sites.'),
  browsers: z
    .int()
    .min(1)
    .max(16)
    .default(() => Math.min(2, availableParallelism()))
    .describe('Browsers that pages are spread over: one that hangs holds up those in the same browser only.'),
  browserMegabytesMax: z
    .int()
    .min(10)
    .default(800)
    .describe('A browser that has more memory than this after a page is replaced.'),
  pageMegabytesMax: z
    .int()
    .min(100)
    .default(1_024)
    .describe('A process of the browser that has more memory than this is killed, and the page with it.'),
  queueMax: z.int().min(0).default(64).describe('Pages that may wait for their turn; any more get 503.'),
  rendersPerBrowser: z.int().min(1).default(200).describe('A browser is replaced after so many pages.'),
  loadSecondsMax: z
    .number()
    .min(0.1)
    .max(60)
    .default(8)
    .describe('A page that has not loaded in this time is taken as it is.'),
  renderSecondsMax: z
    .number()
    .min(1)
    .max(60)
    .default(20)
    .describe('A page that gives no picture in this time is too slow.'),
})

export type ThumbnailerSettings = z.infer<typeof thumbnailerSettings>
export type EdgeAddress = z.infer<typeof edgeAddress>
