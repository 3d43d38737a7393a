import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import type { Logger } from 'pino'
import { describeError } from '../../edge/program/errors.ts'
import { problemPage } from '../pages/problem-page.ts'
import { QueryFailed } from '../queries/ask.ts'
import { type Problem, problemOf, Refusal, sendProblem } from './problem.ts'

/** One finding of zod's, as fastify-type-provider-zod hands it on. */
interface Finding {
  keyword: string
  instancePath: string
  message?: string | undefined
  params: {
    /** What a rule of ours says (`refine`). */
    params?: { remedy?: unknown }
    expected?: unknown
    values?: unknown
    minimum?: unknown
    maximum?: unknown
    keys?: unknown
  }
}

const PATHS = 'The paths for programs are listed in /openapi.json.'
/** For who has a browser. */
const WAY_IN =
  'Open this page again: your browser asks for a name and a password. The password is the key, the name may be anything. ' +
  'Whoever runs this CDN makes one by `npm run analytics -- key NAME --scope reports:read`.'

const WHERE_IT_IS_SAID = 'What is allowed is in /openapi.json.'

/** Turns whatever a route threw into an answer; what we did not foresee is logged, not told. */
export function failureHandler(log: Logger) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const problem = problemFrom(error)
    if (problem.status >= 500) log.error({ method: request.method, url: request.url }, describeError(error))
    return answerProblem(request, reply, problem)
  }
}

/** Nothing has this path, or it may not be changed. */
export function nothingHere(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    reply.header('Allow', 'GET, HEAD, OPTIONS')
    return sendProblem(reply, problemOf('read-only', 'Only GET and HEAD are answered.'))
  }
  return answerProblem(request, reply, problemOf('not-found', 'Nothing has this address.', { remedy: PATHS }))
}

/** Programs get JSON, people a page. */
function answerProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  if (!isForPeople(request)) return sendProblem(reply, problem)
  if (problem.retryAfterSeconds !== undefined) reply.header('Retry-After', problem.retryAfterSeconds)
  return reply
    .code(problem.status)
    .type('text/html; charset=utf-8')
    .header('Cache-Control', 'no-store')
    .send(problemPage(problem.status === 401 ? { ...problem, remedy: WAY_IN } : problem).text)
}

function isForPeople(request: FastifyRequest): boolean {
  const accepts = request.headers.accept ?? ''
  return accepts.includes('text/html') && !/^\/(v1|openapi\.json|healthz)\b/.test(request.url)
}

function problemFrom(error: FastifyError): Problem {
  if (error instanceof Refusal) return error.problem
  if (error instanceof QueryFailed) {
    const { publicMessage, retryAfterSeconds } = error
    return problemOf('figures-unavailable', publicMessage, { retryAfterSeconds })
  }
  if (hasZodFastifySchemaValidationErrors(error)) return parameterProblem(error.validation)
  const status = error.statusCode ?? 500
  if (status === 429) {
    const remedy = 'Come back after `Retry-After` seconds, or ask with a key that may ask more often.'
    return problemOf('too-many-requests', error.message, { remedy })
  }
  if (status >= 500) return problemOf('failed', 'The server could not answer this request.')
  return { ...problemOf('bad-request', error.message), title: STATUS_CODES[status] ?? 'Bad Request', status }
}

function parameterProblem([finding]: readonly Finding[]): Problem {
  if (finding === undefined) return problemOf('bad-request', 'A parameter can not be used.')
  const field = fieldOf(finding)
  const remedy = remedyFor(finding)
  return problemOf('bad-parameter', `${field}: ${finding.message ?? 'can not be used'}`, { field, remedy })
}

function fieldOf({ instancePath, keyword, params }: Finding): string {
  const unknown = keyword === 'unrecognized_keys' ? params.keys : undefined
  // Of a list within a parameter, the parameter.
  const [named = ''] = instancePath.slice(1).split('/')
  return (Array.isArray(unknown) ? String(unknown[0]) : named).slice(0, 64)
}

function remedyFor({ keyword, params }: Finding): string {
  switch (keyword) {
    case 'invalid_type':
      return `Give one ${params.expected === 'int' ? 'whole number' : params.expected}.`
    case 'invalid_value':
      return `Allowed: ${Array.isArray(params.values) ? params.values.join(', ') : 'see /openapi.json'}.`
    case 'too_small':
      return `At least ${params.minimum} is needed.`
    case 'too_big':
      return `At most ${params.maximum} is allowed.`
    case 'unrecognized_keys':
      return 'Leave it out: there is no such parameter here.'
    case 'custom':
      return String(params.params?.remedy ?? WHERE_IT_IS_SAID)
    default:
      return WHERE_IT_IS_SAID
  }
}
