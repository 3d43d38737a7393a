import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { describeError, SelvedgeError } from '../edge/program/errors.ts'
import { isSignedBy } from '../edge/program/shared-key.ts'
import { readAsked } from './asked.ts'
import type { IsFronted } from './fronted.ts'
import { FORMATS, formatFor } from './pictures.ts'
import { type Problem, problemDocument, statusOf, storeProblem } from './problem.ts'
import type { Shown, Thumbnails } from './thumbnails.ts'

/** How long a stale picture is kept by who asked; the new one is a few seconds away. */
const STALE_SECONDS = 10

/** A stale picture is better than none for as long as this. */
const REVALIDATE_SECONDS = 86_400

export interface ServerOptions {
  thumbnails: Thumbnails
  isFronted: IsFronted
  /** Shared with those who may ask. */
  key: string
  maxAgeSeconds: number
  /** Unix ms. */
  nowMs: () => number
  onAnswer: (status: number) => void
  log: Logger
}

/** `GET /thumbnail?url=…&size=…`, signed, and `GET /healthz`. Not listening yet. */
export function createThumbnailServer(options: ServerOptions): Server {
  const server = createServer((request, response) => {
    response.once('finish', () => options.onAnswer(response.statusCode))
    answer(options, request, response).catch((error: unknown) => {
      options.log.error(describeError(error))
      sendProblem(response, problemOf(error))
    })
  })
  server.headersTimeout = 10_000
  server.requestTimeout = 10_000
  return server
}

async function answer(
  options: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const target = request.url ?? '/'
  if (target === '/healthz') {
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' }).end('ok\n')
    return
  }
  const refusal = refusalOf(options, request, target)
  if (refusal !== undefined) return sendProblem(response, refusal)
  const query = new URLSearchParams(target.slice('/thumbnail?'.length))
  const asked = readAsked(query, options.isFronted)
  if ('problem' in asked) return sendProblem(response, asked.problem)
  const format = formatFor(request.headers.accept)
  const shown = await options.thumbnails.show(asked.page, asked.size, format)
  if ('problem' in shown) return sendProblem(response, shown.problem)
  const headers = headersOf(shown, options)
  if (isUnchanged(request, shown)) {
    response.writeHead(304, headers).end()
    return
  }
  response.writeHead(200, {
    ...headers,
    'Content-Type': FORMATS[format].contentType,
    'Content-Length': shown.body.length,
  })
  response.end(shown.body) // node leaves the body out of an answer to HEAD
}

function refusalOf(options: ServerOptions, request: IncomingMessage, target: string): Problem | undefined {
  const method = request.method ?? ''
  if (!/^\/thumbnail(\?|$)/.test(target)) {
    return { code: 'not-found', detail: 'There is /thumbnail?url=…&size=… and /healthz.' }
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return { code: 'bad-method', detail: `${method} is not answered here.` }
  }
  const signature = request.headers['selvedge-signature']
  const isGenuine =
    typeof signature === 'string' &&
    isSignedBy(options.key, 'thumbnailer', [method, target], signature, options.nowMs())
  if (isGenuine) return undefined
  return {
    code: 'unsigned',
    detail:
      'Selvedge-Signature is missing, altered or older than 300 s: ' +
      'sign method and target with the shared key, and check both clocks.',
  }
}

/** Headers of a picture, alike in 200 and 304 (RFC 9110 §15.4.5). */
function headersOf(shown: Shown, options: ServerOptions): Record<string, string> {
  const ageSeconds = Math.max(0, Math.floor((options.nowMs() - shown.record.renderedAtMs) / 1_000))
  const freshSeconds = shown.isStale ? STALE_SECONDS : Math.max(1, options.maxAgeSeconds - ageSeconds)
  return {
    'Cache-Control': `public, max-age=${freshSeconds}, stale-while-revalidate=${REVALIDATE_SECONDS}`,
    ETag: etagOf(shown),
    'Last-Modified': new Date(shown.record.renderedAtMs).toUTCString(),
    Vary: 'Accept',
    'X-Content-Type-Options': 'nosniff',
  }
}

/** Whether who asks has this very picture (RFC 9110 §13.1.2, §13.1.3: the tag outweighs the date). */
function isUnchanged(request: IncomingMessage, shown: Shown): boolean {
  const tags = request.headers['if-none-match']
  if (tags !== undefined) {
    return (
      tags.trim() === '*' || tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etagOf(shown))
    )
  }
  const sinceMs = Date.parse(request.headers['if-modified-since'] ?? '')
  return Math.floor(shown.record.renderedAtMs / 1_000) * 1_000 <= sinceMs // false for no date
}

function etagOf(shown: Shown): string {
  return `"${shown.digest}"`
}

function sendProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const body = problemDocument(problem)
  response.writeHead(statusOf(problem), {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    ...(problem.retryAfterSeconds !== undefined && { 'Retry-After': problem.retryAfterSeconds }),
    ...(problem.code === 'bad-method' && { Allow: 'GET, HEAD' }),
  })
  response.end(body)
}

function problemOf(error: unknown): Problem {
  if (error instanceof SelvedgeError) return storeProblem(error)
  return { code: 'browser-failed', detail: 'The picture could not be given.', retryAfterSeconds: 10 }
}
