import { targetByPolicy } from '../distribution/forwarded-by-policy.ts'
import { behaviorOf, type MatchedDistribution, matchDistributions } from '../distribution/match.ts'
import { normalisedTarget } from '../distribution/normalise.ts'
import type { Distribution } from '../distribution/schema.ts'
import { withIndex } from '../distribution/target.ts'

/**
 * How a distribution's stored responses spell the paths of an invalidation: by the one normalisation that
 * requests' targets go through. A path to a folder is also that of the document that viewers get there,
 * which is stored under its own name. Under a cache policy a target has only the parameters that go on.
 *
 * @returns for a distribution's id and checked paths; `undefined` when there is no such distribution
 */
export function spellingOf(
  distributions: readonly Distribution[],
): (distribution: string, paths: readonly string[]) => string[] | undefined {
  // One that is disabled may still have what it had when it was not.
  const matched = matchDistributions(distributions.map((one) => ({ ...one, enabled: true })))
  return (id, paths) => {
    const distribution = matched.withId(id)
    return distribution && [...new Set(paths.flatMap((path) => spelled(path, distribution)))]
  }
}

/** Whether a path, with or without `*` at its end, could be a request's. */
export function isSpellable(path: string): boolean {
  return normalisedTarget(path.replace(/\*$/, STANDS_IN)) !== undefined
}

/** For whatever a `*` is: so that dots before it are the beginning of a name, not a segment to be removed. */
const STANDS_IN = 'x'

function spelled(path: string, distribution: MatchedDistribution): string[] {
  if (path.endsWith('*')) {
    const beginning = normalisedTarget(path.replace(/\*$/, STANDS_IN)) as string
    return [`${beginning.slice(0, -STANDS_IN.length)}*`]
  }
  const target = normalisedTarget(path) as string
  return [target, withIndex(target, distribution)].map((one) => {
    const { selection } = behaviorOf(distribution, one)
    return selection === undefined ? one : targetByPolicy(one, selection)
  })
}
