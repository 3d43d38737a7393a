import type { Distribution } from '../distribution/schema.ts'

/**
 * How a distribution's stored responses spell the paths of an invalidation. The default root object is
 * what viewers get for `/`, and stored under its own name.
 *
 * @returns `undefined` when there is no such distribution
 */
export function spellingOf(distributions: readonly Pick<Distribution, 'id' | 'defaultRootObject'>[]) {
  const byId = new Map(distributions.map((one) => [one.id, one] as const))
  return (distribution: string, paths: readonly string[]): string[] | undefined => {
    const known = byId.get(distribution)
    if (known === undefined) return undefined
    const { defaultRootObject } = known
    return [
      ...new Set(
        paths.flatMap((path) =>
          path === '/' && defaultRootObject !== undefined ? [path, `/${defaultRootObject}`] : [path],
        ),
      ),
    ]
  }
}
