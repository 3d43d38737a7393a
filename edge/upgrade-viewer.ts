import { distributionFor, refusalOf, type Served, served } from './answer-viewer.ts'
import type { Answer } from './cache/answer.ts'
import { NO_FIELDS } from './cache/fields.ts'
import { behaviorOf } from './distribution/match.ts'
import type { Edge } from './edge.ts'
import type { ViewerRequest } from './viewer.ts'

/** Where an upgrade goes on, and the fields that make a shield believe us. */
export interface UpgradeRoute {
  url: URL
  fields: Record<string, string>
}

/** What comes of an upgrade: a way on, or only an answer. `served` is for the log. */
export interface Upgraded {
  served: Served
  route: UpgradeRoute | undefined
}

/**
 * Decides where a WebSocket or other upgrade goes (RFC 9110 §7.8): to the shield, which knows whether
 * the distribution's origin takes upgrades.
 */
export function upgradeViewer(
  edge: Edge,
  viewer: ViewerRequest,
  routeTo: (distribution: string, viewer: ViewerRequest) => UpgradeRoute,
): Upgraded {
  const distribution = distributionFor(edge, viewer)
  const behavior = distribution && behaviorOf(distribution, viewer.request.target)
  const refused = refusalOf(edge, viewer, behavior)
  const place = edge.geo.placeOf(viewer.address)
  const route =
    refused === undefined && distribution !== undefined ? routeTo(distribution.id, viewer) : undefined
  return { served: served(edge, viewer, { place, distribution }, refused ?? SWITCHING), route }
}

/** Nothing of it is written: the 101 is the origin's own. */
const SWITCHING: Answer = {
  status: 101,
  fields: NO_FIELDS,
  outcome: { kind: 'miss', forward: 'bypass', upstreamUs: 0 },
}
