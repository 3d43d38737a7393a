import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { alexaSettings } from '../analytics/alexa/settings.ts'
import { accessSettings } from '../analytics/api/access.ts'
import { loggingSchema } from '../analytics/delivery/settings.ts'
import { rankingSettings } from '../analytics/ranking/formula.ts'
import { analyticsSettings } from '../analytics/settings.ts'
import { cachePolicySchema, policyName } from '../edge/distribution/policy/cache-policy.ts'
import { originRequestPolicySchema } from '../edge/distribution/policy/origin-request-policy.ts'
import {
  cachePolicyReference,
  originRequestPolicyReference,
  responseHeadersPolicyReference,
} from '../edge/distribution/policy/policy-reference.ts'
import { responseHeadersPolicySchema } from '../edge/distribution/policy/response-headers-policy.ts'
import type { ViewerCertificate } from '../edge/distribution/viewer-certificate.ts'
import { invalidationSettings } from '../edge/invalidation/settings.ts'
import { proxySettings } from '../edge/listen/proxies.ts'
import { http2Use, listenLimits } from '../edge/listen/settings.ts'
import { tlsSettings } from '../edge/listen/tls/settings.ts'
import { ConfigError } from '../edge/program/errors.ts'
import { readSettings } from '../edge/program/settings.ts'
import { shieldDistribution } from '../origin-shield/distribution-schema.ts'
import { objectStoreSchema } from '../origin-shield/origin/object-store.ts'
import { thumbnailerSettings } from '../thumbnailer/settings.ts'
import { withOwnPolicies } from './own-policies.ts'

/** Where viewers come in when nothing else is said. */
export const HTTP_PORT_DEFAULT = 8080

const port = z.int().min(1).max(65_535)
const url = z.url({ protocol: /^https?$/ })
const megabytes = z.number().min(1).max(1_048_576)

const diskMegabytes = z
  .union([z.literal(0), z.number().min(16).max(1_048_576)])
  .default(4096)
  .describe('Disk for cached responses, which are there after a restart; 0 for none.')

const sliceMegabytes = z
  .number()
  .min(0.0625)
  .max(64)
  .default(1)
  .describe('Bodies that are larger are kept in slices of this length, and had slice by slice.')

/** Where a program's health and metrics are served. */
const admin = z
  .strictObject({
    host: z.string().default('127.0.0.1').describe('Address it is served on.'),
    port: port.optional().describe('Its port; a free one, printed at start, when left out.'),
  })
  .optional()
  .describe('Where health (/healthz, /readyz) and metrics (/metrics) are served.')

/** Where a program listens that only our own programs ask. */
const inside = {
  host: z.string().default('127.0.0.1').describe('Address that our other programs connect to.'),
  port: port.optional().describe('Its port; the first free one of ours when left out.'),
}

const edge = z.strictObject({
  host: z
    .string()
    .optional()
    .describe('Address that viewers connect to; all of the machine’s when left out.'),
  httpPort: port.default(HTTP_PORT_DEFAULT).describe('Port that viewers connect to without TLS.'),
  httpsPort: port.default(8443).describe('Port that viewers connect to with TLS.'),
  tls: tlsSettings
    .optional()
    .describe(
      'The certificate for HTTPS where a distribution has none of its own; a self-signed one when left out.',
    ),
  workers: z.int().min(1).max(256).optional().describe('Worker processes; one a core when left out.'),
  http2: http2Use.default('own').describe('What speaks HTTP/2 with viewers: our own stack, or node:http2.'),
  limits: listenLimits.describe('Bounds on what viewers may hold of one worker.'),
  proxies: proxySettings.optional().describe('Proxies in front of the edge that are believed.'),
  cacheMegabytes: megabytes.default(256).describe('Memory for cached responses, in each worker.'),
  diskMegabytes,
  sliceMegabytes,
  shields: z.array(url).min(1).optional().describe('Origin shields; the one on this machine when left out.'),
  collector: url.optional().describe('Where log records go; the one on this machine when left out.'),
  spoolMegabytes: megabytes.default(1024).describe('Bound on log records that wait for the collector.'),
  countryDatabase: z.string().optional().describe('A MaxMind country or city database of your own.'),
  cityDatabases: z
    .array(z.string())
    .min(1)
    .max(2)
    .optional()
    .describe(
      'City databases for headers that policies list, one for both families or one each; DB-IP’s without.',
    ),
  asnDatabase: z.string().optional().describe('An ASN database for such headers; the bundled one without.'),
  admin,
})

