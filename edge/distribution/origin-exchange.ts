import { type Fields, filterFields, joinedValue, listMembers } from '../cache/fields.ts'
import type { Request, Response } from '../cache/message.ts'
import type { PreparedBehavior } from './prepared-behavior.ts'

/**
 * The last word on a request for an origin. Under a cache policy a viewer's wishes of caches, which an edge
 * passed on, end here, and policies rather than the origin's settings say under which name it is asked.
 */
export function requestForOrigin(request: Request, { selection }: PreparedBehavior): Request {
  if (selection === undefined) return request
  const { forward } = selection
  const isWish = (name: string) => name === 'cache-control' || name === 'pragma'
  return {
    ...request,
    hostHeader: forward.host ? 'viewer' : 'origin',
    fields: filterFields(request.fields, (name) => !isWish(name) || forward.header(name)),
  }
}

/**
 * The first look at an origin's response, before any cache has seen it. Under a cache policy `Set-Cookie`
 * is dropped where no cookies go to the origin, for then it can't be for anybody in particular; and `Vary`
 * holds only what could have changed the response. `*` goes too where `minTTL` keeps responses anyhow.
 */
export function responseFromOrigin(response: Response, behavior: PreparedBehavior): Response {
  const { selection, rules } = behavior
  if (selection === undefined) return response
  const { forward } = selection
  const takesCookies = forward.cookies !== 'none'
  const fields = filterFields(
    response.fields,
    (name) => name !== 'vary' && (takesCookies || name !== 'set-cookie'),
  )
  const varies = (name: string) =>
    name === 'accept-encoding' ||
    (name === 'cookie' && takesCookies) ||
    (name === '*' && rules.ttl?.minSeconds === 0) ||
    forward.header(name) ||
    forward.cloudfront.includes(name)
  return { ...response, fields: withVary(fields, response.fields, varies) }
}

function withVary(fields: string[], from: Fields, varies: (name: string) => boolean): string[] {
  const named = listMembers(joinedValue(from, 'vary')).filter(varies)
  if (named.length > 0) fields.push('Vary', named.join(', '))
  return fields
}
