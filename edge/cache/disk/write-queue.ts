import { crc32 } from 'node:zlib'
import type { StoredResponse } from '../stored-response.ts'
import { sameSelection } from '../vary.ts'
import { CHUNK_BYTES, chunkKey, digestOf, type Entry, entryBytes, packed } from './entry.ts'
import { drop, makeRoom, takeTurn, unpackedOrNone } from './eviction.ts'
import { type Tables, type Totals, totalsIn } from './tables.ts'

/** What waits to be written: a response to keep, or (without one) a key to drop. */
export interface Write {
  key: string
  stored?: StoredResponse
}

/** What one transaction takes: more would keep the loop busy for too long at a time. */
export const BATCH_BYTES_MAX = 2_097_152
export const BATCH_WRITES_MAX = 256

/** Most variants of one key, as in memory. */
const VARIANTS_MAX = 32

/** Does writes in order, inside a transaction, and makes room for them. */
export function applyWrites(
  tables: Tables,
  writes: readonly Write[],
  bytesMax: number,
  isHot: (key: string) => boolean,
): void {
  const totals = totalsIn(tables)
  const bytesBefore = totals.bytes
  for (const { key, stored } of writes) {
    const digest = digestOf(key)
    if (stored === undefined) dropKey(tables, totals, digest, key)
    else keep(tables, totals, digest, key, stored)
  }
  makeRoom(tables, totals, { bytesMax, bytesBefore }, isHot)
  tables.totals.put('all', totals)
}

function dropKey(tables: Tables, totals: Totals, digest: Buffer, key: string): void {
  let entries: readonly Entry[] = unpackedOrNone(tables, digest)
  for (const entry of entries) {
    if (entry.key !== key) continue
    drop(tables, totals, digest, entries, entry)
    entries = entries.filter((one) => one !== entry)
  }
}

function keep(tables: Tables, totals: Totals, digest: Buffer, key: string, stored: StoredResponse): void {
  const { body, ...head } = stored
  let entries: readonly Entry[] = unpackedOrNone(tables, digest)
  const old = entries.find((one) => one.key === key && sameSelection(one.head.selection, head.selection))
  const sameBody = old !== undefined && old.head.version === head.version && old.bodyBytes === body.byteLength
  if (sameBody) {
    const renewed = { ...old, head }
    totals.bytes += entryBytes(renewed) - entryBytes(old)
    tables.entries.put(digest, packed([renewed, ...entries.filter((one) => one !== old)]))
    return
  }
  const outdated = old ?? (entries.length >= VARIANTS_MAX ? entries.at(-1) : undefined)
  if (outdated !== undefined) {
    drop(tables, totals, digest, entries, outdated)
    entries = entries.filter((one) => one !== outdated)
  }
  totals.bodies += 1
  const number = totals.bodies
  const entry: Entry = { key, head, body: number, bodyBytes: body.byteLength, bodySum: crc32(body), turn: 0 }
  for (let at = 0; at < body.byteLength; at += CHUNK_BYTES) {
    tables.bodies.put(chunkKey(number, at / CHUNK_BYTES), body.subarray(at, at + CHUNK_BYTES))
  }
  takeTurn(tables, totals, digest, entry)
  tables.entries.put(digest, packed([entry, ...entries]))
  totals.objects += 1
  totals.bytes += entryBytes(entry)
}