const originShield = z.strictObject({
  ...inside,
  cacheMegabytes: megabytes.default(256).describe('Memory for cached responses.'),
  diskMegabytes,
  sliceMegabytes,
  admin,
})

const analytics = z.strictObject({
  apiHost: z.string().default('0.0.0.0').describe('Address that readers of the info API connect to.'),
  apiPort: port.default(8090).describe('Port of the info API and its pages.'),
  collectorHost: inside.host,
  collectorPort: inside.port,
  clickhouseUrl: url.optional().describe('A ClickHouse server; CLICKHOUSE_URL, or embedded, when left out.'),
  clickhouseCluster: z
    .string()
    .optional()
    .describe('Cluster of that server, over which tables are spread; that server alone when left out.'),
  retentionDays: z.int().min(1).max(3660).default(100).describe('How long log records are kept.'),
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
  alexa: alexaSettings.describe('Who may ask in the form of Alexa’s web services.'),
  access: accessSettings.describe('Who may ask the info API, for what and how often.'),
  includeToday: z.boolean().default(true).describe('Whether rankings count the day that is not over yet.'),
  thumbnailer: z
    .union([url, z.array(url).min(1)])
    .optional()
    .describe(
      'The thumbnailer, or several with one store that share the sites; that of this machine without.',
    ),
  freshPictures: analyticsSettings.shape.freshPictures,
  frontPages: z
    .boolean()
    .default(true)
    .describe(
      'Whether title and contact are read from the front pages of sites, through the edge of `thumbnailer.edge`.',
    ),
  admin,
})

const thumbnailer = z.strictObject({
  ...inside,
  store: objectStoreSchema
    .optional()
    .describe('Where pictures are kept; a folder under `data` when left out.'),
  browser: z.string().optional().describe('A Chrome or Chromium of your own.'),
  allow: thumbnailerSettings.shape.allow,
  listed: thumbnailerSettings.shape.listed,
  egress: thumbnailerSettings.shape.egress,
  sandbox: thumbnailerSettings.shape.sandbox,
  collector: url
    .optional()
    .describe('Where pictures that were made are told of; the one on this machine when left out.'),
  edge: z
    .strictObject({
      host: z.string().describe('Its address.'),
      httpPort: port.describe('Its port without TLS.'),
      httpsPort: port.optional().describe('Its port with TLS.'),
    })
    .optional()
    .describe('The edge through which sites are rendered; the one on this machine when left out.'),
  admin,
})

/** A distribution with all that is said of it: what a shield knows, and where its log files go. */
const configuredDistribution = shieldDistribution.safeExtend({
  logging: loggingSchema
    .optional()
    .describe('Where its access log is delivered as CloudFront’s standard log files, hour by hour.'),
})

export type ConfiguredDistribution = z.infer<typeof configuredDistribution>

/** The whole of `selvedge.yaml`. */
export const configSchema = z.strictObject({
  node: z
    .string()
    .regex(/^(?!import$)[A-Za-z0-9][A-Za-z0-9-]{0,62}$/, 'must be letters, digits and `-`, and not `import`')
    .optional()
    .describe('Name of this machine in logs and headers; its host name when left out.'),
  key: z
    .string()
    .min(32)
    .optional()
    .describe('Key that edges, shields, collectors and thumbnailers share; made under `data` when left out.'),
  data: z.string().default('./data').describe('Where everything is kept.'),
  edge: edge.prefault({}).describe('What answers viewers.'),
  originShield: originShield.prefault({}).describe('What asks origins, for all edges.'),
  analytics: analytics.prefault({}).describe('What counts, ranks and answers the info API.'),
  thumbnailer: thumbnailer.prefault({}).describe('What makes pictures of sites.'),
  invalidation: invalidationSettings.describe(
    'Nodes that an invalidation has to reach, the same list for all; those of this machine when left out.',
  ),
  cachePolicies: ownPolicies(
    cachePolicySchema.safeExtend({ name: policyName }),
    cachePolicyReference,
  ).describe('Cache policies of your own, which behaviours name.'),
  originRequestPolicies: ownPolicies(
    originRequestPolicySchema.safeExtend({ name: policyName }),
    originRequestPolicyReference,
  ).describe('Origin request policies of your own.'),
  responseHeadersPolicies: ownPolicies(
    responseHeadersPolicySchema.safeExtend({ name: policyName }),
    responseHeadersPolicyReference,
  ).describe('Response headers policies of your own.'),
  distributions: z
    .array(configuredDistribution)
    .default([])
    .describe('The sites. Without any: what the command line names, or the demo.'),
})

