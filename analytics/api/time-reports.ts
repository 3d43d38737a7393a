import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { METRICS } from '../reports/metrics.ts'
import { GRANULARITIES } from '../reports/period.ts'
import type { Reports } from '../reports/reports.ts'
import { shareOf, type Traffic } from '../reports/traffic.ts'
import {
  distributionParams,
  granularity,
  REPORT_PROBLEMS,
  reportDays,
  reportOn,
  untilDay,
} from './report-request.ts'
import { answerWith, bytes, count, day, requests } from './words.ts'

const share = z.number().min(0).max(1).nullable()
const milliseconds = z.number().min(0).nullable()

const query = z.strictObject({ ...reportDays, granularity: granularity.default('day') })

const at = z.iso
  .datetime()
  .describe('Beginning of the period.')
  .meta({ examples: ['2026-07-25T12:00:00Z'] })

/** What a report by periods says of itself and of each of them. */
function byPeriod<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.object({
    distribution: z.string(),
    from: day,
    to: untilDay,
    granularity,
    total: z.object(shape).describe('Of all days together.'),
    items: z.array(z.object({ at, ...shape })).describe('Each period that has begun, oldest first.'),
  })
}

const statistics = {
  requests,
  hits: count.describe('GET and HEAD answered from the cache, those included that the origin confirmed.'),
  refreshHits: count.describe('Those among the hits that the origin confirmed.'),
  misses: count.describe('GET and HEAD answered by the origin.'),
  errors: count.describe('Statuses from 400 on, and answers that broke off.'),
  redirects: count.describe('Answers of the edge itself, such as redirects to HTTPS.'),
  other: count.describe('Neither of these: other methods, which nothing is cached of.'),
  hitRatio: share.describe('CloudFront’s: hits of hits and misses, so without errors and other methods.'),
  byteHitRatio: share.describe('The same of bytes sent.'),
  bytes,
  bytesFromMisses: count.describe('Bytes sent of what the origin answered.'),
  statuses: z
    .object({ '2xx': count, '3xx': count, '4xx': count, '5xx': count, other: count })
    .describe('Responses by class of status; `other` are viewers who left before there was one.'),
  incompleteDownloads: count.describe('GETs of which the viewer got less than was announced.'),
  incompleteShare: share.describe('Of all GETs.'),
  originLatencyMs: z
    .object({ p50: milliseconds, p90: milliseconds, p99: milliseconds })
    .describe('To the head of the origin’s response, where it was asked; percentiles by t-digest.'),
}

const cacheStatistics = byPeriod(statistics).meta({
  id: 'CacheStatistics',
  description: 'How a distribution was answered.',
})

function statisticsOf(traffic: Traffic) {
  const { requests, hits, misses, errors, redirects, originMs } = traffic
  const [p50, p90, p99] = originMs
  return {
    requests,
    hits,
    refreshHits: traffic.refreshHits,
    misses,
    errors,
    redirects,
    other: requests - hits - misses - errors - redirects,
    hitRatio: shareOf(hits, traffic.cacheable),
    byteHitRatio: shareOf(traffic.hitBytes, traffic.cacheableBytes),
    bytes: traffic.bytesOut,
    bytesFromMisses: traffic.missBytes,
    statuses: {
      '2xx': traffic.status2xx,
      '3xx': traffic.status3xx,
      '4xx': traffic.status4xx,
      '5xx': traffic.status5xx,
      other: traffic.statusOther,
    },
    incompleteDownloads: traffic.incomplete,
    incompleteShare: shareOf(traffic.incomplete, traffic.gets),
    originLatencyMs: { p50, p90, p99 },
  }
}

const used = {
  http: count.describe('Requests without TLS.'),
  https: count.describe('Requests with TLS.'),
  httpBytes: count.describe('Bytes sent without TLS.'),
  httpsBytes: count.describe('Bytes sent with TLS.'),
  bytesIn: count.describe('Bytes received from viewers, heads included.'),
  bytesOut: bytes,
}

const usage = byPeriod(used).meta({
  id: 'DistributionUsage',
  description: 'What CloudFront’s usage report has.',
})

