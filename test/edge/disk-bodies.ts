import { createHash } from 'node:crypto'
import type { StoredResponse } from '../../edge/cache/store/stored-response.ts'

/** A body that its number tells, of 1 byte to some 200 KB. */
export function bodyOf(at: number): Buffer {
  const seed = createHash('sha256').update(String(at)).digest()
  return Buffer.alloc(1 + (seed.readUInt32BE(0) % 200_000), seed)
}

/** A stored response with a body; what else it is can be said. */
export function responseOf(body: Buffer, more: Partial<StoredResponse> = {}): StoredResponse {
  return {
    status: 200,
    fields: ['Content-Type', 'text/plain', 'X-Latin', 'caf\u00e9'],
    selection: [],
    deadlines: {
      bornAtMs: 1,
      freshUntilMs: Number.POSITIVE_INFINITY,
      staleUntilMs: 2,
      staleIfErrorUntilMs: 3,
      staleIfDisconnectedUntilMs: 4,
    },
    version: 'v1',
    group: 'site',
    target: '/',
    tags: ['a'],
    validAsOf: 7,
    ...more,
    body,
  }
}
