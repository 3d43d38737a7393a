import type { Cache } from './cache/cache.ts'
import type { Upstream } from './cache/message.ts'
import type { Distributions, MatchedDistribution } from './distribution/match.ts'
import type { PreparedBehavior } from './distribution/prepared-behavior.ts'
import type { Place } from './geo/place.ts'
import type { ViewerGeo } from './geo/viewer-geo.ts'
import type { ViewerRequest } from './viewer.ts'

/** What the edge answers a viewer with: made once, each given only what it needs. */
export interface Edge {
  node: string
  /** Our name in `CDN-Loop`. */
  cdnId: string
  distributions: Distributions
  geo: ViewerGeo
  cache: Cache
  /** The way to the shield for one distribution's request; @param keyOf the cache key of a target */
  upstreamFor(
    distribution: MatchedDistribution,
    viewer: ViewerRequest,
    keyOf: (target: string) => string,
  ): Upstream
  httpsPort: number | undefined
}

/** Where a viewer is, whose site was asked for, and by which of its rules. */
export interface Whose {
  place: Place
  distribution: MatchedDistribution
  behavior: PreparedBehavior
}
