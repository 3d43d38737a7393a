import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { open as openLmdb } from 'lmdb'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { type DiskSettings, openDiskStore } from '../../edge/cache/disk/disk-store.ts'
import { openEnvironment } from '../../edge/cache/disk/tables.ts'
import type { StoredResponse } from '../../edge/cache/store/stored-response.ts'
import { bodyOf, responseOf } from './disk-bodies.ts'

/** A folder for one store, gone with the test. */
async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'selvedge-disk-'))
  return { path, store: join(path, 'cache'), [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

function disk(directory: string, more: Partial<DiskSettings> = {}) {
  return openDiskStore({ directory, bytesMax: 100e6, log: pino({ level: 'silent' }), ...more })
}

describe('a response on disk', () => {
  test('is read as it was written, by this process and after a restart', async () => {
    await using place = await folder()
    const written = responseOf(bodyOf(1))
    {
      await using store = await disk(place.store)
      store.write('key', written)
      expect(await store.read('key')).toEqual([written])
    }

    await using store = await disk(place.store)
    expect(await store.read('key')).toEqual([written])
    expect(store.objects).toBe(1)
  })

  test('of each selection is kept, the newest first, and one takes the place of its own only', async () => {
    await using place = await folder()
    await using store = await disk(place.store)
    const variant = (language: string, text: string) =>
      responseOf(Buffer.from(text), { selection: ['accept-language', language], version: text })

    store.write('key', variant('de', 'hallo'))
    store.write('key', variant('en', 'hello'))
    store.write('key', variant('de', 'moin'))

    expect((await store.read('key')).map(({ body }) => body.toString())).toEqual(['moin', 'hello'])
    await store.flushed()
    expect((await store.read('key')).map(({ body }) => body.toString())).toEqual(['moin', 'hello'])
    expect(store.objects).toBe(2)
  })

  test('keeps its body when only its head is renewed', async () => {
    await using place = await folder()
    await using store = await disk(place.store)
    const body = bodyOf(3)
    store.write('key', responseOf(body))
    await store.flushed()
    const bytes = store.bytes

    store.write('key', responseOf(body, { fields: ['Content-Type', 'text/plain', 'X-Latin', 'new!'] }))

    await store.flushed()
    const [renewed] = await store.read('key')
    expect([renewed?.fields[3], renewed?.body.equals(body), store.bytes]).toEqual(['new!', true, bytes])
  })

  test('is gone once it is dropped, also when it still waited to be written', async () => {
    await using place = await folder()
    await using store = await disk(place.store)

    store.write('key', responseOf(bodyOf(1)))
    store.remove('key')

    expect(await store.read('key')).toEqual([])
    await store.flushed()
    expect([store.objects, store.bytes]).toEqual([0, 0])
  })

  test('that is damaged is a miss, counted and dropped', async () => {
    await using place = await folder()
    const body = Buffer.alloc(150_000, 'selvedge!')
    {
      await using store = await disk(place.store)
      store.write('key', responseOf(body))
      await store.flushed()
    }
    await damage(join(place.store, 'data.mdb'), Buffer.alloc(9_000, 'selvedge!').subarray(4_000, 4_090))

    await using store = await disk(place.store)
    expect(await store.read('key')).toEqual([])
    expect(store.damaged).toBe(1)
    await store.flushed()
    expect(store.objects).toBe(0)
  })
})

describe('a store on disk', () => {
  test('stays within its bound whatever is written, and what is asked for outlives what is not', async () => {
    await using place = await folder()
    const bytesMax = 20e6
    await using store = await disk(place.store, { bytesMax })
    store.write('asked for', responseOf(bodyOf(1)))

    for (let at = 0; at < 600; at += 1) {
      store.write(`key ${at}`, responseOf(bodyOf(at)))
      if (at % 20 !== 0) continue
      await store.flushed()
      await store.read('asked for')
    }
    await store.flushed()

    expect(store.bytes).toBeLessThanOrEqual(bytesMax)
    expect(store.objects).toBeGreaterThan(50)
    expect((await store.read('asked for')).length).toBe(1)
    expect(await store.read('key 0')).toEqual([])
    expect((await store.read('key 599')).length).toBe(1)
  })

  test('stays within its bound when small ones are followed by large ones, and the other way round', async () => {
    await using place = await folder()
    const bytesMax = 20e6
    await using store = await disk(place.store, { bytesMax })
    const sizes = [...Array(4_000).fill(1_500), ...Array(60).fill(1_048_576), ...Array(4_000).fill(1_500)]

    let most = 0
    for (const [at, size] of sizes.entries()) {
      store.write(`key ${at}`, responseOf(Buffer.alloc(size), { version: String(at) }))
      if (at % 200 !== 0 && size < 1e6) continue
      await store.flushed()
      most = Math.max(most, store.bytes)
    }
    await store.flushed()

    expect(most).toBeLessThanOrEqual(bytesMax)
    expect(store.bytes).toBeGreaterThan(bytesMax / 2)
    expect((await store.read(`key ${sizes.length - 1}`)).length).toBe(1)
  })

  test('answers with what waits to be written, and doesn’t wait for it', async () => {
    await using place = await folder()
    await using store = await disk(place.store)
    store.write('ours', responseOf(Buffer.from('old')))
    await store.flushed()

    for (let at = 0; at < 300; at += 1) store.write(`key ${at}`, responseOf(bodyOf(at)))
    store.write('ours', responseOf(Buffer.from('new'), { version: 'v2' }))
    const [read] = await store.read('ours')

    expect(read?.body.toString()).toBe('new')
    // What was asked for before is still on its way.
    expect(store.objects).toBeLessThan(300)
  })

  test('gives a thousand who ask at once each their own, there or not', async () => {
    await using place = await folder()
    {
      await using store = await disk(place.store)
      for (let at = 0; at < 1_000; at += 2) store.write(`key ${at}`, responseOf(bodyOf(at)))
    }

    await using store = await disk(place.store)
    const found = await Promise.all(Array.from({ length: 1_000 }, (_, at) => store.read(`key ${at}`)))

    const isRight = found.map(([one], at) =>
      at % 2 === 0 ? one?.body.equals(bodyOf(at)) : one === undefined,
    )
    expect(isRight).toEqual(Array(1_000).fill(true))
  })

  test('is not filled faster than it can write: what doesn’t fit in the queue isn’t kept', async () => {
    await using place = await folder()
    await using store = await disk(place.store, { bytesMax: 200e6 })
    const body = Buffer.alloc(1_048_576)

    for (let at = 0; at < 100; at += 1) store.write(`key ${at}`, responseOf(body))
    await store.flushed()

    expect([store.objects, store.dropped]).toEqual([64, 36])
  })

  test('of another format is set aside and begun anew', async () => {
    await using place = await folder()
    {
      await using store = await disk(place.store)
      store.write('key', responseOf(bodyOf(1)))
    }
    const root = openLmdb({ path: place.store, maxDbs: 8 })
    await root.openDB({ name: 'totals', encoding: 'json' }).put('format', 99)
    await root.close()

    await using store = await disk(place.store)

    expect(await store.read('key')).toEqual([])
    expect((await readdir(place.path)).filter((name) => name.includes('broken')).length).toBe(1)
  })

  test('that is no store at all is set aside and begun anew', async () => {
    await using place = await folder()
    {
      await using _ = await disk(place.store)
    }
    await writeFile(join(place.store, 'data.mdb'), Buffer.alloc(65_536, 'nonsense'))

    await using store = await disk(place.store)
    store.write('key', responseOf(bodyOf(1)))

    expect((await store.read('key')).length).toBe(1)
    expect((await readdir(place.path)).filter((name) => name.includes('broken')).length).toBe(1)
  })

  test('whose file was cut off is set aside and begun anew', async () => {
    await using place = await folder()
    {
      await using store = await disk(place.store)
      for (let at = 0; at < 200; at += 1) store.write(`key ${at}`, responseOf(bodyOf(at)))
    }
    await truncate(join(place.store, 'data.mdb'), 10_000_000)

    await using store = await disk(place.store)

    expect(store.objects).toBe(0)
    expect((await readdir(place.path)).filter((name) => name.includes('broken')).length).toBe(1)
  })

  test('survives kill -9 in the middle of a fill: all that was kept is whole', async () => {
    await using place = await folder()
    let from = 0
    for (let round = 0; round < 3; round += 1) {
      const writer = startWriter(place.store, from)
      from = 1 + (await killedAfter(writer, 400))
    }

    await using store = await disk(place.store)
    for (let at = 0; at < from; at += 1) {
      const [kept] = await store.read(`key ${at}`)
      expect(kept?.body.equals(bodyOf(at))).toBe(true)
    }
    expect(store.damaged).toBe(0)
  })

  test('is shared by processes: each reads what the others write', async () => {
    await using place = await folder()
    await using store = await disk(place.store)
    const writer = startWriter(place.store, 1_000)
    const last = await killedAfter(writer, 100)

    store.write('ours', responseOf(bodyOf(5)))
    await store.flushed()

    const theirs = await store.read(`key ${last}`)
    expect(theirs[0]?.body.equals(bodyOf(last))).toBe(true)
    expect((await store.read('ours')).length).toBe(1)
  })
})

describe('a fill', () => {
  test('of large bodies takes the room of any number of small ones, and keeps the bound', async () => {
    await using place = await folder()
    await using store = await disk(place.store, { bytesMax: 8e6 })
    for (let at = 0; at < 8_000; at += 1) store.write(`small ${at}`, responseOf(Buffer.from('x')))
    await store.flushed()

    const seen: number[] = []
    for (let at = 0; at < 12; at += 1) {
      store.write(`large ${at}`, responseOf(Buffer.alloc(1_048_576)))
      await store.flushed()
      seen.push(store.bytes)
    }

    expect(Math.max(...seen)).toBeLessThan(8e6 + 2 * 1_048_576)
  })

  test('that drives out what another process has read leaves no mark of it', async () => {
    await using place = await folder()
    await using reader = await disk(place.store)
    await using other = await disk(place.store)
    reader.write('key', responseOf(Buffer.from('read')))
    await reader.flushed()
    await reader.read('key')
    other.remove('key')
    await other.flushed()

    reader.write('more', responseOf(Buffer.from('more')))
    await reader.flushed()

    const { root, hits } = openEnvironment(place.store, 1e8)
    expect(hits.getCount()).toBe(0)
    await root.close()
  })

  test('that never ends keeps nobody waiting who reads what has been written', async () => {
    await using place = await folder()
    await using store = await disk(place.store)
    let read: readonly StoredResponse[] | undefined

    store.write('key', responseOf(Buffer.from('mine')))
    void store.read('key').then((found) => {
      read = found
    })
    // Faster than the disk: there is always something that waits.
    for (let round = 0; round < 500 && read === undefined; round += 1) {
      for (let at = 0; at < 8; at += 1) store.write(`fill ${at}`, responseOf(Buffer.alloc(262_144)))
      await nextTurn()
    }

    expect(read?.[0]?.body.toString()).toBe('mine')
  })
})

describe('the journal', () => {
  test('counts up, is read in order, and outlives restarts and pruning', async () => {
    await using place = await folder()
    {
      await using store = await disk(place.store)
      const journal = store.journal<string>()
      expect(await Promise.all(['a', 'b', 'c'].map((record) => journal.append(record)))).toEqual([1, 2, 3])
      await journal.prune(2)
    }

    await using store = await disk(place.store)
    const journal = store.journal<string>()
    expect(journal.entries(0)).toEqual([
      { sequence: 2, record: 'b' },
      { sequence: 3, record: 'c' },
    ])
    await journal.prune(4)
    expect([journal.entries(0), journal.newest, await journal.append('d')]).toEqual([[], 3, 4])
  })
})

function startWriter(directory: string, from: number): ChildProcess {
  const file = fileURLToPath(new URL('disk-writer.ts', import.meta.url))
  return spawn(process.execPath, [file, directory, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Kills a writer in full flight, once it has surely written so many. @returns the last number that it told */
async function killedAfter(writer: ChildProcess, count: number): Promise<number> {
  const told: number[] = []
  for await (const line of createInterface({ input: writer.stdout as NodeJS.ReadableStream })) {
    told.push(Number(line))
    if (told.length === count / 50) writer.kill('SIGKILL')
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit')
  return told.at(-1) as number
}

/** Changes one byte where a file has these bytes. */
async function damage(file: string, wanted: Buffer): Promise<void> {
  const handle = await open(file, 'r+')
  const bytes = await handle.readFile()
  const at = bytes.indexOf(wanted)
  expect(at).toBeGreaterThan(0)
  await handle.write(Buffer.from('X'), 0, 1, at)
  await handle.close()
}
