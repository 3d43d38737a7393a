import { normalisedTarget } from './normalise.ts'
import { type PreparedBehavior, preparedBehavior } from './prepared-behavior.ts'
import type { Distribution } from './schema.ts'
import { pathOf } from './target.ts'

/** A distribution with what is worked out once: its behaviours as patterns, in order, the default last. */
export interface MatchedDistribution extends Distribution {
  behaviors: readonly { behavior: PreparedBehavior; pattern: RegExp }[]
  /** Answers to every name: then the Host itself is the site. */
  answersToAll: boolean
  /** Pages of its own for errors, by the status that they stand for. */
  errorPages: ReadonlyMap<number, ErrorPage>
}

/** A page that is answered instead of an error. */
export interface ErrorPage {
  /** Normalised. */
  target: string
  /** Status that it is answered with. */
  status: number
}

/** Finds the distribution of a Host, and the rule for a path. */
export interface Distributions {
  /** The distribution that answers to a host name (lower case, no port), or `undefined`. */
  ofHost(host: string): MatchedDistribution | undefined
  /** The distribution with an id, or `undefined`. */
  withId(id: string): MatchedDistribution | undefined
  /** `CloudFront-…` headers that a policy of any of them lists, lower case. */
  viewerHeaders: readonly string[]
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
    viewerHeaders: enabled.flatMap(({ behaviors }) =>
      behaviors.flatMap(({ behavior }) => behavior.selection?.forward.cloudfront ?? []),
    ),
  }
}

/** The first behaviour whose pattern matches the path; the query plays no part (CloudFront: path pattern). */
export function behaviorOf(distribution: MatchedDistribution, target: string): PreparedBehavior {
  const path = pathOf(target)
  const match = distribution.behaviors.find(({ pattern }) => pattern.test(path))
  // The default's pattern matches every path.
  return (match ?? distribution.behaviors.at(-1))?.behavior as PreparedBehavior
}

function prepared(distribution: Distribution): MatchedDistribution {
  const all = [...distribution.cacheBehaviors, { ...distribution.defaultCacheBehavior, pathPattern: '*' }]
  return {
    ...distribution,
    behaviors: all.map((behavior) => ({
      behavior: preparedBehavior(distribution, behavior),
      pattern: patternOf(behavior.pathPattern),
    })),
    answersToAll: distribution.aliases.includes('*'),
    errorPages: errorPagesOf(distribution),
  }
}

function errorPagesOf({ customErrorResponses }: Distribution): ReadonlyMap<number, ErrorPage> {
  return new Map(
    customErrorResponses.flatMap(({ errorCode, responsePagePath, responseCode }) => {
      const target = responsePagePath && normalisedTarget(responsePagePath)
      return target ? [[errorCode, { target, status: responseCode ?? errorCode }] as const] : []
    }),
  )
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
