import type { HeldInvalidations, HeldSnapshot, Named } from '../cache/invalidation/held-invalidations.ts'
import type { Journal } from '../cache/invalidation/journal.ts'
import { createRecent, type Recent } from './recent.ts'
import type { Invalidation } from './request.ts'

/** Names held before the older half is folded together, and characters of theirs: what the list may take in each process. */
const NAMES_MAX = 100_000
const CHARACTERS_MAX = 8 * 1_048_576

/** Records in the journal before one snapshot takes the place of them all. */
const RECORDS_MAX = 10_000

/** How long the journal may take to record an invalidation, ms: a process that was stopped may hold its lock. */
const RECORDED_MS_MAX = 5_000

/** What the journal keeps: an invalidation, or what all before it came to. */
export type KeptInvalidation =
  | { issued: Invalidation }
  | { snapshot: HeldSnapshot; recent: readonly Invalidation[] }

/** Whether one process of this machine has applied an invalidation, as far as is known. */
export interface ProcessState {
  pid: number
  /** `ended`: it died meanwhile; what comes in its place begins with all that was ever invalidated. */
  state: 'applied' | 'ended' | 'silent'
}

/** The other processes of this machine that have a cache. */
export interface Processes {
  /** Tells all of one more invalidation. */
  tell(sequence: number, named: Named): void
  /** Tells all that earlier invalidations were folded together. */
  tellAll(snapshot: HeldSnapshot): void
  /** Waits until all have applied everything up to a number, or for too long. Never rejects. */
  settled(sequence: number): Promise<readonly ProcessState[]>
}

/** This process is the only one. */
export const NO_PROCESSES: Processes = {
  tell: () => undefined,
  tellAll: () => undefined,
  settled: async () => [],
}

/** What became of an invalidation on this node. */
export interface Applied {
  sequence: number
  processes: readonly ProcessState[]
}

/** One machine's edge, or one shield: what has been invalidated here. */
export interface InvalidatingNode {
  readonly held: HeldInvalidations
  readonly recent: Recent
  /** Invalidations applied since the start. */
  readonly applied: number
  /**
   * Records an invalidation and has it applied by every process; once for each id, however often.
   *
   * @throws whatever keeps the journal from recording it: then nothing is applied. After 5 s without a word
   *   from the journal, too; then it is applied as soon as there is one
   */
  apply(invalidation: Invalidation): Promise<Applied>
}

/** Brings back what the journal has, so that nothing returns that was invalidated before a restart. */
export function openNode({
  journal,
  held,
  processes = NO_PROCESSES,
  onApplied = () => undefined,
}: {
  journal: Journal<KeptInvalidation>
  /** Where it all goes; empty. */
  held: HeldInvalidations
  processes?: Processes
  /** Hears of each that is remembered at the start, and then of each that the journal has recorded. */
  onApplied?: ((invalidation: Invalidation) => void) | undefined
}): InvalidatingNode {
  const recent = createRecent()
  let turn: Promise<unknown> = Promise.resolve()
  let records = 0
  let applied = 0
  for (const { sequence, record } of journal.entries(0)) takeUp(sequence, record)
  for (const one of recent.all()) onApplied(one)

  function takeUp(sequence: number, record: KeptInvalidation): void {
    records += 1
    if ('snapshot' in record) {
      held.replace(record.snapshot)
      // Under a number that processes have reached with the snapshot: its record's own is told to none.
      for (const one of record.recent) recent.add(record.snapshot.newest, one)
      return
    }
    held.add(sequence, namedBy(record.issued))
    recent.add(sequence, record.issued)
  }

  /** Numbers must reach every process in their order: a later one alone would hide an earlier one. */
  function inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = turn.then(act)
    // Whoever asked is told of a failure; the next one's turn comes all the same.
    turn = result.catch(() => undefined)
    return result
  }

  async function issue(invalidation: Invalidation): Promise<number> {
    const known = recent.sequenceOf(invalidation.id)
    if (known !== undefined) return known
    const record = { issued: invalidation }
    const sequence = await journal.append(record)
    takeUp(sequence, record)
    processes.tell(sequence, namedBy(invalidation))
    applied += 1
    onApplied(invalidation)
    return sequence
  }

  async function makeRoom(): Promise<void> {
    const isFull = held.names > NAMES_MAX || held.characters > CHARACTERS_MAX
    if (!isFull && records <= RECORDS_MAX) return
    while (held.names > NAMES_MAX / 2 || held.characters > CHARACTERS_MAX / 2) held.fold()
    const snapshot = held.snapshot()
    if (isFull) processes.tellAll(snapshot)
    const sequence = await journal.append({ snapshot, recent: recent.all() })
    await journal.prune(sequence)
    records = 1
  }

  return {
    held,
    recent,
    get applied() {
      return applied
    },
    async apply(invalidation) {
      const sequence = await within(
        RECORDED_MS_MAX,
        inTurn(() => issue(invalidation)),
      )
      // It holds already: that the list could not be made shorter is for the next one to mend.
      void inTurn(makeRoom).catch(() => undefined)
      return { sequence, processes: await processes.settled(sequence) }
    },
  }
}

function namedBy({ distribution, paths, tags, soft }: Invalidation): Named {
  return { group: distribution, paths, tags, soft }
}

async function within<Result>(ms: number, result: Promise<Result>): Promise<Result> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const problem = `not recorded within ${ms} ms: is a worker stopped, or the disk?`
  const timer = setTimeout(() => reject(new Error(problem)), ms)
  try {
    return await Promise.race([result, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
