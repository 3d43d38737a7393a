import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { z } from 'zod'
import type { analyticsSettings } from '../analytics/settings.ts'
import { type Distribution, distributionSchema } from '../edge/distribution/schema.ts'
import type { InvalidationSettings } from '../edge/invalidation/settings.ts'
import type { TlsSettings } from '../edge/listen/tls/settings.ts'
import type { edgeSettings } from '../edge/settings.ts'
import type { ShieldDistribution } from '../origin-shield/distribution-schema.ts'
import type { shieldSettings } from '../origin-shield/settings.ts'
import type { thumbnailerSettings } from '../thumbnailer/settings.ts'
import type { Config, ConfiguredDistribution } from './config-file.ts'
import type { Identity } from './identity.ts'
import type { ProgramName } from './options.ts'
import type { InternalPort } from './ports.ts'

/** All that the four programs' settings are made of. */
export interface Ground {
  config: Config
  identity: Identity
  ports: Record<InternalPort, number>
  tls: TlsSettings
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** Those that run here. */
  programs: readonly ProgramName[]
  distributions: readonly ConfiguredDistribution[]
}

/** The settings of each program. Each gets its own slice: an edge learns of no origin, only a shield has its keys. */
export type Plan = {
  edge: z.input<typeof edgeSettings>
  'origin-shield': z.input<typeof shieldSettings>
  analytics: z.input<typeof analyticsSettings>
  thumbnailer: z.input<typeof thumbnailerSettings>
} & Record<ProgramName, unknown>

const MEGABYTE = 1_048_576

/** Works out who is told what, and who finds whom where. */
export function planOf(ground: Ground): Plan {
  return { ...edgePlan(ground), ...shieldPlan(ground), ...analyticsPlan(ground), ...thumbnailerPlan(ground) }
}

function edgePlan(ground: Ground): Pick<Plan, 'edge'> {
  const { config, identity, ports, tls, logLevel, distributions } = ground
  const { edge } = config
  return {
    edge: {
      ...identity,
      logLevel,
      admin: adminOf(edge.admin, ports.edgeAdmin),
      ...(edge.host !== undefined && { host: edge.host }),
      httpPort: edge.httpPort,
      httpsPort: edge.httpsPort,
      tls,
      workers: edge.workers ?? availableParallelism(),
      http2: edge.http2,
      limits: edge.limits,
      proxies: edge.proxies,
      cacheBytes: Math.round(edge.cacheMegabytes * MEGABYTE),
      sliceBytes: Math.round(edge.sliceMegabytes * MEGABYTE),
      disk: diskOf(join(config.data, 'edge-cache'), edge.diskMegabytes),
      invalidation: invalidationOf(ground),
      shields: edge.shields ?? [loopback(ports.shield)],
      collector: edge.collector ?? loopback(ports.collector),
      spool: { directory: join(config.data, 'spool'), bytesMax: Math.round(edge.spoolMegabytes * MEGABYTE) },
      countryDatabase: edge.countryDatabase,
      cityDatabases: edge.cityDatabases,
      asnDatabase: edge.asnDatabase,
      distributions: distributions.map(withoutOrigins),
    },
  }
}

function shieldPlan(ground: Ground): Pick<Plan, 'origin-shield'> {
  const { config, identity, ports, logLevel, distributions } = ground
  const { originShield } = config
  return {
    'origin-shield': {
      ...identity,
      logLevel,
      admin: adminOf(originShield.admin, ports.shieldAdmin),
      listen: { host: originShield.host, port: ports.shield },
      cacheBytes: Math.round(originShield.cacheMegabytes * MEGABYTE),
      sliceBytes: Math.round(originShield.sliceMegabytes * MEGABYTE),
      disk: diskOf(join(config.data, 'shield-cache'), originShield.diskMegabytes),
      invalidation: invalidationOf(ground),
      distributions: distributions.map(withoutLogging),
    },
  }
}

