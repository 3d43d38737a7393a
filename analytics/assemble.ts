import { openAsns } from '../edge/geo/database/asn.ts'
import { serveAdmin } from '../edge/program/admin.ts'
import type { Starting } from '../edge/program/run.ts'
import { serveInfoApi } from './api/serve.ts'
import { openClickHouse } from './clickhouse/connect.ts'
import { prepareClickHouse } from './clickhouse/prepare.ts'
import { createEventRowOf } from './collect/event-line.ts'
import { createRowWriter } from './collect/row.ts'
import { keepSalts } from './collect/salts.ts'
import { createSegmentStore } from './collect/segment-store.ts'
import { serveCollector } from './collect/serve.ts'
import { keepDaily } from './daily/schedule.ts'
import { createUpkeep } from './daily/upkeep.ts'
import { keepDelivering } from './delivery/schedule.ts'
import { createStatements } from './delivery/statements.ts'
import { startMeters } from './meters.ts'
import { formulaOf } from './ranking/formula.ts'
import type { AnalyticsSettings, FrontedDistribution } from './settings.ts'
import { readPriceBook } from './usage/price-book.ts'

/**
 * Makes analytics, from ClickHouse to the ports, and lets it listen.
 *
 * @param now the clock by which days begin and end, Unix ms
 * @throws ConfigError @throws DataDirectoryUnusable @throws ClickHouseRefuses @throws PortInUse
 */
export async function assembleAnalytics(
  { settings, log, parts }: Starting<AnalyticsSettings>,
  now: () => number = Date.now,
): Promise<void> {
  const { key, retentionDays, thumbnailerUrl, includeToday, alexa, access, distributions } = settings
  const categories = categoriesOf(distributions)
  const formula = formulaOf(settings.ranking, categories)
  const asnOf = await openAsns({ path: settings.asnDatabase, field: 'analytics.asnDatabase', log })
  const prices = settings.prices === undefined ? undefined : await readPriceBook(settings.prices)
  const clickhouse = parts.use(await openClickHouse(settings))
  const tables = parts.use(await prepareClickHouse(clickhouse, { retentionDays, log }))
  const isPrepared = () => tables.done
  const salts = parts.use(keepSalts(clickhouse.ingest, { now, log, layout: clickhouse.layout }))
  const store = parts.use(
    createSegmentStore({
      insert: clickhouse.insert,
      isPrepared,
      saltOf: salts.of,
      writeRow: createRowWriter({ distributions, asnOf, honourDoNotTrack: settings.honourDoNotTrack }),
      eventRowOf: createEventRowOf(distributions),
      retentionDays,
      now,
    }),
  )
  const meters = startMeters(store)
  parts.use(keepDaily({ upkeep: createUpkeep(clickhouse), isPrepared, retentionDays, formula, log, now }))
  parts.use(
    await keepDelivering({
      statements: createStatements(clickhouse),
      distributions: settings.distributions,
      isPrepared,
      log,
      now,
    }),
  )

  parts.use(await serveCollector({ at: settings.collector, key, store, meters, log, now }))
  const { query, background, layout } = clickhouse
  parts.use(
    await serveInfoApi({
      at: settings.api,
      query,
      background,
      layout,
      key,
      thumbnailerUrl,
      freshPictures: settings.freshPictures,
      ...(settings.edge !== undefined && { frontPages: { edge: settings.edge, ingest: clickhouse.ingest } }),
      includeToday,
      formula,
      alexa,
      access,
      categories: [...new Set(categories.values())],
      distributions: settings.distributions.map(({ id }) => id),
      prices,
      log,
      now,
    }),
  )
  const unready = () => (tables.done ? store.problem : 'ClickHouse is away')
  parts.use(await serveAdmin(settings.admin, { unready, metrics: meters.text }))
}

/** By distribution's id, of those that have one. */
export function categoriesOf(distributions: readonly FrontedDistribution[]): Map<string, string> {
  return new Map(
    distributions.flatMap(({ id, category }) => (category === undefined ? [] : [[id, category]])),
  )
}
