import type { Answer } from './cache/answer.ts'
import type { ResultType } from './cache/outcome.ts'
import { type Access, accessOf } from './distribution/access.ts'
import { isLooping } from './distribution/cdn-loop.ts'
import { behaviorOf, type MatchedDistribution } from './distribution/match.ts'
import { isMisdirected } from './distribution/misdirected.ts'
import type { PreparedBehavior } from './distribution/prepared-behavior.ts'
import { ownAnswer, respond } from './distribution/respond.ts'
import { withIndex } from './distribution/target.ts'
import type { Edge, Whose } from './edge.ts'
import { errorPageFor } from './error-page.ts'
import type { Place } from './geo/place.ts'
import type { ViewerRequest } from './viewer.ts'
import { askingFor } from './viewer-asking.ts'

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
 * A request's way through the edge: which site, where from, which rule, may they, do we have it, is it an
 * error that has a page, say it.
 *
 * @throws ViewerGone when the viewer left before there was an answer
 */
export async function answerViewer(edge: Edge, viewer: ViewerRequest): Promise<Served> {
  const place = placeOf(edge, viewer)
  const distribution = distributionFor(edge, viewer)
  if (distribution === undefined || viewer.malformed !== undefined) {
    return served(edge, viewer, { place, distribution }, refusalOf(edge, viewer, undefined) ?? unknownHost())
  }
  const request = { ...viewer.request, target: withIndex(viewer.request.target, distribution) }
  const behavior = behaviorOf(distribution, request.target)
  const whose = { place, distribution, behavior }
  const answer =
    refusalOf(edge, viewer, behavior) ?? (await edge.cache.answer(askingFor(edge, viewer, whose, request)))
  const page = answer.status < 400 ? undefined : await errorPageFor(edge, viewer, whose, answer)
  return served(edge, viewer, whose, answer, page)
}

/** The site that a viewer asks for, if it answers on this connection. */
export function distributionFor(
  { distributions }: Pick<Edge, 'distributions'>,
  { hostName, servername }: Pick<ViewerRequest, 'hostName' | 'servername'>,
): MatchedDistribution | undefined {
  const found = distributions.ofHost(hostName)
  if (found === undefined || isMisdirected(distributions, servername, hostName, found)) return undefined
  return found
}

/** Whose a request was that got no answer, because its viewer left before: it counts for the site all the same. */
export function notServed(edge: Edge, viewer: ViewerRequest): Pick<Served, 'distribution' | 'place'> {
  return { distribution: distributionFor(edge, viewer), place: placeOf(edge, viewer) }
}

function placeOf({ geo }: Edge, { place, address }: ViewerRequest): Place {
  return place ?? geo.placeOf(address)
}

/** The answer to bytes that were no request. */
export function answerUnreadable(edge: Edge, viewer: ViewerRequest, status: number): Served {
  const answer = ownAnswer(status, viewer.malformed ?? 'This is no HTTP request.')
  return served(edge, viewer, { place: edge.geo.placeOf(viewer.address), distribution: undefined }, answer)
}

/**
 * Why a viewer doesn't get what was asked for, whatever it was, as the answer that says so.
 *
 * @param behavior the rule for what was asked; `undefined` for a name that nobody answers to
 */
export function refusalOf(
  edge: Edge,
  { request, malformed }: Pick<ViewerRequest, 'request' | 'malformed'>,
  behavior: PreparedBehavior | undefined,
): Answer | undefined {
  // Two readers could take such a request for two different ones, so the connection ends with it.
  if (malformed !== undefined) return ownAnswer(400, malformed, CLOSE)
  if (behavior === undefined) return unknownHost()
  // RFC 8586 §2: an origin that leads back to us would have us ask ourselves until something breaks.
  if (isLooping(request.fields, edge.cdnId)) return ownAnswer(508, 'This request has been here before.')
  const access = accessOf(request, behavior, edge.httpsPort)
  return access.allowed ? undefined : refusal(access)
}

/** The answer in its final form, with what the log wants to know. @param page what is sent instead of an error */
export function served(
  edge: Edge,
  { request, requestId }: Pick<ViewerRequest, 'request' | 'requestId'>,
  {
    place,
    distribution,
    behavior,
  }: Pick<Served, 'place' | 'distribution'> & Partial<Pick<Whose, 'behavior'>>,
  answer: Answer,
  page?: Answer,
): Served {
  const apply = answer.outcome.kind === 'own' ? undefined : behavior?.changeResponse
  const change = apply && { apply, method: request.method, asked: request.fields }
  const said = respond(answer, { node: edge.node, requestId, behindShield: true, change }, page)
  return {
    answer: said.answer,
    distribution,
    place,
    resultType: said.resultType,
    detailedResultType: said.detailedResultType,
    cacheStatus: said.cacheStatus,
  }
}

const CLOSE = ['Connection', 'close']

/** RFC 9110 §15.5.20: nobody speaks for that name, here or on this connection. Never another site's content. */
function unknownHost(): Answer {
  return ownAnswer(421, 'No site answers to this name on this connection.')
}

function refusal(access: Exclude<Access, { allowed: true }>): Answer {
  if (access.status === 413) return ownAnswer(413, access.reason, CLOSE)
  if (!('location' in access)) return ownAnswer(access.status, access.reason)
  return ownAnswer(access.status, 'This site is served over HTTPS.', ['Location', access.location])
}
