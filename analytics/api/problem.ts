import type { FastifyReply } from 'fastify'
import { z } from 'zod'

/** Every way in which a request gets no answer. The word is `code` of the problem and never changes. */
const PROBLEMS = {
  'bad-parameter': { status: 400, title: 'A parameter can not be used' },
  'bad-request': { status: 400, title: 'The request can not be understood' },
  'key-needed': { status: 401, title: 'A key is needed' },
  'unknown-key': { status: 401, title: 'The key is not known' },
  'not-for-this-key': { status: 403, title: 'The key is not for this' },
  'unknown-distribution': { status: 404, title: 'No such distribution' },
  'unknown-list': { status: 404, title: 'No such list' },
  'unknown-site': { status: 404, title: 'No such site' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'read-only': { status: 405, title: 'Nothing can be changed here' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  failed: { status: 500, title: 'Something went wrong' },
  'thumbnailer-failed': { status: 502, title: 'The thumbnailer gave no picture' },
  'figures-unavailable': { status: 503, title: 'The figures can not be had right now' },
  'thumbnailer-down': { status: 503, title: 'The thumbnailer can not be reached' },
  'thumbnailer-slow': { status: 504, title: 'The thumbnailer took too long' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof PROBLEMS

/** Why there is no answer. */
export interface Problem {
  status: number
  title: string
  code: string
  /** A sentence on this very case. */
  detail: string
  /** The parameter that is wrong. */
  field?: string
  /** What to do about it. */
  remedy?: string
  retryAfterSeconds?: number
}

/** Thrown where a request is refused for a reason that its sender is told. */
export class Refusal extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

/** Body of `application/problem+json` (RFC 9457 §3.1); `code`, `field` and `remedy` extend it (§3.2). */
export const problemSchema = z
  .object({
    title: z.string().describe('What kind of problem it is.'),
    status: z.int().describe('The HTTP status.'),
    code: z.string().describe('A word for the kind of problem, which never changes.'),
    detail: z.string().describe('What is wrong in this case.'),
    field: z.string().optional().describe('The parameter that is wrong.'),
    remedy: z.string().optional().describe('What to do about it.'),
  })
  .meta({
    id: 'Problem',
    description: 'Why there is no answer (RFC 9457).',
    examples: [
      {
        title: 'A parameter can not be used',
        status: 400,
        code: 'bad-parameter',
        detail: 'limit: Too big: expected number to be <=1000',
        field: 'limit',
        remedy: 'At most 1000 is allowed.',
      },
    ],
  })

/** Makes a problem of a kind that we know. */
export function problemOf(
  code: ProblemCode,
  detail: string,
  more: Pick<Problem, 'field' | 'remedy' | 'retryAfterSeconds'> = {},
): Problem {
  return { ...PROBLEMS[code], code, detail, ...more }
}

/** Answers with the problem as JSON. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { retryAfterSeconds, ...body } = problem
  if (retryAfterSeconds !== undefined) reply.header('Retry-After', retryAfterSeconds)
  return reply
    .code(problem.status)
    .header('Content-Type', 'application/problem+json')
    .header('Cache-Control', 'no-store')
    .send(`${JSON.stringify(body)}\n`)
}

/** A problem in a route's list of responses. */
export function problemResponse(description: string) {
  return { description, content: { 'application/problem+json': { schema: problemSchema } } }
}

/** What every route may answer besides its own. */
export const COMMON_PROBLEMS = {
  400: problemResponse('A parameter can not be used: `field` names it, `remedy` says what is allowed.'),
  401: problemResponse('A key is needed, or the one that was sent is not known.'),
  403: problemResponse('The key is not for this.'),
  429: problemResponse(
    'Too many requests from one network or with one key; `Retry-After` says when to come back.',
  ),
  503: problemResponse('ClickHouse gave no answer in time; `Retry-After` says when to come back.'),
}
