import { chunkKey, chunksOf, type Entry, entryBytes, packed, unpacked } from './entry.ts'
import type { Tables, Totals } from './tables.ts'

/** Most entries that are looked at in one go: a fill of small objects must not wait for one huge sweep. */
const LOOKED_AT_MAX = 512

/**
 * Makes room, inside a transaction: entries are looked at in the order in which they came; one that was
 * asked for since it was last looked at goes to the end of the line (a second chance, as in CLOCK),
 * any other goes. One go, and more of them where large bodies take the place of many small ones: a full
 * store ends no fuller than it was.
 *
 * @param bytesBefore what there was before this transaction
 * @param isHot whether this process has a use for a key that disk never sees: memory answers it
 */
export function makeRoom(
  tables: Tables,
  totals: Totals,
  { bytesMax, bytesBefore }: { bytesMax: number; bytesBefore: number },
  isHot: (key: string) => boolean,
): void {
  if (totals.bytes <= bytesMax) return
  let looked: number
  do looked = sweep(tables, totals, bytesMax, isHot)
  while (looked > 0 && totals.bytes > Math.max(bytesMax, bytesBefore))
}

/** @returns how many entries were looked at */
function sweep(tables: Tables, totals: Totals, bytesMax: number, isHot: (key: string) => boolean): number {
  const { order, hits } = tables
  const turns = [...order.getRange({ limit: LOOKED_AT_MAX })]
  let chances = turns.length / 2
  for (const { key: turn, value: digest } of turns) {
    if (totals.bytes <= bytesMax) break
    const entries = unpackedOrNone(tables, digest)
    const entry = entries.find((one) => one.turn === turn)
    if (entry === undefined) {
      order.remove(turn)
      continue
    }
    const wasHit = hits.get(entry.body) !== undefined
    if (chances > 0 && (wasHit || isHot(entry.key))) {
      chances -= 1
      if (wasHit) hits.remove(entry.body)
      order.remove(turn)
      takeTurn(tables, totals, digest, entry)
      tables.entries.put(digest, packed(entries))
      continue
    }
    drop(tables, totals, digest, entries, entry)
  }
  return turns.length
}

/** Puts an entry at the end of the line. */
export function takeTurn({ order }: Tables, totals: Totals, digest: Buffer, entry: Entry): void {
  totals.turns += 1
  entry.turn = totals.turns
  order.put(entry.turn, digest)
}

/** Takes one entry out, its body and its turn; what else is kept under its digest stays. */
export function drop(
  tables: Tables,
  totals: Totals,
  digest: Buffer,
  entries: readonly Entry[],
  entry: Entry,
): void {
  const rest = entries.filter((one) => one !== entry)
  if (rest.length === 0) tables.entries.remove(digest)
  else tables.entries.put(digest, packed(rest))
  tables.order.remove(entry.turn)
  tables.hits.remove(entry.body)
  for (let chunk = 0; chunk < chunksOf(entry.bodyBytes); chunk += 1) {
    tables.bodies.remove(chunkKey(entry.body, chunk))
  }
  totals.bytes -= entryBytes(entry)
  totals.objects -= 1
}

/** The entries under a digest; none when they are damaged, and then the record goes. */
export function unpackedOrNone({ entries }: Tables, digest: Buffer): Entry[] {
  const bytes = entries.get(digest)
  if (bytes === undefined) return []
  const found = unpacked(bytes)
  if (found === undefined) entries.remove(digest)
  return found ?? []
}
