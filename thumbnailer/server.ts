import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { describeError, SelvedgeError } from '../edge/program/errors.ts'
import { isSignedBy } from '../edge/program/shared-key.ts'
import { readAsked, readPage, readRank } from './asked.ts'
import type { Drawings } from './drawings.ts'
import type { IsFronted } from './fronted.ts'
import { FORMATS, placeholder } from './pictures.ts'
import { type Problem, problemDocument, statusOf, storeProblem } from './problem.ts'
import type { Shown, Thumbnails } from './thumbnails.ts'

/** How long a stale picture is kept by who asked; the new one is a few seconds away. */
const STALE_SECONDS = 10

/** Longest page that is drawn, bytes: a card with a picture in it has a tenth. */
const DRAWING_BYTES_MAX = 1_048_576

/** How long a placeholder is kept: a first render takes about so long. */
const PLACEHOLDER_SECONDS = 3

/** A stale picture is better than none for as long as this. */
const REVALIDATE_SECONDS = 86_400

export interface ServerOptions {
  thumbnails: Thumbnails
  drawings: Drawings
  isFronted: IsFronted
  /** Shared with those who may ask. */
  key: string
  /** Unix ms. */
  nowMs: () => number
  onAnswer: (status: number) => void
  log: Logger
}

/** `GET /thumbnail`, `GET /history`, `POST /refresh`, `POST /renewal` and `POST /drawing`, each signed, and `GET /healthz`. Not listening yet. */
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
  const [path = '', ...rest] = target.split('?')
  const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined
  const refusal = refusalOf(options, request, target, route)
  if (refusal !== undefined) return sendProblem(response, refusal, route?.methods)
  await route?.act(options, new URLSearchParams(rest.join('?')), request, response)
}

interface Route {
  methods: readonly string[]
  act(
    options: ServerOptions,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void>
}

const ROUTES: Readonly<Record<string, Route>> = {
  '/thumbnail': { methods: ['GET', 'HEAD'], act: answerPicture },
  '/history': { methods: ['GET', 'HEAD'], act: answerHistory },
  '/refresh': { methods: ['POST'], act: answerRefresh },
  '/renewal': { methods: ['POST'], act: answerRenewal },
  '/drawing': { methods: ['POST'], act: answerDrawing },
}

async function answerPicture(
  options: ServerOptions,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = readAsked(query, request.headers.accept, options.isFronted)
  if ('problem' in asked) return sendProblem(response, asked.problem)
  const shown = await options.thumbnails.show(asked)
  if ('problem' in shown) return sendProblem(response, shown.problem)
  const { contentType } = FORMATS[asked.cut.format]
  if ('awaited' in shown) return sendPlaceholder(response, contentType, await placeholder(asked.cut))
  const headers = headersOf(shown, asked.version !== undefined)
  if (isUnchanged(request, shown)) {
    response.writeHead(304, headers).end()
    return
  }
  response.writeHead(200, { ...headers, 'Content-Type': contentType, 'Content-Length': shown.body.length })
  response.end(shown.body) // node leaves the body out of an answer to HEAD
}

/** 202, as browsers show such a picture all the same, and programs know that it is not the one (RFC 9110 §15.3.3). */
function sendPlaceholder(response: ServerResponse, contentType: string, body: Buffer): void {
  response.writeHead(202, {
    'Content-Type': contentType,
    'Content-Length': body.length,
    'Cache-Control': `public, max-age=${PLACEHOLDER_SECONDS}`,
    'Retry-After': PLACEHOLDER_SECONDS,
    Vary: 'Accept',
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(body)
}

/** The record as it is kept, without what is ours alone. */
async function answerHistory(
  { thumbnails, isFronted }: ServerOptions,
  query: URLSearchParams,
  _request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const page = readPage(query, isFronted)
  if ('problem' in page) return sendProblem(response, page.problem)
  const { url, versions, failure } = await thumbnails.record(page)
  sendJson(response, 200, { url, versions, failure })
}

async function answerRefresh(
  { thumbnails, isFronted }: ServerOptions,
  query: URLSearchParams,
  _request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const page = readPage(query, isFronted)
  if ('problem' in page) return sendProblem(response, page.problem)
  const refused = await thumbnails.refresh(page)
  if (refused !== undefined) return sendProblem(response, refused.problem)
  sendJson(response, 202, { url: page.url, state: 'rendering' })
}

/** Who asks waits: so a refresher has one picture under way, and no queue of them. */
async function answerRenewal(
  { thumbnails, isFronted }: ServerOptions,
  query: URLSearchParams,
  _request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const page = readPage(query, isFronted)
  if ('problem' in page) return sendProblem(response, page.problem)
  const outcome = await thumbnails.renew(page, readRank(query))
  if (typeof outcome === 'object') return sendProblem(response, outcome.problem)
  sendJson(response, 200, { url: page.url, state: outcome })
}

/** The body is signed by its digest in the query: what is drawn is of our own programs' making. */
async function answerDrawing(
  { drawings }: ServerOptions,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > DRAWING_BYTES_MAX) {
      return sendProblem(response, {
        code: 'too-large',
        detail: `At most ${DRAWING_BYTES_MAX} bytes are drawn.`,
      })
    }
    chunks.push(chunk)
  }
  const html = Buffer.concat(chunks)
  if (createHash('sha256').update(html).digest('hex') !== query.get('sha256')) {
    return sendProblem(response, { code: 'unsigned', detail: 'sha256 is not that of the body.' })
  }
  const drawn = await drawings.draw(html.toString('utf8'))
  if ('problem' in drawn) return sendProblem(response, drawn.problem)
  response.writeHead(200, {
    'Content-Type': 'image/jpeg',
    'Content-Length': drawn.length,
    'Cache-Control': 'no-store',
  })
  response.end(drawn)
}

function sendJson(response: ServerResponse, status: number, answer: unknown): void {
  const body = `${JSON.stringify(answer)}\n`
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  })
  response.end(body)
}