/** A list of policies: none has the name of another, nor that of a managed one. */
function ownPolicies<Policy extends z.ZodType<{ name: string }>>(policy: Policy, managed: z.ZodType) {
  return z
    .array(policy)
    .default([])
    .check(({ value, issues }) => {
      const names = value.map(({ name }) => name)
      for (const [at, name] of names.entries()) {
        const path = [at, 'name']
        if (names.indexOf(name) !== at) {
          issues.push({ code: 'custom', message: 'stands twice', input: name, path })
        } else if (managed.safeParse(name).success) {
          issues.push({ code: 'custom', message: 'is the name of a managed policy', input: name, path })
        }
      }
    })
}

export type Config = z.infer<typeof configSchema>

const DEFAULT_FILE = 'selvedge.yaml'

/** The file that is read. @param file as given on the command line */
export function configFile(file: string | undefined): string {
  return file ?? DEFAULT_FILE
}

/**
 * Reads the configuration.
 *
 * @param file as given on the command line; `selvedge.yaml` if there is one, else nothing, when left out
 * @throws ConfigError naming file, field, what was found and what is allowed
 */
export function readConfig(file: string | undefined): Config {
  if (file === undefined && !existsSync(DEFAULT_FILE)) return configSchema.parse({})
  const path = configFile(file)
  const config = readSettings(configSchema, withOwnPolicies(parsed(path)), path)
  forbidTwice(config, path)
  return { ...config, ...fromFile(config, dirname(resolve(path))) }
}

function parsed(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(
      path,
      `can't be read (${(error as Error).message})`,
      'Give an existing file to --config.',
    )
  }
  const document = parseDocument(text, { lineCounter: new LineCounter() })
  const [error] = document.errors
  if (error !== undefined) throw new ConfigError(path, error.message, 'Mend the YAML there.')
  return document.toJS() ?? {}
}

/** An id or a host name that stands in two distributions would make one of them unreachable. */
function forbidTwice({ distributions }: Config, path: string): void {
  const seen = new Map<string, string>()
  for (const [at, { id, aliases }] of distributions.entries()) {
    for (const [field, value] of [
      ['id', `id ${id}`],
      ...aliases.map((alias) => ['aliases', alias]),
    ] as const) {
      const before = seen.get(value as string)
      const field_ = `${path}: distributions[${at}].${field}`
      if (before !== undefined)
        throw new ConfigError(field_, `${value} is also in ${before}`, 'Each may stand once.')
      seen.set(value as string, `distributions[${at}]`)
    }
  }
}

/** Paths in the file are relative to the file. */
function fromFile(
  config: Config,
  folder: string,
): Pick<Config, 'data' | 'distributions' | 'edge' | 'analytics'> {
  const { tls } = config.edge
  const { prices } = config.analytics
  return {
    data: resolve(folder, config.data),
    analytics: { ...config.analytics, ...(prices !== undefined && { prices: resolve(folder, prices) }) },
    edge: { ...config.edge, ...(tls && { tls: resolved(tls, folder) }) },
    distributions: config.distributions.map((distribution) => ({
      ...distribution,
      ...(distribution.viewerCertificate && {
        viewerCertificate: resolved(distribution.viewerCertificate, folder),
      }),
      ...(distribution.logging !== undefined &&
        'folder' in distribution.logging && {
          logging: { ...distribution.logging, folder: resolve(folder, distribution.logging.folder) },
        }),
      origins: distribution.origins.map((origin) =>
        'folder' in origin
          ? { ...origin, folder: { ...origin.folder, path: resolve(folder, origin.folder.path) } }
          : origin,
      ),
    })),
  }
}

function resolved<Files extends ViewerCertificate>(files: Files, folder: string): Files {
  const { cert, key, ocspResponse } = files
  return {
    ...files,
    cert: resolve(folder, cert),
    key: resolve(folder, key),
    ...(ocspResponse !== undefined && { ocspResponse: resolve(folder, ocspResponse) }),
  }
}
