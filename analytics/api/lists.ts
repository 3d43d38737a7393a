import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { zipSync } from 'fflate'
import { z } from 'zod'
import type { Figures } from '../queries/figures.ts'
import type { StableList } from '../queries/lists.ts'
import { cursorParameter, next, partOf } from './cursor.ts'
import { COMMON_PROBLEMS, problemOf, problemResponse, sendProblem } from './problem.ts'
import { answerWith, day } from './words.ts'

const LISTS_MAX = 366

const query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(LISTS_MAX).default(31).describe('How many lists at most.'),
  cursor: cursorParameter,
})

/** A list never changes. Seconds. */
const FOR_EVER = 31_536_000

const listParams = z.strictObject({
  id: z
    .string()
    .regex(/^[2-9a-z]{10}$/, 'is no id of a list')
    .describe('The permanent id of a list.')
    .meta({ examples: ['k4wq7xz2mt'] }),
})

const share = z.number().min(0).max(1)

const difference = z
  .object({
    changed: z
      .object({ top100: share, top1000: share })
      .describe('Share of the first 100 and 1,000 sites that were not among them then.'),
    overlap: share.describe('Rank-biased overlap (p = 0.99) of the first 1,000; 1 is the same order.'),
  })
  .nullable()

const list = z
  .object({
    id: z.string(),
    day: day.describe('Its last day.'),
    sites: z.int().min(0).describe('How many sites it has.'),
    sha256: z.string().describe('Of its CSV, in hexadecimal.'),
    configuration: z.record(z.string(), z.unknown()).describe('All that it was made by; the id is its hash.'),
    stability: z
      .object({ day: difference, week: difference })
      .describe('How it differs from the list of the day before, and of 7 days before; `null` without one.'),
    links: z.object({ csv: z.string(), zip: z.string() }).describe('Paths on this server.'),
  })
  .meta({ id: 'StableList', description: 'A stable list, without its sites.' })

const lists = z
  .object({ items: z.array(list), next })
  .meta({ id: 'StableLists', description: 'Newest first.' })

/** `GET /v1/lists`, `/v1/lists/{id}`, and its sites as `…/top.csv` and `…/top.csv.zip` */
export function addLists(app: FastifyInstance, figures: Figures): void {
  const typed = app.withTypeProvider<ZodTypeProvider>()
  typed.route({
    method: 'GET',
    url: '/v1/lists',
    config: { scope: 'rankings:read' },
    schema: {
      operationId: 'getLists',
      summary: 'Stable lists',
      description:
        'One a day: the rankings of the last 30 days added up by 1/rank (Dowdall), so that a day moves ' +
        'little. Each has a permanent id, and never changes.',
      tags: ['rankings'],
      querystring: query,
      response: { 200: answerWith(lists, 'The lists.'), ...COMMON_PROBLEMS },
    },
    handler: async (request, reply) => {
      const part = await partOf({ request, reply, of: [figures.today()] }, ({ limit, offset }) =>
        figures.lists(limit, offset),
      )
      return { items: part.items.map(answerOf), next: part.next }
    },
  })
  typed.route({
    method: 'GET',
    url: '/v1/lists/:id',
    config: { scope: 'rankings:read' },
    schema: {
      operationId: 'getList',
      summary: 'One stable list',
      description: 'What it was made by and how stable it is.',
      tags: ['rankings'],
      params: listParams,
      response: { 200: answerWith(list, 'The list.'), ...COMMON_PROBLEMS, 404: UNKNOWN },
    },
    handler: async (request, reply) => {
      const found = await figures.list(request.params.id)
      return found === undefined ? sendProblem(reply, unknownList(request.params.id)) : answerOf(found)
    },
  })
  addFile(app, figures, {
    name: 'top.csv',
    type: 'text/csv',
    operationId: 'getListCsv',
    bodyOf: (csv) => csv,
  })
  addFile(app, figures, {
    name: 'top.csv.zip',
    type: 'application/zip',
    operationId: 'getListZip',
    bodyOf: (csv, madeOn) => zipOf('top.csv', csv, madeOn),
  })
}

/** A list's sites in one form. */
interface ListFile {
  name: string
  type: string
  operationId: string
  bodyOf(csv: string, madeOn: string): string | Buffer
}

function addFile(
  app: FastifyInstance,
  figures: Figures,
  { name, type, operationId, bodyOf }: ListFile,
): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: `/v1/lists/:id/${name}`,
    config: { scope: 'rankings:read' },
    schema: {
      operationId,
      summary: `The sites of a stable list, as ${name}`,
      description: '`rank,domain` a line, best first, without a head. Sites that share a rank repeat it.',
      tags: ['rankings'],
      params: listParams,
      response: {
        200: { description: 'The sites.', content: { [type]: { schema: z.any() } } },
        ...COMMON_PROBLEMS,
        404: UNKNOWN,
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const found = await figures.list(id)
      if (found === undefined) return sendProblem(reply, unknownList(id))
      const csv = await figures.csvOfList(found)
      return reply
        .type(type)
        .header('Cache-Control', `public, max-age=${FOR_EVER}, immutable`)
        .header('Content-Disposition', `attachment; filename="selvedge-${id}-${name}"`)
        .send(bodyOf(csv, found.day))
    },
  })
}

/** An archive of one file, dated with the list, so that it too is always the same bytes. */
export function zipOf(name: string, csv: string, madeOn: string): Buffer {
  return Buffer.from(zipSync({ [name]: Buffer.from(csv) }, { mtime: `${madeOn}T00:00:00` }))
}

const UNKNOWN = problemResponse('No list has this id.')

function unknownList(id: string) {
  return problemOf('unknown-list', `No list is called ${id}.`, {
    field: 'id',
    remedy: 'The last ones are listed by /v1/lists.',
  })
}

function answerOf({ list: id, day: last, sites, digest, configuration, stability }: StableList) {
  const links = { csv: `/v1/lists/${id}/top.csv`, zip: `/v1/lists/${id}/top.csv.zip` }
  return { id, day: last, sites, sha256: digest, configuration, stability, links }
}