function usedOf({ requests, requestsHttps, bytesOut, bytesOutHttps, bytesIn }: Traffic) {
  return {
    http: requests - requestsHttps,
    https: requestsHttps,
    httpBytes: bytesOut - bytesOutHttps,
    httpsBytes: bytesOutHttps,
    bytesIn,
    bytesOut,
  }
}

const metricsQuery = z.strictObject({
  ...reportDays,
  granularity: granularity.default('hour').describe('CloudWatch’s period: 3600 or 86400 seconds.'),
})

const metrics = z
  .object({
    namespace: z.literal('AWS/CloudFront').describe('Whose names these are.'),
    dimensions: z.object({ DistributionId: z.string(), Region: z.literal('Global') }),
    from: day,
    to: untilDay,
    periodSeconds: z.int(),
    timestamps: z.array(at).describe('Beginnings of the periods, oldest first.'),
    metrics: z.array(
      z.object({
        name: z.string().meta({ examples: ['CacheHitRate'] }),
        statistic: z.enum(['Sum', 'Average', 'p50', 'p90', 'p99']),
        unit: z.enum(['None', 'Bytes', 'Percent', 'Milliseconds']),
        values: z
          .array(z.number().nullable())
          .describe('One for each timestamp; `null` where there is nothing to take an average of.'),
      }),
    ),
  })
  .meta({ id: 'Metrics', description: 'Metrics by CloudWatch’s names.' })

/** `GET /v1/distributions/{id}/reports/cache-statistics`, `…/reports/usage` and `…/metrics` */
export function addTimeReports(app: FastifyInstance, reports: Reports): void {
  const typed = app.withTypeProvider<ZodTypeProvider>()
  typed.route({
    method: 'GET',
    url: '/v1/distributions/:id/reports/cache-statistics',
    config: { scope: 'reports:read' },
    schema: {
      operationId: 'getCacheStatistics',
      summary: 'Requests, hits, statuses and the origin’s latency',
      tags: ['distributions'],
      params: distributionParams,
      querystring: query,
      response: { 200: answerWith(cacheStatistics, 'The report.'), ...REPORT_PROBLEMS },
    },
    handler: (request) =>
      reportOn(reports, request, async (of) => {
        const { granularity } = request.query
        const { total, periods } = await reports.traffic(of, GRANULARITIES[granularity])
        const items = periods.map((period) => ({ at: period.at, ...statisticsOf(period) }))
        return { ...of, granularity, total: statisticsOf(total), items }
      }),
  })
  typed.route({
    method: 'GET',
    url: '/v1/distributions/:id/reports/usage',
    config: { scope: 'reports:read' },
    schema: {
      operationId: 'getDistributionUsage',
      summary: 'Requests and bytes with and without TLS',
      tags: ['distributions'],
      params: distributionParams,
      querystring: query,
      response: { 200: answerWith(usage, 'The report.'), ...REPORT_PROBLEMS },
    },
    handler: (request) =>
      reportOn(reports, request, async (of) => {
        const { granularity } = request.query
        const { total, periods } = await reports.traffic(of, GRANULARITIES[granularity])
        const items = periods.map((period) => ({ at: period.at, ...usedOf(period) }))
        return { ...of, granularity, total: usedOf(total), items }
      }),
  })
  typed.route({
    method: 'GET',
    url: '/v1/distributions/:id/metrics',
    config: { scope: 'reports:read' },
    schema: {
      operationId: 'getMetrics',
      summary: 'Metrics by CloudWatch’s names',
      tags: ['distributions'],
      params: distributionParams,
      querystring: metricsQuery,
      response: { 200: answerWith(metrics, 'The metrics.'), ...REPORT_PROBLEMS },
    },
    handler: (request) =>
      reportOn(reports, request, async (of) => {
        const periodSeconds = GRANULARITIES[request.query.granularity]
        const { periods } = await reports.traffic(of, periodSeconds)
        return {
          namespace: 'AWS/CloudFront' as const,
          dimensions: { DistributionId: of.distribution, Region: 'Global' as const },
          from: of.from,
          to: of.to,
          periodSeconds,
          timestamps: periods.map((period) => period.at),
          metrics: METRICS.map(({ of: read, ...metric }) => ({ ...metric, values: periods.map(read) })),
        }
      }),
  })
}
