import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Site, site } from '../site.ts'

const KEPT = { 'cache-control': 'max-age=1000', 'content-type': 'text/plain' }

/** Bytes of `/hit` and `/large`. */
export const HIT_BODY = 'ten bytes.'
export const LARGE_BYTES = 300_000

/**
 * An origin whose answers are told by the path: `/hit` and `/large` are kept by the caches, `/echo` says what it got,
 * `/cookies` that field, `/early` answers before it has read, `/pending` never does, `/hints` says 103 first,
 * `/204` that status, `/odd-fields` what is about its connection.
 */
export async function manyAnswers(): Promise<Site> {
  const origin = await site(KEPT)
  origin.answers((request, response) => {
    const answer = ANSWERS[request.url ?? '']
    if (answer === undefined) response.writeHead(200, { 'cache-control': 'no-store' }).end('plain')
    else answer(request, response)
  })
  return origin
}

const NOT_KEPT = { 'cache-control': 'no-store' }
const ANSWERS: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  '/hit': (_, response) => response.writeHead(200, { ...KEPT, etag: '"one"' }).end(HIT_BODY),
  '/large': (_, response) => response.writeHead(200, KEPT).end(Buffer.alloc(LARGE_BYTES, 'large')),
  '/echo': (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => response.writeHead(200, NOT_KEPT).end(Buffer.concat(chunks)))
    request.on('error', () => undefined)
  },
  '/cookies': (request, response) => response.writeHead(200, NOT_KEPT).end(request.headers.cookie),
  '/early': (_, response) => response.writeHead(403, NOT_KEPT).end('no'),
  '/pending': () => undefined,
  '/hints': (_, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' })
    response.writeHead(200, NOT_KEPT).end('page')
  },
  '/204': (_, response) => response.writeHead(204, NOT_KEPT).end(),
  '/odd-fields': (_, response) =>
    response
      .writeHead(200, {
        ...NOT_KEPT,
        Connection: 'close, x-hop',
        'X-Hop': '1',
        'Keep-Alive': 'timeout=5',
        'X-Upper-Case': 'Yes',
      })
      .end('odd'),
}