function refusalOf(
  options: ServerOptions,
  request: IncomingMessage,
  target: string,
  route: Route | undefined,
): Problem | undefined {
  const method = request.method ?? ''
  if (route === undefined) {
    return { code: 'not-found', detail: `There is ${Object.keys(ROUTES).join(', ')} and /healthz.` }
  }
  if (!route.methods.includes(method)) {
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
function headersOf({ version, freshSeconds, name }: Shown, isPast: boolean): Record<string, string> {
  const seconds = freshSeconds === 0 ? STALE_SECONDS : freshSeconds
  const cacheControl = isPast
    ? `public, max-age=${seconds}, immutable`
    : `public, max-age=${seconds}, stale-while-revalidate=${REVALIDATE_SECONDS}`
  return {
    'Cache-Control': cacheControl,
    ETag: `"${name}"`,
    'Last-Modified': new Date(version.renderedAtMs).toUTCString(),
    'Selvedge-Kind': version.kind,
    Vary: 'Accept',
    'X-Content-Type-Options': 'nosniff',
  }
}

/** Whether who asks has this very picture (RFC 9110 §13.1.2, §13.1.3: the tag outweighs the date). */
function isUnchanged(request: IncomingMessage, shown: Shown): boolean {
  const tags = request.headers['if-none-match']
  if (tags !== undefined) {
    return (
      tags.trim() === '*' ||
      tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === `"${shown.name}"`)
    )
  }
  const sinceMs = Date.parse(request.headers['if-modified-since'] ?? '')
  return Math.floor(shown.version.renderedAtMs / 1_000) * 1_000 <= sinceMs // false for no date
}

function sendProblem(response: ServerResponse, problem: Problem, allowed: readonly string[] = []): void {
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
    ...(problem.code === 'bad-method' && { Allow: allowed.join(', ') }),
  })
  response.end(body)
}

function problemOf(error: unknown): Problem {
  if (error instanceof SelvedgeError) return storeProblem(error)
  return { code: 'browser-failed', detail: 'The picture could not be given.', retryAfterSeconds: 10 }
}