function analyticsPlan({
  config,
  identity,
  ports,
  logLevel,
  distributions,
}: Ground): Pick<Plan, 'analytics'> {
  const { analytics } = config
  return {
    analytics: {
      ...identity,
      logLevel,
      admin: adminOf(analytics.admin, ports.analyticsAdmin),
      api: { host: analytics.apiHost, port: analytics.apiPort },
      collector: { host: analytics.collectorHost, port: ports.collector },
      data: join(config.data, 'clickhouse'),
      clickhouseUrl: analytics.clickhouseUrl ?? process.env.CLICKHOUSE_URL,
      clickhouseCluster: analytics.clickhouseCluster,
      thumbnailerUrl: analytics.thumbnailer ?? loopback(ports.thumbnailer),
      freshPictures: analytics.freshPictures,
      edge: analytics.frontPages ? (config.thumbnailer.edge ?? edgeHere(config.edge)) : undefined,
      retentionDays: analytics.retentionDays,
      honourDoNotTrack: analytics.honourDoNotTrack,
      asnDatabase: analytics.asnDatabase,
      prices: analytics.prices,
      ranking: analytics.ranking,
      includeToday: analytics.includeToday,
      alexa: analytics.alexa,
      access: analytics.access,
      distributions: distributions.map(({ id, aliases, site, category, logging }) => ({
        id,
        aliases,
        site,
        category,
        logging,
      })),
    },
  }
}

function thumbnailerPlan({
  config,
  identity,
  ports,
  logLevel,
  distributions,
}: Ground): Pick<Plan, 'thumbnailer'> {
  const { thumbnailer, edge } = config
  return {
    thumbnailer: {
      ...identity,
      logLevel,
      admin: adminOf(thumbnailer.admin, ports.thumbnailerAdmin),
      listen: { host: thumbnailer.host, port: ports.thumbnailer },
      fronted: distributions.flatMap(({ aliases }) => aliases),
      edge: thumbnailer.edge ?? edgeHere(edge),
      store: thumbnailer.store ?? { folder: join(config.data, 'thumbnails') },
      dataFolder: join(config.data, 'browser'),
      billing: {
        collector: thumbnailer.collector ?? loopback(ports.collector),
        spool: join(config.data, 'thumbnailer-spool'),
      },
      browser: thumbnailer.browser,
      allow: thumbnailer.allow,
      listed: thumbnailer.listed,
      egress: thumbnailer.egress,
      sandbox: thumbnailer.sandbox,
    },
  }
}

function diskOf(directory: string, megabytes: number) {
  return megabytes === 0 ? undefined : { directory, bytesMax: Math.round(megabytes * MEGABYTE) }
}

/** Whom an invalidation has to reach: as configured, else what runs here. */
function invalidationOf({ config, ports, programs }: Ground): InvalidationSettings {
  const { shields, edges, token } = config.invalidation
  if (shields.length + edges.length > 0) return { shields, edges, token }
  return {
    shields: programs.includes('origin-shield')
      ? [adminUrl(config.originShield.admin, ports.shieldAdmin)]
      : [],
    edges: programs.includes('edge') ? [adminUrl(config.edge.admin, ports.edgeAdmin)] : [],
    token,
  }
}

/** Where an admin port of this machine is found from here. */
export function adminUrl(given: { host: string } | undefined, port: number): string {
  const { host } = adminOf(given, port)
  if (host === '0.0.0.0') return loopback(port)
  if (host === '::') return `http://[::1]:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function adminOf(given: { host: string; port?: number | undefined } | undefined, port: number) {
  return { host: given?.host ?? '127.0.0.1', port }
}

/** By which our own programs open fronted sites. */
function edgeHere({ httpPort, httpsPort }: Config['edge']) {
  return { host: '127.0.0.1', httpPort, httpsPort }
}

function loopback(port: number): string {
  return `http://127.0.0.1:${port}`
}

/** What a shield may know of a distribution: log files have keys of their own. */
function withoutLogging({ logging: _logging, ...distribution }: ConfiguredDistribution): ShieldDistribution {
  return distribution
}

/** What an edge may know of a distribution. */
function withoutOrigins({
  origins: _origins,
  originGroups: _groups,
  logging: _logging,
  ...distribution
}: ConfiguredDistribution): Distribution {
  return distributionSchema.parse(distribution)
}
