import type { Tables } from './tables.ts'

/** What must outlive every restart that the cache outlives: in the same store, so that neither is there without the other. */
export interface Journal {
  /** Number of the newest record; 0 when there was none. */
  readonly newest: number
  /**
   * Adds a record. Its number is one more than the newest, whichever process adds it; once this has
   * resolved, every process reads it, also after a `kill -9`.
   */
  append(record: string): Promise<number>
  /** The records after a number, in order. */
  entries(after: number): { sequence: number; record: string }[]
  /** Forgets the records up to and including a number. */
  prune(upTo: number): Promise<void>
}

/** Most records that one transaction forgets. */
const PRUNED_MAX = 10_000

/** The journal in a store's tables. */
export function journalIn({ root, journal, totals }: Tables): Journal {
  const newest = () => (totals.get('newest') ?? 0) as number
  return {
    get newest() {
      return newest()
    },
    append(record) {
      return root.transaction(() => {
        const sequence = newest() + 1
        totals.put('newest', sequence)
        journal.put(sequence, Buffer.from(record))
        return sequence
      })
    },
    entries(after) {
      return [...journal.getRange({ start: after + 1 })].map(({ key, value }) => ({
        sequence: key,
        record: value.toString(),
      }))
    },
    async prune(upTo) {
      await root.transaction(() => {
        for (const sequence of [...journal.getKeys({ end: upTo + 1, limit: PRUNED_MAX })]) {
          journal.remove(sequence)
        }
      })
    },
  }
}
