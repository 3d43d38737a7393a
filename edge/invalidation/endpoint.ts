import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { queryOf } from '../distribution/target.ts'
import type { AdminRoute, Replied } from '../program/admin.ts'
import { ConfigError } from '../program/errors.ts'
import { readSettings } from '../program/settings.ts'
import type { FanOut, NodeReport } from './fan-out.ts'
import type { InvalidatingNode } from './node.ts'
import {
  type Invalidation,
  type InvalidationRequest,
  invalidationRequest,
  invalidationSchema,
  itemsOf,
} from './request.ts'
import { isBearer, isSigned, SIGNATURE_FIELD } from './signature.ts'

/** A body may name 3,000 paths of 4,000 characters, bytes. */
const BODY_BYTES_MAX = 16 * 1_048_576

/** How many of the newest `GET /invalidations` lists. */
const LISTED_MAX = 100

/** What the endpoint works with. */
export interface InvalidationEndpoint {
  nodeName: string
  instance: string
  key: string
  token: string | undefined
  node: InvalidatingNode
  fanOut: FanOut
  /** Paths of a distribution as its stored responses' targets are spelled; `undefined` when there is none with that id. */
  spelled(distribution: string, paths: readonly string[]): string[] | undefined
  /** Unix ms. */
  now(): number
}

/** Why a request is refused; `field` says where in its body. */
class Refused extends Error {
  readonly status: number
  readonly field: string | undefined

  constructor(status: number, problem: string, field?: string) {
    super(problem)
    this.status = status
    this.field = field
  }
}

/**
 * The routes on an admin port:
 *
 *     POST /invalidations         everywhere: 201, or 207 when a node failed, 502 when all did
 *     GET  /invalidations         the newest of this node
 *     POST /invalidations/apply   on this node alone; between nodes
 *     GET  /invalidations/all     those that this node remembers, `?after=ID` those since; for one that missed some
 *
 * Asked with the shared key (`Selvedge-Signature`) or, but for the last two, the bearer token.
 */
export function invalidationRoutes(endpoint: InvalidationEndpoint): readonly AdminRoute[] {
  const route = (
    method: string,
    path: string,
    answer: (body: string, target: string) => Replied | Promise<Replied>,
    admitted: readonly Admission[],
  ): AdminRoute => ({
    method,
    path,
    reply: (incoming) => replied(endpoint, incoming, answer, admitted),
  })
  return [
    route('POST', '/invalidations', (body) => issue(endpoint, body), ['key', 'token']),
    route('GET', '/invalidations', () => list(endpoint), ['key', 'token']),
    route('POST', '/invalidations/apply', (body) => apply(endpoint, body), ['key']),
    route('GET', '/invalidations/all', (_, target) => all(endpoint, target), ['key']),
  ]
}

type Admission = 'key' | 'token'

async function replied(
  endpoint: InvalidationEndpoint,
  incoming: IncomingMessage,
  answer: (body: string, target: string) => Replied | Promise<Replied>,
  admitted: readonly Admission[],
): Promise<Replied> {
  try {
    const { authorization } = incoming.headers
    const signature = incoming.headers[SIGNATURE_FIELD]
    if (authorization === undefined && signature === undefined) {
      throw new Refused(401, 'Sign with the shared key, or give the bearer token.')
    }
    const body = await bodyOf(incoming)
    const asked = { method: incoming.method ?? '', target: incoming.url ?? '', body }
    const hasKey = typeof signature === 'string' && isSigned(endpoint.key, asked, signature, endpoint.now())
    const { token } = endpoint
    const hasToken = token !== undefined && authorization !== undefined && isBearer(token, authorization)
    const isAdmitted = (hasKey && admitted.includes('key')) || (hasToken && admitted.includes('token'))
    if (!isAdmitted) throw new Refused(403, 'Neither signature nor token is good for this.')
    return await answer(body, asked.target)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const { status, message, field } = error
    return json(status, { status, detail: message, ...(field !== undefined && { field }) })
  }
}

