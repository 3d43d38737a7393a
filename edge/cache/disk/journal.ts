import type { Journal } from '../invalidation/journal.ts'
import { type Tables, transact } from './tables.ts'

/** Most records that one transaction forgets. */
const PRUNED_MAX = 10_000

/**
 * The journal in a store's tables: there as long as what it is about. A number is one more than the
 * newest, whichever process appends; once `append` has resolved, every process reads the record, also
 * after a `kill -9`.
 */
export function journalIn<Kept>(tables: Tables): Journal<Kept> {
  const { journal, numbers } = tables
  const newest = () => (numbers.get('newest') ?? 0) as number
  return {
    get newest() {
      return newest()
    },
    append(record) {
      return transact(tables, () => {
        const sequence = newest() + 1
        numbers.put('newest', sequence)
        journal.put(sequence, Buffer.from(JSON.stringify(record)))
        return sequence
      })
    },
    entries(afterSequence) {
      return [...journal.getRange({ start: afterSequence + 1 })].map(({ key, value }) => ({
        sequence: key,
        record: JSON.parse(value.toString()) as Kept, // what `append` wrote
      }))
    },
    async prune(beforeSequence) {
      let forgotten: number
      do {
        forgotten = await transact(tables, () => {
          const outdated = [...journal.getKeys({ end: beforeSequence, limit: PRUNED_MAX })]
          for (const sequence of outdated) journal.remove(sequence)
          return outdated.length
        })
      } while (forgotten === PRUNED_MAX)
    },
  }
}
