import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { Asking } from '../../edge/cache/asking.ts'
import { createCache } from '../../edge/cache/cache.ts'
import { ViewerGone } from '../../edge/cache/fetch/flight.ts'
import { createByteBudget } from '../../edge/cache/fetch/shared-body.ts'
import { NO_INVALIDATIONS } from '../../edge/cache/invalidation/invalidations.ts'
import type { Upstream } from '../../edge/cache/message.ts'
import { TRANSPARENT } from '../../edge/cache/rules/rules.ts'
import { createMemoryStore } from '../../edge/cache/store/memory-store.ts'
import { createStore } from '../../edge/cache/store/store.ts'
import { HOST } from './house.ts'

describe('a fetch that everybody has left', () => {
  test('is not joined while it is being given up, as when it has no connection yet', async () => {
    const cache = createCache({
      store: createStore(createMemoryStore(1e6)),
      arriving: createByteBudget(1e6),
      invalidations: NO_INVALIDATIONS,
      now: Date.now,
      sliceBytes: 1e6,
      objectBytesMax: 1e6,
    })
    const { promise: connected, resolve: connect } = Promise.withResolvers<void>()
    const leaver = new AbortController()
    const slow: Upstream = async (_, signal) => {
      await connected
      signal.throwIfAborted()
      return { status: 200, fields: [], body: Readable.from(['first']) }
    }
    const quick: Upstream = async () => ({ status: 200, fields: [], body: Readable.from(['second']) })
    const asking = (upstream: Upstream, viewer: AbortSignal): Asking => ({
      request: { method: 'GET', scheme: 'http', host: HOST, target: '/', fields: [] },
      upstream,
      keyOf: (target) => target,
      viewer,
      rules: TRANSPARENT,
      group: 'site',
    })

    const left = cache.answer(asking(slow, leaver.signal))
    await new Promise(setImmediate)
    leaver.abort()
    await expect(left).rejects.toThrow(ViewerGone)
    const stays = cache.answer(asking(quick, new AbortController().signal))
    await new Promise(setImmediate)
    connect()

    expect((await stays).status).toBe(200)
  })
})
