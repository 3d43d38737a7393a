import type { Invalidations, Subject, Verdict } from './invalidations.ts'

/** What one invalidation names. */
export interface Named {
  /** Distribution that it is for. */
  group: string
  /**
   * Path and query as stored responses' targets are spelled. One that ends in `*` is for all that begin
   * with what is before; one without a query is for all queries of its path.
   */
  paths: readonly string[]
  /** In lower case. */
  tags: readonly string[]
  /** Whether what is named becomes stale, rather than gone. */
  soft: boolean
}

type Kind = 'path' | 'prefix' | 'tag'

/** Numbers of the newest hard and the newest soft invalidation of one name; 0 for none. */
interface Mark {
  hard: number
  soft: number
}

/** One name with its mark, as it is sent to a process or kept. The name of `prefix` has no `*`; an empty one is for everything. */
export type MarkRow = readonly [group: string, kind: Kind, name: string, hard: number, soft: number]

/** All that is held, in a form that can be sent and kept. */
export interface HeldSnapshot {
  newest: number
  marks: MarkRow[]
}

/**
 * The invalidations that a process knows, so arranged that one stored response is held against all of
 * them by a few look-ups: its target and its tags by name, and the beginnings of its target by each
 * length that a wildcard has. Only the newest of each name matters, so issuing one again takes no room.
 */
export interface HeldInvalidations extends Invalidations {
  /** Takes one up. @param sequence greater than that of any taken up before */
  add(sequence: number, named: Named): void
  /** Takes up a snapshot in place of what is held. */
  replace(snapshot: HeldSnapshot): void
  snapshot(): HeldSnapshot
  /**
   * Makes room: the older half of all names is forgotten, and counts as if everything of their
   * distributions had been named. More is invalidated by that than was asked for, never less.
   */
  fold(): void
  /** How many names are held, and characters of theirs. */
  readonly names: number
  readonly characters: number
}

/** What is held of one distribution. */
interface Ledger {
  /** Of them all: who has outlived it has nothing to fear here. */
  newest: number
  readonly path: Map<string, Mark>
  readonly prefix: Map<string, Mark>
  readonly tag: Map<string, Mark>
  /** How many prefixes have a length, in characters. */
  readonly lengths: Map<number, number>
}

/** Holds nothing yet. */
export function holdInvalidations(): HeldInvalidations {
  const ledgers = new Map<string, Ledger>()
  let newest = 0
  let names = 0
  let characters = 0

  function ledgerOf(group: string): Ledger {
    const known = ledgers.get(group)
    if (known !== undefined) return known
    const ledger = { newest: 0, path: new Map(), prefix: new Map(), tag: new Map(), lengths: new Map() }
    ledgers.set(group, ledger)
    return ledger
  }

  function note([group, kind, name, hard, soft]: MarkRow): void {
    const ledger = ledgerOf(group)
    ledger.newest = Math.max(ledger.newest, hard, soft)
    const mark = ledger[kind].get(name)
    if (mark !== undefined) {
      mark.hard = Math.max(mark.hard, hard)
      mark.soft = Math.max(mark.soft, soft)
      return
    }
    ledger[kind].set(name, { hard, soft })
    names += 1
    characters += name.length
    if (kind === 'prefix') ledger.lengths.set(name.length, (ledger.lengths.get(name.length) ?? 0) + 1)
  }

  function drop([group, kind, name]: MarkRow): void {
    const { lengths, ...ledger } = ledgerOf(group)
    if (!ledger[kind].delete(name)) return
    names -= 1
    characters -= name.length
    if (kind !== 'prefix') return
    const left = (lengths.get(name.length) ?? 1) - 1
    if (left === 0) lengths.delete(name.length)
    else lengths.set(name.length, left)
  }

  function rows(): MarkRow[] {
    return [...ledgers].flatMap(([group, ledger]) =>
      KINDS.flatMap((kind) =>
        [...ledger[kind]].map(([name, { hard, soft }]) => [group, kind, name, hard, soft] as const),
      ),
    )
  }

  function weigh(stored: Subject): Verdict {
    const ledger = ledgers.get(stored.group)
    const verdict =
      ledger === undefined || ledger.newest <= stored.validAsOf ? 'valid' : verdictIn(ledger, stored)
    if (verdict === 'valid') stored.validAsOf = newest
    return verdict
  }

  return {
    get newest() {
      return newest
    },
    get names() {
      return names
    },
    get characters() {
      return characters
    },
    // Whoever was stored by a worker that knows more than we do yet has outlived all we know.
    verdictOn: (stored) => (stored.validAsOf >= newest ? 'valid' : weigh(stored)),
    add(sequence, { group, paths, tags, soft }) {
      const marks = soft ? ([0, sequence] as const) : ([sequence, 0] as const)
      for (const path of paths) {
        if (path.endsWith('*')) note([group, 'prefix', path.slice(0, -1), ...marks])
        else note([group, 'path', path, ...marks])
      }
      for (const tag of tags) note([group, 'tag', tag, ...marks])
      newest = Math.max(newest, sequence)
    },
    replace(snapshot) {
      ledgers.clear()
      names = 0
      characters = 0
      for (const row of snapshot.marks) note(row)
      newest = Math.max(newest, snapshot.newest)
    },
    snapshot: () => ({ newest, marks: rows() }),
    fold() {
      const oldestFirst = rows().sort((a, b) => Math.max(a[3], a[4]) - Math.max(b[3], b[4]))
      for (const row of oldestFirst.slice(0, Math.ceil(oldestFirst.length / 2))) {
        drop(row)
        note([row[0], 'prefix', '', row[3], row[4]])
      }
    },
  }
}

const KINDS = ['path', 'prefix', 'tag'] as const

/** What the newest of all that name a stored response make of it. */
function verdictIn(ledger: Ledger, { target, tags, validAsOf }: Subject): Verdict {
  let soft = false
  for (const mark of marksOf(ledger, target, tags)) {
    if (mark === undefined) continue
    if (mark.hard > validAsOf) return 'gone'
    soft ||= mark.soft > validAsOf
  }
  return soft ? 'stale' : 'valid'
}

function* marksOf(ledger: Ledger, target: string, tags: readonly string[]): Iterable<Mark | undefined> {
  for (const length of ledger.lengths.keys()) {
    if (length <= target.length) yield ledger.prefix.get(target.slice(0, length))
  }
  yield ledger.path.get(target)
  const query = target.indexOf('?')
  if (query !== -1) yield ledger.path.get(target.slice(0, query))
  for (const tag of tags) yield ledger.tag.get(tag)
}
