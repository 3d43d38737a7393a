import type { Asking } from './cache/asking.ts'
import { joinedValue } from './cache/fields.ts'
import type { Request } from './cache/message.ts'
import { keyOfForwarded } from './distribution/cache-key.ts'
import { forwardedFields } from './distribution/forwarded.ts'
import { fieldsByPolicy, targetByPolicy } from './distribution/forwarded-by-policy.ts'
import type { Edge, Whose } from './edge.ts'
import type { ViewerRequest } from './viewer.ts'

/**
 * What the cache is asked for a viewer's request: the request as it goes on, and by which key and rules.
 *
 * @param request the viewer's, for the object that is meant
 */
export function askingFor(edge: Edge, viewer: ViewerRequest, whose: Whose, request: Request): Asking {
  const { distribution, behavior } = whose
  const forwarded = forwardedRequest(edge, viewer, whose, request)
  const keyOf = keyOfForwarded(distribution.id, forwarded, behavior.selection)
  return {
    request: forwarded,
    upstream: edge.upstreamFor(distribution, viewer, keyOf),
    keyOf,
    viewer: viewer.gone,
    acceptEncoding: acceptEncoding(viewer),
    rules: behavior.rules,
    group: distribution.id,
  }
}

/** The request as it goes on: what of it a policy takes, or all that may go on. */
export function forwardedRequest(
  { node, cdnId, geo }: Edge,
  viewer: Pick<ViewerRequest, 'address' | 'port' | 'protocolVersion'>,
  { place, behavior }: Pick<Whose, 'place' | 'behavior'>,
  request: Request,
): Request {
  const { selection, requestDirectives } = behavior
  const { address, port } = viewer
  const { detailsOf } = geo
  const details = detailsOf && (() => detailsOf(address))
  const from = { address, port, country: place.country, details }
  const { method, scheme, host, fields, target } = request
  const asked = {
    method,
    scheme,
    host,
    node,
    cdnId,
    protocolVersion: viewer.protocolVersion.slice('HTTP/'.length),
  }
  if (selection === undefined) return { ...request, fields: forwardedFields(fields, from, asked) }
  return {
    ...request,
    target: targetByPolicy(target, selection),
    fields: fieldsByPolicy(fields, from, asked, selection, requestDirectives),
  }
}

/** An HTTP/1.0 viewer is given no coding, as with CloudFront: proxies of that age don't heed `Vary`. */
function acceptEncoding({ request, protocolVersion }: ViewerRequest): string | undefined {
  return protocolVersion === 'HTTP/1.0' ? undefined : joinedValue(request.fields, 'accept-encoding')
}
