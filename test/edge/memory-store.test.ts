import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMemoryStore, type MemoryStore } from '../../edge/cache/store/memory-store.ts'
import { createStore } from '../../edge/cache/store/store.ts'
import type { StoredResponse } from '../../edge/cache/store/stored-response.ts'
import { responseOf } from './disk-bodies.ts'

const CASES = { numRuns: 1_000 }

/** What is done to a store: by fetches, and by whoever drops something. */
interface Deed {
  kind: 'put' | 'forget'
  key: string
  language: string
  bytes: number
}

const deed: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constantFrom('put' as const, 'put' as const, 'put' as const, 'forget' as const),
  key: fc.nat({ max: 12 }).map((at) => `key ${at}`),
  language: fc.constantFrom('en', 'de', 'fr'),
  bytes: fc.nat({ max: 2_000 }),
})

/** A variant and its version, as `de 17`. */
type Version = string

const versionsIn = (stored: readonly StoredResponse[]): Version[] =>
  stored.map(({ selection, version }) => `${selection[1]} ${version}`)

function doTo(store: MemoryStore, { kind, key, language, bytes }: Deed, version: string): void {
  if (kind === 'forget') store.forget(key)
  else store.put(key, responseOf(Buffer.alloc(bytes), { selection: ['accept-language', language], version }))
}

function doToReference(kept: Map<string, Version[]>, { kind, key, language }: Deed, version: string): void {
  const others = (kept.get(key) ?? []).filter((one) => !one.startsWith(language))
  if (kind === 'forget') kept.delete(key)
  else kept.set(key, [`${language} ${version}`, ...others])
}

describe('the memory store', () => {
  test('has of each key that it kept just what was put last, newest first, and of others nothing', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 150 }), (deeds) => {
        const store = createMemoryStore(10_000)
        const reference = new Map<string, Version[]>()
        for (const [at, one] of deeds.entries()) {
          doTo(store, one, String(at))
          doToReference(reference, one, String(at))
          // What was evicted isn't there any more: a later put begins anew.
          for (const known of reference.keys()) if (!store.has(known)) reference.delete(known)
          expect(versionsIn(store.peek(one.key))).toEqual(reference.get(one.key) ?? [])
          expect(versionsIn(store.variants(one.key))).toEqual(reference.get(one.key) ?? [])
          expect(store.keys).toBe(reference.size)
          expect(store.bytes).toBeLessThanOrEqual(10_000)
        }
      }),
      CASES,
    )
  })

  test('lets what was read from disk once go before what is asked for again', async () => {
    const memory = createMemoryStore(100_000)
    const onDisk = responseOf(Buffer.alloc(5_000))
    const disk = { read: async () => [onDisk], write: () => undefined, remove: () => undefined }
    const store = createStore(memory, disk)
    for (let at = 0; at < 10; at += 1) store.put(`asked for ${at}`, onDisk)
    for (let at = 0; at < 10; at += 1) store.variants(`asked for ${at}`)

    for (let at = 0; at < 200; at += 1) await store.load(`once ${at}`)

    for (let at = 0; at < 10; at += 1) expect(memory.has(`asked for ${at}`)).toBe(true)
  })

  test('stays within its bound as variants come, and asking whether it has something is no use of it', () => {
    const store = createMemoryStore(100_000)
    for (let at = 0; at < 1_000; at += 1) {
      const selection = ['accept-language', String(at % 7)]
      store.put(`key ${at % 50}`, responseOf(Buffer.alloc(at * 7), { selection }))
      expect(store.bytes).toBeLessThanOrEqual(100_000)
      expect(store.has('key 0')).toBe(store.variants('key 0').length > 0)
    }
    expect(store.keys).toBeGreaterThan(1)

    for (let at = 0; at < 50; at += 1) store.forget(`key ${at}`)
    expect([store.bytes, store.keys]).toEqual([0, 0])
  })
})
