import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { type Listening, listenOn } from '../../edge/program/admin.ts'
import { describeError, SelvedgeError } from '../../edge/program/errors.ts'
import { ClickHouseDown } from '../clickhouse/failure.ts'
import type { CollectMeters } from '../meters.ts'
import { SegmentRefused } from './refusal.ts'
import { readSegmentBody, readSegmentHead, UNPACKED_BYTES_MAX } from './segment-request.ts'
import type { SegmentStore } from './segment-store.ts'
import { createUnpacker } from './unpack.ts'

/** Segments taken in at a time: some 10 MB each as edges make them, 80 MB at most. The next come later. */
const SEGMENTS_MAX = 16

/** How long a sender may take for its request, ms. */
const REQUEST_MS_MAX = 30_000

/** When to come again, seconds. */
const RETRY_SECONDS = { busy: 1, down: 5 }

/** What a collector needs. */
export interface CollectorOptions {
  at: { host: string; port: number }
  /** Shared with the edges. */
  key: string
  store: SegmentStore
  meters: CollectMeters
  log: Logger
  /** Unix ms. */
  now(): number
}

/**
 * Takes in sealed log segments from edges, `PUT /v1/segments/{node}/{writer}/{number}`, and answers 204
 * once ClickHouse has them on its disk; then the edge deletes its own. `GET /healthz` says that it is
 * alive.
 *
 * @throws PortInUse
 */
export async function serveCollector(options: CollectorOptions): Promise<Listening> {
  const { at, log, meters } = options
  const unpacker = createUnpacker(UNPACKED_BYTES_MAX)
  let takingIn = 0

  async function take(request: IncomingMessage): Promise<void> {
    const head = readSegmentHead(request, options.key, options.now())
    if (takingIn >= SEGMENTS_MAX) throw new SegmentRefused('busy', `${takingIn} are being taken in.`)
    takingIn += 1
    try {
      const segment = await readSegmentBody(request, head, unpacker)
      const stored = await options.store.store(segment).finally(() => unpacker.giveBack(segment.lines))
      meters.stored(stored)
      if (stored.rejected > 0)
        log.warn({ segment: head.token, ...stored }, 'lines of a segment were rejected')
    } finally {
      takingIn -= 1
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET' && request.url === '/healthz') {
      response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' }).end('ok\n')
      return
    }
    try {
      await take(request)
      response.writeHead(204).end()
    } catch (error) {
      meters.refused(error instanceof SegmentRefused ? error.because : 'down')
      refuse(response, error)
      log.warn({ url: request.url }, describeError(error))
    }
  }

  const server = createServer(answer)
  server.requestTimeout = REQUEST_MS_MAX
  server.headersTimeout = REQUEST_MS_MAX
  return listenOn(server, at, 'collector', 'analytics.collector.port')
}

/** Says why, as application/problem+json (RFC 9457). */
function refuse(response: ServerResponse, error: unknown): void {
  const known = error instanceof SelvedgeError ? error : undefined
  const status = known?.status ?? 500
  const refusal = error instanceof SegmentRefused ? error : undefined
  const problem = {
    title: refusal?.title ?? 'The segment could not be stored',
    status,
    code: refusal?.because ?? (error instanceof ClickHouseDown ? 'down' : 'failed'),
    detail: known?.publicMessage ?? 'The server could not answer this request.',
    remedy: known?.remedy,
  }
  if (status === 405) response.setHeader('Allow', 'PUT')
  if (status === 429) response.setHeader('Retry-After', RETRY_SECONDS.busy)
  if (status === 503) response.setHeader('Retry-After', RETRY_SECONDS.down)
  response
    .writeHead(status, { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' })
    .end(`${JSON.stringify(problem)}\n`)
}
