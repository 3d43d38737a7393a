/** What was kept, and under which number. */
export interface JournalEntry<Kept> {
  sequence: number
  record: Kept
}

/**
 * Numbers what is appended, and keeps it in that order. That of the disk store lives in the same file
 * as the cached responses: a number once given is never given again while any of them is there.
 */
export interface Journal<Kept> {
  /** Keeps one more. @returns its number: greater than all before; resolved only once it is kept */
  append(record: Kept): Promise<number>
  /** What is kept beyond a number, in order. */
  entries(afterSequence: number): Iterable<JournalEntry<Kept>>
  /** Forgets what is kept below a number; numbers go on. */
  prune(beforeSequence: number): Promise<void>
  /** Number of the newest that was ever appended, 0 for none. */
  readonly newest: number
}

/** Keeps in memory: enough where what it is about is lost at a restart too. */
export function memoryJournal<Kept>(): Journal<Kept> {
  let kept: JournalEntry<Kept>[] = []
  let newest = 0
  return {
    async append(record) {
      newest += 1
      kept.push({ sequence: newest, record })
      return newest
    },
    entries: (afterSequence) => kept.filter(({ sequence }) => sequence > afterSequence),
    async prune(beforeSequence) {
      kept = kept.filter(({ sequence }) => sequence >= beforeSequence)
    },
    get newest() {
      return newest
    },
  }
}
