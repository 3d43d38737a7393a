import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Reports } from '../reports/reports.ts'
import { COMMON_PROBLEMS } from './problem.ts'
import { distributionParams, REPORT_PROBLEMS, reportDays, reportOn, untilDay } from './report-request.ts'
import { answerWith, bytes, count, day, requests } from './words.ts'

/** CloudFront tells of so many objects and referrers. */
const OBJECTS = 50
const REFERRERS = 25

const share = z.number().min(0).max(1).nullable().describe('Of all requests.')
const limit = z.coerce.number().int().min(1).max(1_000)
const daysQuery = z.strictObject(reportDays)

const about = { distribution: z.string(), from: day, to: untilDay }

const listQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(92).default(7).describe('How many days, today so far included.'),
})

const list = z
  .object({
    from: day,
    to: untilDay,
    items: z.array(
      z.object({
        id: z.string().meta({ examples: ['shop'] }),
        requests,
        bytes,
        lastHour: z.iso.datetime().nullable().describe('Last hour (UTC) in which it answered anything.'),
      }),
    ),
  })
  .meta({ id: 'Distributions', description: 'Distributions, most requests first.' })

const objects = z
  .object({
    ...about,
    items: z.array(
      z.object({
        object: z
          .string()
          .describe('The path, without the query.')
          .meta({ examples: ['/index.html'] }),
        requests,
        hits: count,
        misses: count,
        hitRatio: z.number().min(0).max(1).nullable().describe('Hits of hits and misses.'),
        bytes,
        bytesFromMisses: count,
        incompleteDownloads: count,
        statuses: z.object({ '2xx': count, '3xx': count, '4xx': count, '5xx': count }),
      }),
    ),
  })
  .meta({ id: 'PopularObjects', description: 'Objects with most requests, most first.' })

const referrers = z
  .object({
    ...about,
    requests,
    withoutReferrer: count.describe('Requests that name no host they come from.'),
    items: z.array(z.object({ host: z.string(), requests, bytes, share })),
  })
  .meta({ id: 'TopReferrers', description: 'Hosts whose pages led here, most requests first.' })

const shares = (what: string) =>
  z
    .array(z.object({ value: z.string().nullable(), requests, bytes, share }))
    .describe(`${what} \`null\` is unknown.`)

const viewers = z
  .object({
    ...about,
    country: shares('ISO 3166-1 alpha-2; the 50 with most requests.'),
    device: shares('Desktop, Mobile, Tablet, Smart-TV, Bot or Unknown, by the User-Agent.'),
    browser: shares('By the User-Agent.'),
    os: shares('Operating system, by the User-Agent.'),
    http: shares('As `HTTP/2.0`.'),
    tls: shares('As `TLSv1.3`; `null` without TLS.'),
  })
  .meta({ id: 'Viewers', description: 'Requests by what viewers came with, and from where.' })

/** `GET /v1/distributions` and `…/{id}/reports/popular-objects`, `…/top-referrers` and `…/viewers` */
export function addTopReports(app: FastifyInstance, reports: Reports): void {
  const typed = app.withTypeProvider<ZodTypeProvider>()
  typed.route({
    method: 'GET',
    url: '/v1/distributions',
    config: { scope: 'reports:read' },
    schema: {
      operationId: 'getDistributions',
      summary: 'Distributions that there are reports on',
      tags: ['distributions'],
      querystring: listQuery,
      response: { 200: answerWith(list, 'The distributions.'), ...COMMON_PROBLEMS },
    },
    handler: async (request) => {
      const span = reports.daysUntil(reports.today(), request.query.days)
      return { ...span, items: await reports.distributions(span) }
    },
  })
  typed.route({
    method: 'GET',
    url: '/v1/distributions/:id/reports/popular-objects',
    config: { scope: 'reports:read' },
    schema: {
      operationId: 'getPopularObjects',
      summary: 'Objects with most requests',
      tags: ['distributions'],
      params: distributionParams,
      querystring: daysQuery.extend({ limit: limit.default(OBJECTS).describe('How many objects at most.') }),
      response: { 200: answerWith(objects, 'The report.'), ...REPORT_PROBLEMS },
    },
    handler: (request) =>
      reportOn(reports, request, async (of) => {
        const found = await reports.popularObjects(of, request.query.limit)
        const items = found.map(({ status2xx, status3xx, status4xx, status5xx, ...object }) => ({
          ...object,
          bytesFromMisses: object.missBytes,
          incompleteDownloads: object.incomplete,
          statuses: { '2xx': status2xx, '3xx': status3xx, '4xx': status4xx, '5xx': status5xx },
        }))
        return { ...of, items }
      }),
  })
  typed.route({
    method: 'GET',
    url: '/v1/distributions/:id/reports/top-referrers',
    config: { scope: 'reports:read' },
    schema: {
      operationId: 'getTopReferrers',
      summary: 'Hosts whose pages led here',
      tags: ['distributions'],
      params: distributionParams,
      querystring: daysQuery.extend({ limit: limit.default(REFERRERS).describe('How many hosts at most.') }),
      response: { 200: answerWith(referrers, 'The report.'), ...REPORT_PROBLEMS },
    },
    handler: (request) =>
      reportOn(reports, request, async (of) => ({
        ...of,
        ...(await reports.topReferrers(of, request.query.limit)),
      })),
  })
  typed.route({
    method: 'GET',
    url: '/v1/distributions/:id/reports/viewers',
    config: { scope: 'reports:read' },
    schema: {
      operationId: 'getViewers',
      summary: 'Viewers by country, device, browser, system, HTTP and TLS version',
      tags: ['distributions'],
      params: distributionParams,
      querystring: daysQuery,
      response: { 200: answerWith(viewers, 'The report.'), ...REPORT_PROBLEMS },
    },
    handler: (request) =>
      reportOn(reports, request, async (of) => ({ ...of, ...(await reports.viewers(of)) })),
  })
}
