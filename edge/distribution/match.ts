import type { CacheBehavior, Distribution } from './schema.ts'

/** A distribution with what is worked out once: its behaviours as patterns, in order, the default last. */
export interface MatchedDistribution extends Distribution {
  behaviors: readonly { behavior: CacheBehavior; pattern: RegExp }[]
  /** Answers to every name: then the Host itself is the site. */
  answersToAll: boolean
}

/** Finds the distribution of a Host, and the rule for a path. */
export interface Distributions {
  /** The distribution that answers to a host name (lower case, no port), or `undefined`. */
  ofHost(host: string): MatchedDistribution | undefined
  /** The distribution with an id, or `undefined`. */
  withId(id: string): MatchedDistribution | undefined
}

/**
 * Prepares distributions for look-up. A name is found exactly, then by `*.name` from the longest
 * suffix to the shortest, then by `*`, as certificates and CloudFront do. Disabled ones are not found.
 */
export function matchDistributions(distributions: readonly Distribution[]): Distributions {
  const enabled = distributions.filter((distribution) => distribution.enabled).map(prepared)
  const byAlias = new Map(enabled.flatMap((one) => one.aliases.map((alias) => [alias, one] as const)))
  const byId = new Map(enabled.map((one) => [one.id, one] as const))
  return {
    ofHost: (host) => byAlias.get(host) ?? byWildcard(byAlias, host) ?? byAlias.get('*'),
    withId: (id) => byId.get(id),
  }
}

/** The first behaviour whose pattern matches the path; the query plays no part (CloudFront: path pattern). */
export function behaviorOf(distribution: MatchedDistribution, target: string): CacheBehavior {
  const path = pathOf(target)
  const match = distribution.behaviors.find(({ pattern }) => pattern.test(path))
  // The default's pattern matches every path.
  return (match ?? distribution.behaviors.at(-1))?.behavior as CacheBehavior
}

/** A target's path, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}

/** A target's query, without `?`; empty when there is none. */
export function queryOf(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? '' : target.slice(query + 1)
}

function prepared(distribution: Distribution): MatchedDistribution {
  const all = [...distribution.cacheBehaviors, { ...distribution.defaultCacheBehavior, pathPattern: '*' }]
  return {
    ...distribution,
    behaviors: all.map((behavior) => ({ behavior, pattern: patternOf(behavior.pathPattern) })),
    answersToAll: distribution.aliases.includes('*'),
  }
}

/** `*` is any run of characters, `?` exactly one; the leading slash may be left out. */
function patternOf(pathPattern: string): RegExp {
  const source = pathPattern
    .replace(/^\//, '')
    .replace(/[.*+?^${}()|[\]\\]/g, (character) => ({ '*': '.*', '?': '.' })[character] ?? `\\${character}`)
  return new RegExp(`^/${source}$`, 's')
}

function byWildcard<Found>(byAlias: ReadonlyMap<string, Found>, host: string): Found | undefined {
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
    const found = byAlias.get(`*${host.slice(dot)}`)
    if (found !== undefined) return found
  }
  return undefined
}
