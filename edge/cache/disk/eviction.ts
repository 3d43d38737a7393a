import { chunkKey, chunksOf, type Entry, entryBytes, packed, unpacked } from './entry.ts'
import { countersIn, type Numbers, type Tables, usedBytes } from './tables.ts'

/** Most entries that one transaction looks at: the loop must not wait for one huge sweep. */
const LOOKED_AT_MAX = 128

/**
 * Makes room, inside a transaction: entries are looked at in the order in which they came; one that was
 * asked for since it was last looked at goes to the end of the line (a second chance, as in CLOCK),
 * any other goes.
 *
 * @param bytesMax what may be in use afterwards
 * @param isHot whether this process has a use for a key that disk never sees: memory answers it
 * @returns false when there is still too much: the next transaction has to go on
 */
export function makeRoom(tables: Tables, bytesMax: number, isHot: (key: string) => boolean): boolean {
  let excess = usedBytes(tables) - bytesMax
  if (excess <= 0) return true
  const { order, hits } = tables
  const turns = [...order.getRange({ limit: LOOKED_AT_MAX })]
  // Half at most, so that each sweep gets on, whatever is asked for.
  let chances = Math.floor(turns.length / 2)
  const spared: { digest: Buffer; turn: number }[] = []
  for (const { key: turn, value: digest } of turns) {
    // What a removal frees is estimated, and then counted.
    if (excess <= 0) excess = usedBytes(tables) - bytesMax
    if (excess <= 0) break
    const entries = unpackedOrNone(tables, digest)
    const entry = entries.find((one) => one.turn === turn)
    if (entry === undefined) order.remove(turn)
    else if (chances > 0 && (hits.doesExist(turn) || isHot(entry.key))) {
      chances -= 1
      spared.push({ digest, turn })
    } else {
      drop(tables, digest, entries, entry)
      excess -= entryBytes(entry)
    }
  }
  if (spared.length > 0) giveTurns(tables, spared)
  return turns.length === 0 || usedBytes(tables) <= bytesMax
}

function giveTurns(tables: Tables, spared: readonly { digest: Buffer; turn: number }[]): void {
  const numbers = countersIn(tables)
  for (const { digest, turn } of spared) {
    const entries = unpackedOrNone(tables, digest)
    const entry = entries.find((one) => one.turn === turn)
    if (entry === undefined) continue
    tables.order.remove(turn)
    tables.hits.remove(turn)
    takeTurn(tables, numbers, digest, entry)
    tables.entries.put(digest, packed(entries))
  }
  tables.numbers.put('all', numbers)
}

/** Puts an entry at the end of the line. */
export function takeTurn({ order }: Tables, numbers: Numbers, digest: Buffer, entry: Entry): void {
  numbers.turns += 1
  entry.turn = numbers.turns
  order.putSync(entry.turn, digest, APPEND)
}

/** Takes one entry out, its body and its turn; what else is kept under its digest stays. */
export function drop(tables: Tables, digest: Buffer, entries: readonly Entry[], entry: Entry): void {
  const rest = entries.filter((one) => one !== entry)
  if (rest.length === 0) tables.entries.remove(digest)
  else tables.entries.put(digest, packed(rest))
  tables.order.remove(entry.turn)
  tables.hits.remove(entry.turn)
  for (let chunk = 0; chunk < chunksOf(entry.bodyBytes); chunk += 1) {
    tables.bodies.remove(chunkKey(entry.body, chunk))
  }
}

/** The entries under a digest; none when they are damaged, and then the record goes. */
export function unpackedOrNone({ entries }: Tables, digest: Buffer): Entry[] {
  const bytes = entries.get(digest)
  if (bytes === undefined) return []
  const found = unpacked(bytes)
  if (found === undefined) entries.remove(digest)
  return found ?? []
}

const APPEND = { append: true }
