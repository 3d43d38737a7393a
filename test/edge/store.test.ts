import { describe, expect, test } from 'vitest'
import { createMemoryStore } from '../../edge/cache/store/memory-store.ts'
import { type Beneath, createStore } from '../../edge/cache/store/store.ts'
import type { StoredResponse } from '../../edge/cache/store/stored-response.ts'

/** A stored response with its body as text, in the variant of a language. */
function response(body: string, language = 'en'): StoredResponse {
  const forever = { bornAtMs: 0, freshUntilMs: 1, staleUntilMs: 1, staleIfErrorUntilMs: 1 }
  return {
    status: 200,
    fields: [],
    selection: ['accept-language', language],
    deadlines: { ...forever, staleIfDisconnectedUntilMs: 1 },
    version: body,
    group: 'site',
    target: '/',
    tags: [],
    validAsOf: 0,
    body: Buffer.from(body),
  }
}

/** A disk whose reads take until the test says: that can't be timed with a real one. */
function slowDisk(...kept: StoredResponse[]) {
  const reads: (() => void)[] = []
  const disk: Beneath = {
    read: () => new Promise((resolve) => reads.push(() => resolve(kept))),
    write: () => undefined,
    remove: () => undefined,
  }
  return { disk, reads }
}

const bodies = (stored: readonly StoredResponse[]) => stored.map(({ body }) => body.toString())

describe('memory with a disk beneath', () => {
  test('those who ask for one key at once share one read, and then it is in memory', async () => {
    const { disk, reads } = slowDisk(response('kept'))
    const store = createStore(createMemoryStore(1e6), disk)

    const loads = [store.load('key'), store.load('key'), store.load('key')]
    for (const finish of reads) finish()

    expect((await Promise.all(loads)).map(bodies)).toEqual([['kept'], ['kept'], ['kept']])
    expect(reads.length).toBe(1)
    expect(bodies(store.variants('key'))).toEqual(['kept'])
  })

  test('what was dropped while it was read stays dropped, also when it is asked for again meanwhile', async () => {
    const { disk, reads } = slowDisk(response('old'))
    const store = createStore(createMemoryStore(1e6), disk)

    const first = store.load('key')
    store.forget('key')
    const second = store.load('key')
    reads[0]?.()

    expect(bodies(await first)).toEqual([])
    expect(bodies(store.variants('key'))).toEqual([])
    reads[1]?.()
    await second
  })

  test('what arrived while disk was read is newer than what disk had', async () => {
    const { disk, reads } = slowDisk(response('old'))
    const store = createStore(createMemoryStore(1e6), disk)

    const load = store.load('key')
    store.put('key', response('new'))
    reads[0]?.()

    expect(bodies(await load)).toEqual(['new'])
  })

  test('a variant that only disk has joins those in memory, behind them', async () => {
    const { disk, reads } = slowDisk(response('hello'), response('hallo', 'de'))
    const store = createStore(createMemoryStore(1e6), disk)

    store.put('key', response('newer hello'))
    const load = store.load('key')
    reads[0]?.()

    expect(bodies(await load)).toEqual(['newer hello', 'hallo'])
  })
})
