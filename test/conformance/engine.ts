import { createServer, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Pool } from 'undici'
import type { Answer } from '../../edge/cache/answer.ts'
import { createCache } from '../../edge/cache/cache.ts'
import { exchange } from '../../edge/cache/fetch/exchange.ts'
import { createByteBudget } from '../../edge/cache/fetch/shared-body.ts'
import { NO_INVALIDATIONS } from '../../edge/cache/invalidation/invalidations.ts'
import type { Request } from '../../edge/cache/message.ts'
import { endToEndFields } from '../../edge/cache/rules/hop-by-hop.ts'
import { TRANSPARENT } from '../../edge/cache/rules/rules.ts'
import { SURROGATE_CAPABILITY } from '../../edge/cache/rules/targeted.ts'
import { createMemoryStore } from '../../edge/cache/store/memory-store.ts'
import { createStore } from '../../edge/cache/store/store.ts'
import { listening } from './listening.ts'

const CACHE_BYTES = 64 * 1_048_576

/**
 * The cache engine alone, between a bare HTTP server and the origin: what passes here and fails in the
 * whole house is the house's doing.
 *
 * @returns base URL
 */
export async function startEngine(originUrl: string, parts: AsyncDisposableStack): Promise<string> {
  const pool = new Pool(originUrl)
  parts.defer(() => pool.destroy())
  const cache = createCache({
    store: createStore(createMemoryStore(CACHE_BYTES)),
    invalidations: NO_INVALIDATIONS,
    arriving: createByteBudget(CACHE_BYTES / 2),
    now: Date.now,
    objectBytesMax: CACHE_BYTES / 4,
    sliceBytes: 1_048_576,
  })
  const { host } = new URL(originUrl)

  const server = createServer((incoming, response) => {
    const request: Request = {
      method: incoming.method ?? 'GET',
      scheme: 'http',
      host,
      target: incoming.url ?? '/',
      fields: [...endToEndFields(incoming.rawHeaders), 'Surrogate-Capability', SURROGATE_CAPABILITY],
      body:
        incoming.headers['content-length'] || incoming.headers['transfer-encoding'] ? incoming : undefined,
    }
    cache
      .answer({
        request,
        upstream: (asked, signal) => exchange(pool, asked, { where: 'the suite', host }, signal),
        keyOf: (target) => target,
        viewer: new AbortController().signal,
        rules: { ...TRANSPARENT, requestDirectives: 'obey' },
        group: 'suite',
      })
      .then((answer) => write(response, answer))
      .catch(() => response.destroy())
  })
  return listening(server, parts)
}

async function write(response: ServerResponse, answer: Answer): Promise<void> {
  response.writeHead(answer.status, [...answer.fields])
  if (answer.body instanceof Readable) await pipeline(answer.body, response)
  else response.end(answer.body)
}
