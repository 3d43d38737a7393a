import { Readable } from 'node:stream'
import type { Response } from '../../edge/cache/message.ts'

/** A short text response of our own, for a request that names nothing we have. */
export function plainResponse(
  status: number,
  sentence: string,
  more: readonly string[] = [],
  method = 'GET',
): Response {
  const body = Buffer.from(`${sentence}\n`)
  return {
    status,
    fields: ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(body.length), ...more],
    body: method === 'HEAD' ? undefined : Readable.from([body]),
  }
}
