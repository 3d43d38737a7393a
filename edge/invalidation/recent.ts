import type { Invalidation } from './request.ts'

/** How many invalidations are remembered one by one, and characters that they name. */
const REMEMBERED_MAX = 1_000
const CHARACTERS_MAX = 4 * 1_048_576

/** An invalidation under this node's number for it. */
export interface Numbered {
  sequence: number
  invalidation: Invalidation
}

/** The newest invalidations one by one: so that none is applied twice, and others can ask what they missed. */
export interface Recent {
  add(sequence: number, invalidation: Invalidation): void
  sequenceOf(id: string): number | undefined
  /** The one that was asked for with a reference of the caller's own. */
  withReference(distribution: string, callerReference: string): Invalidation | undefined
  /** Oldest first; only those after the one with an id, where that is remembered. */
  all(afterId?: string): readonly Invalidation[]
  /** Newest first. */
  newest(count: number): readonly Numbered[]
  /** Whether there were earlier ones, which are forgotten. */
  readonly forgot: boolean
}

/** Remembers none yet. */
export function createRecent(): Recent {
  const kept = new Map<string, Numbered>()
  let characters = 0
  let forgot = false

  return {
    add(sequence, invalidation) {
      if (kept.has(invalidation.id)) return
      kept.set(invalidation.id, { sequence, invalidation })
      characters += charactersOf(invalidation)
      for (const [id, oldest] of kept) {
        if (kept.size <= REMEMBERED_MAX && (characters <= CHARACTERS_MAX || kept.size === 1)) break
        kept.delete(id)
        characters -= charactersOf(oldest.invalidation)
        forgot = true
      }
    },
    sequenceOf: (id) => kept.get(id)?.sequence,
    withReference(distribution, callerReference) {
      return [...kept.values()]
        .map(({ invalidation }) => invalidation)
        .find((one) => one.callerReference === callerReference && one.distribution === distribution)
    },
    all(afterId = '') {
      const ids = [...kept.keys()]
      const all = [...kept.values()].map(({ invalidation }) => invalidation)
      return all.slice(ids.indexOf(afterId) + 1)
    },
    newest: (count) => [...kept.values()].slice(-count).reverse(),
    get forgot() {
      return forgot
    },
  }
}

function charactersOf({ paths, tags }: Invalidation): number {
  return [...paths, ...tags].reduce((sum, name) => sum + name.length + 16, 64)
}
