import { normalisedTarget } from '../distribution/normalise.ts'
import { type Indexes, withIndex } from '../distribution/target.ts'

/**
 * How a distribution's stored responses spell the paths of an invalidation: by the one normalisation that
 * requests' targets go through. A path to a folder is also that of the document that viewers get there,
 * which is stored under its own name.
 *
 * @returns for a distribution's id and checked paths; `undefined` when there is no such distribution
 */
export function spellingOf(
  distributions: readonly ({ id: string } & Indexes)[],
): (distribution: string, paths: readonly string[]) => string[] | undefined {
  const byId = new Map(distributions.map((one) => [one.id, one] as const))
  return (distribution, paths) => {
    const indexes = byId.get(distribution)
    return indexes && [...new Set(paths.flatMap((path) => spelled(path, indexes)))]
  }
}

/** Whether a path, with or without `*` at its end, could be a request's. */
export function isSpellable(path: string): boolean {
  return normalisedTarget(path.replace(/\*$/, STANDS_IN)) !== undefined
}

/** For whatever a `*` is: so that dots before it are the beginning of a name, not a segment to be removed. */
const STANDS_IN = 'x'

function spelled(path: string, indexes: Indexes): string[] {
  if (path.endsWith('*')) {
    const beginning = normalisedTarget(path.replace(/\*$/, STANDS_IN)) as string
    return [`${beginning.slice(0, -STANDS_IN.length)}*`]
  }
  const target = normalisedTarget(path) as string
  return [target, withIndex(target, indexes)]
}
