import type { Answer } from './cache/answer.ts'
import type { Cache } from './cache/cache.ts'
import { joinedValue } from './cache/fields.ts'
import type { Upstream } from './cache/message.ts'
import type { ResultType } from './cache/outcome.ts'
import { TRANSPARENT } from './cache/rules.ts'
import { type Access, accessOf } from './distribution/access.ts'
import { cacheKey } from './distribution/cache-key.ts'
import { isLooping } from './distribution/cdn-loop.ts'
import { forwardedFields } from './distribution/forwarded.ts'
import { behaviorOf, type Distributions, type MatchedDistribution } from './distribution/match.ts'
import { ownAnswer, respond } from './distribution/respond.ts'
import type { Geo, Place } from './geo/place.ts'
import type { ViewerRequest } from './viewer.ts'

/** What the edge answers a viewer with: made once, each given only what it needs. */
export interface Edge {
  node: string
  /** Our name in `CDN-Loop`. */
  cdnId: string
  distributions: Distributions
  geo: Geo
  cache: Cache
  /** The way to the shield for one distribution's request. */
  upstreamFor(distribution: MatchedDistribution, viewer: ViewerRequest): Upstream
  httpsPort: number | undefined
}

/** An answer, and what the log wants to know of how it came about. */
export interface Served {
  answer: Answer
  distribution: MatchedDistribution | undefined
  place: Place
  resultType: ResultType
  detailedResultType: string
  cacheStatus: string
}

/**
 * A request's way through the edge: which site, where from, may they, which key, do we have it, say it.
 *
 * @throws ViewerGone when the viewer left before there was an answer
 */
export async function answerViewer(edge: Edge, viewer: ViewerRequest): Promise<Served> {
  const { request } = viewer
  const place = edge.geo.placeOf(viewer.address)
  const distribution = edge.distributions.ofHost(viewer.hostName)
  const refused = refusalOf(edge, viewer, distribution)
  if (refused !== undefined || distribution === undefined) {
    return served(edge, viewer, place, distribution, refused ?? unknownHost())
  }

  const answer = await edge.cache.answer({
    request: {
      ...request,
      target: rootObject(distribution, request.target),
      fields: forwarded(edge, viewer, place),
    },
    upstream: edge.upstreamFor(distribution, viewer),
    keyOf: (target) =>
      cacheKey({ distribution: distribution.id, scheme: request.scheme, host: request.host, target }),
    viewer: viewer.gone,
    acceptEncoding: acceptEncoding(viewer),
    rules: TRANSPARENT,
    group: distribution.id,
  })
  return served(edge, viewer, place, distribution, answer)
}

/** The answer to bytes that were no request. */
export function answerUnreadable(edge: Edge, viewer: ViewerRequest, status: number): Served {
  const answer = ownAnswer(status, viewer.malformed ?? 'This is no HTTP request.')
  return served(edge, viewer, edge.geo.placeOf(viewer.address), undefined, answer)
}

/** Why a viewer doesn't get what was asked for, whatever it was, as the answer that says so. */
export function refusalOf(
  edge: Edge,
  { request, malformed }: ViewerRequest,
  distribution: MatchedDistribution | undefined,
): Answer | undefined {
  // Two readers could take such a request for two different ones, so the connection ends with it.
  if (malformed !== undefined) return ownAnswer(400, malformed, ['Connection', 'close'])
  if (distribution === undefined) return unknownHost()
  // RFC 8586 §2: an origin that leads back to us would have us ask ourselves until something breaks.
  if (isLooping(request.fields, edge.cdnId)) return ownAnswer(508, 'This request has been here before.')
  const access = accessOf(request, behaviorOf(distribution, request.target), edge.httpsPort)
  return access.allowed ? undefined : refusal(access)
}

/** The answer in its final form, with what the log wants to know. */
export function served(
  edge: Edge,
  viewer: ViewerRequest,
  place: Place,
  distribution: MatchedDistribution | undefined,
  answer: Answer,
): Served {
  const said = respond(answer, { node: edge.node, requestId: viewer.requestId, behindShield: true })
  return {
    answer: said.answer,
    distribution,
    place,
    resultType: said.resultType,
    detailedResultType: said.detailedResultType,
    cacheStatus: said.cacheStatus,
  }
}

/** An HTTP/1.0 viewer is given no coding, as with CloudFront: proxies of that age don't heed `Vary`. */
function acceptEncoding({ request, protocolVersion }: ViewerRequest): string | undefined {
  return protocolVersion === 'HTTP/1.0' ? undefined : joinedValue(request.fields, 'accept-encoding')
}

function forwarded(edge: Edge, viewer: ViewerRequest, place: Place): string[] {
  const { request } = viewer
  return forwardedFields(
    request.fields,
    { address: viewer.address, country: place.country },
    {
      scheme: request.scheme,
      host: request.host,
      protocolVersion: viewer.protocolVersion.slice('HTTP/'.length),
      node: edge.node,
      cdnId: edge.cdnId,
    },
  )
}

/** CloudFront's default root object is for `/` only, not for folders below it. */
function rootObject(distribution: MatchedDistribution, target: string): string {
  const { defaultRootObject } = distribution
  if (defaultRootObject === undefined || !(target === '/' || target.startsWith('/?'))) return target
  return `/${defaultRootObject}${target.slice(1)}`
}

/** RFC 9110 §15.5.20: nobody here speaks for that name. Never another site's content. */
function unknownHost(): Answer {
  return ownAnswer(421, 'No site is configured under this name.')
}

function refusal(access: Exclude<Access, { allowed: true }>): Answer {
  if (!('location' in access)) return ownAnswer(access.status, access.reason)
  return ownAnswer(access.status, 'This site is served over HTTPS.', ['Location', access.location])
}
