import { badRequest, type Edge, type Served, unknownHost } from './answer-viewer.ts'
import type { Answer } from './cache/answer.ts'
import { NO_FIELDS } from './cache/fields.ts'
import type { MatchedDistribution } from './distribution/match.ts'
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
  const distribution = edge.distributions.ofHost(viewer.hostName)
  const refused = viewer.malformed !== undefined ? badRequest(viewer.malformed) : undefinedHost(distribution)
  const answer = refused ?? SWITCHING
  const served: Served = {
    answer,
    distribution,
    place: edge.geo.placeOf(viewer.address),
    resultType: refused === undefined ? 'Miss' : 'Error',
    detailedResultType: refused === undefined ? 'Miss' : 'Error',
    cacheStatus: 'fwd=bypass',
  }
  if (distribution === undefined || refused !== undefined) return { served, route: undefined }
  return { served, route: routeTo(distribution.id, viewer) }
}

const SWITCHING: Answer = { status: 101, fields: NO_FIELDS, outcome: { kind: 'miss', upstreamUs: 0 } }

function undefinedHost(distribution: MatchedDistribution | undefined): Answer | undefined {
  return distribution === undefined ? unknownHost() : undefined
}
