import { crc32 } from 'node:zlib'
import { sameSelection } from '../rules/vary.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import { CHUNK_BYTES, chunkKey, digestOf, type Entry, packed } from './entry.ts'
import { drop, takeTurn, unpackedOrNone } from './eviction.ts'
import { countersIn, type Numbers, type Tables } from './tables.ts'
import type { Write } from './write-queue.ts'

/** Most variants of one key, as in memory. */
const VARIANTS_MAX = 32

/** Does writes in order, inside a transaction that has made room for them. */
export function applyWrites(tables: Tables, writes: readonly Write[]): void {
  const numbers = countersIn(tables)
  for (const { key, stored } of writes) {
    const digest = digestOf(key)
    if (stored === undefined) dropKey(tables, digest, key)
    else keep(tables, numbers, digest, key, stored)
  }
  tables.numbers.put('all', numbers)
}

function dropKey(tables: Tables, digest: Buffer, key: string): void {
  let entries: readonly Entry[] = unpackedOrNone(tables, digest)
  for (const entry of entries) {
    if (entry.key !== key) continue
    drop(tables, digest, entries, entry)
    entries = entries.filter((one) => one !== entry)
  }
}

function keep(tables: Tables, numbers: Numbers, digest: Buffer, key: string, stored: StoredResponse): void {
  const { body, ...head } = stored
  let entries: readonly Entry[] = unpackedOrNone(tables, digest)
  const old = entries.find((one) => one.key === key && sameSelection(one.head.selection, head.selection))
  const sameBody = old !== undefined && old.head.version === head.version && old.bodyBytes === body.byteLength
  if (sameBody) {
    tables.entries.put(digest, packed([{ ...old, head }, ...entries.filter((one) => one !== old)]))
    return
  }
  const outdated = old ?? (entries.length >= VARIANTS_MAX ? entries.at(-1) : undefined)
  if (outdated !== undefined) {
    drop(tables, digest, entries, outdated)
    entries = entries.filter((one) => one !== outdated)
  }
  numbers.bodies += 1
  const number = numbers.bodies
  const entry: Entry = { key, head, body: number, bodyBytes: body.byteLength, bodySum: crc32(body), turn: 0 }
  takeTurn(tables, numbers, digest, entry)
  tables.entries.put(digest, packed([entry, ...entries]))
  for (let at = 0; at < body.byteLength; at += CHUNK_BYTES) {
    // Numbers grow, so every chunk is the last: appended, pages are filled and not split in halves.
    tables.bodies.putSync(chunkKey(number, at / CHUNK_BYTES), body.subarray(at, at + CHUNK_BYTES), APPEND)
  }
}

const APPEND = { append: true }