async function issue(endpoint: InvalidationEndpoint, body: string): Promise<Replied> {
  const startedMs = performance.now()
  const asked = checked(invalidationRequest, body)
  const invalidation = invalidationOf(endpoint, asked)
  const reports = await endpoint.fanOut.spread(invalidation)
  const { id, distribution, soft, paths, tags } = invalidation
  return json(statusOf(reports), {
    id,
    distribution,
    soft,
    paths: paths.length,
    tags: tags.length,
    sequence: endpoint.node.recent.sequenceOf(id) ?? null,
    issuedAt: new Date(invalidation.issuedAtMs).toISOString(),
    tookMs: Math.round((performance.now() - startedMs) * 10) / 10,
    nodes: reports,
  })
}

/** Asked again with the same reference it is the same invalidation: nodes that missed it get it, others answer at once. */
function invalidationOf(endpoint: InvalidationEndpoint, asked: InvalidationRequest): Invalidation {
  const { distribution, soft, callerReference } = asked
  const items = itemsOf(asked)
  const paths = endpoint.spelled(distribution, items.paths)
  if (paths === undefined) throw new Refused(404, `there is no distribution ${distribution}`, 'distribution')
  const before =
    callerReference === undefined
      ? undefined
      : endpoint.node.recent.withReference(distribution, callerReference)
  if (before === undefined) {
    const id = `I${randomBytes(10).toString('hex').toUpperCase()}`
    return {
      id,
      distribution,
      soft,
      paths,
      tags: items.tags,
      ...(callerReference !== undefined && { callerReference }),
      names: items.paths.length + items.tags.length,
      issuedAtMs: endpoint.now(),
    }
  }
  const isSame =
    JSON.stringify([before.paths, before.tags, before.soft]) === JSON.stringify([paths, items.tags, soft])
  if (isSame) return before
  throw new Refused(409, `${callerReference} was used for other paths or tags before`, 'callerReference')
}

async function apply(endpoint: InvalidationEndpoint, body: string): Promise<Replied> {
  const invalidation = checked(invalidationSchema, body)
  const applied = await endpoint.node.apply(invalidation).catch((error: unknown) => {
    throw new Refused(503, error instanceof Error ? error.message : String(error))
  })
  return json(200, { node: endpoint.nodeName, instance: endpoint.instance, ...applied })
}

function list({ nodeName, node }: InvalidationEndpoint): Replied {
  const invalidations = node.recent.newest(LISTED_MAX).map(({ sequence, invalidation }) => ({
    id: invalidation.id,
    sequence,
    distribution: invalidation.distribution,
    soft: invalidation.soft,
    issuedAt: new Date(invalidation.issuedAtMs).toISOString(),
    callerReference: invalidation.callerReference,
    paths: invalidation.paths.length,
    tags: invalidation.tags.length,
    first: [...invalidation.paths.slice(0, 3), ...invalidation.tags.slice(0, 3).map((tag) => `#${tag}`)],
  }))
  return json(200, { node: nodeName, newest: node.held.newest, names: node.held.names, invalidations })
}

function all({ node }: InvalidationEndpoint, target: string): Replied {
  const after = new URLSearchParams(queryOf(target)).get('after') ?? undefined
  const invalidations = node.recent.all(after).filter(({ onlyHere }) => onlyHere === undefined)
  return json(200, { forgot: node.recent.forgot, invalidations })
}

function statusOf(reports: readonly NodeReport[]): number {
  if (reports.every(({ status }) => status === 'applied')) return 201
  return reports.some(({ status }) => status === 'applied') ? 207 : 502
}

function checked<Schema extends z.ZodType>(schema: Schema, body: string): z.infer<Schema> {
  let data: unknown
  try {
    data = JSON.parse(body)
  } catch (error) {
    throw new Refused(400, `the body is no JSON: ${(error as Error).message}`)
  }
  try {
    return readSettings(schema, data, '')
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const [field = '', ...problem] = error.message.split(': ')
    throw new Refused(400, `${problem.join(': ')}. ${error.remedy}`, field)
  }
}

/** @throws Refused (413) for one that is too long: read to its end, so that the answer arrives, but not kept */
async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk)
  }
  if (bytes > BODY_BYTES_MAX) throw new Refused(413, `The body is longer than ${BODY_BYTES_MAX} bytes.`)
  return Buffer.concat(chunks).toString('utf8')
}

function json(status: number, body: unknown): Replied {
  return { status, type: 'application/json', body: `${JSON.stringify(body, null, 2)}\n` }
}
