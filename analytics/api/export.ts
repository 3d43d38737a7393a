import { hash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { EXPORT_FORMATS, EXPORT_ROWS_MAX, type ExportFormat, type Exports } from '../queries/export.ts'
import { isKnown } from './freshness.ts'
import { COMMON_PROBLEMS } from './problem.ts'
import { among, closedWindow, notBoth, ofDay } from './published-rankings.ts'

const TYPES: Record<ExportFormat, string> = {
  csv: 'text/csv; charset=utf-8; header=present',
  parquet: 'application/vnd.apache.parquet',
}

const query = z
  .strictObject({
    window: closedWindow.default('28d'),
    format: z.enum(EXPORT_FORMATS).default('csv').describe('The form of the file.'),
    limit: z.coerce
      .number()
      .int()
      .min(1)
      .max(EXPORT_ROWS_MAX)
      .default(EXPORT_ROWS_MAX)
      .describe('How many sites at most.'),
    ...among,
  })
  .refine(...notBoth)

/** `GET /v1/rankings/{day}/export` */
export function addExport(app: FastifyInstance, exports: Exports): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/v1/rankings/:day/export',
    config: { scope: 'export' },
    schema: {
      operationId: 'exportRankings',
      summary: 'A ranking as a file',
      description:
        'CSV (RFC 4180, with a head) or Parquet, with the columns of `PublishedRankings`, best first. It has no ' +
        'rows where there is no ranking. `ETag` changes when the ranking does.',
      tags: ['rankings'],
      params: ofDay,
      querystring: query,
      response: {
        200: {
          description: 'The file.',
          content: { 'text/csv': { schema: z.any() }, [TYPES.parquet]: { schema: z.any() } },
        },
        304: z.null().describe('It has not changed.'),
        ...COMMON_PROBLEMS,
      },
    },
    handler: async (request, reply) => {
      const { day } = request.params
      const { window, format, limit, country, category } = request.query
      const version = await exports.versionOf({ window, day })
      // Weak: what is in it is the same, not necessarily each byte.
      const tag = `W/"${hash('sha256', JSON.stringify([version, day, request.query]), 'base64url')}"`
      reply.header('ETag', tag)
      if (isKnown(request, tag)) return reply.code(304).send(null)
      const file = await exports.ranking({ window, day, format, limit, among: { country, category } })
      return reply
        .type(TYPES[format])
        .header('Content-Disposition', `attachment; filename="selvedge-${day}-${window}.${format}"`)
        .send(file)
    },
  })
}
