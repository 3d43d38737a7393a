import { type Coding, memoisedAcceptance } from '../cache/encoding/accept-encoding.ts'
import { type Fields, filterFields, joinedValue } from '../cache/fields.ts'
import { endToEndFields } from '../cache/rules/hop-by-hop.ts'
import { SURROGATE_CAPABILITY } from '../cache/rules/targeted.ts'
import { joinedCookies } from './cache-key.ts'
import { cdnLoop } from './cdn-loop.ts'
import { type Asked, hopOf, isOurs, isPoisoner, type ViewerPlace } from './forwarded.ts'
import { takenCookies, takenQuery } from './parameters.ts'
import type { Selection } from './selection.ts'
import { pathOf, queryOf } from './target.ts'
import { cloudfrontValue } from './viewer-headers.ts'

/** What the cache itself needs: a part, or whether something changed. Nothing of it gets into what is stored. */
const FOR_THE_CACHE: ReadonlySet<string> = new Set([
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
])

/** A viewer's wishes of caches (RFC 9111 §5.2.1), where the behaviour obeys them. */
const WISHES: ReadonlySet<string> = new Set(['cache-control', 'pragma'])

/** What says what the body of a request is, and who sends it; only with methods whose responses aren't kept. */
const WITH_A_BODY: ReadonlySet<string> = new Set([
  'authorization',
  'content-digest',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-md5',
  'content-type',
  'date',
  'digest',
  'from',
  'repr-digest',
])

/** Methods that CloudFront asks an origin with as if nobody in particular asked. */
const FOR_ALL: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Fields that are never the viewer's alone: each has a rule of its own below. */
const BY_OWN_RULE: ReadonlySet<string> = new Set(['accept-encoding', 'cookie', 'host', 'expect'])

/**
 * Whether a field must be listed by name to go on, even where a policy takes all that a viewer sent: it
 * poisons, or says what only we can know.
 *
 * @param name in lower case
 */
export function mustBeNamed(name: string): boolean {
  return isPoisoner(name) || isOurs(name) || name.startsWith('x-edge-') || name.startsWith('x-amz-cf-')
}

/**
 * The request's fields as they go on under a cache policy, which is CloudFront's way: what is in the key,
 * what the origin request policy adds, and what we know ourselves. Whatever else a viewer sends (`Accept`,
 * `Referer`, `Authorization`, any `X-…`) can't change a response that others get.
 *
 * Always ours: `User-Agent: Selvedge` where the viewer's isn't asked for, `X-Forwarded-For` with the other
 * end of the connection (after what came, where that is listed), `Via`, `CDN-Loop`.
 */
export function fieldsByPolicy(
  fields: Fields,
  viewer: ViewerPlace,
  asked: Asked,
  selection: Selection,
  requestDirectives: 'ignore' | 'obey',
): string[] {
  const { forward, codings } = selection
  const isFromOne = !FOR_ALL.has(asked.method)
  const kept = filterFields(endToEndFields(fields), (name) => {
    if (BY_OWN_RULE.has(name)) return false
    if (FOR_THE_CACHE.has(name) || (isFromOne && WITH_A_BODY.has(name))) return true
    if (WISHES.has(name) && requestDirectives === 'obey') return true
    return forward.header(name) && !isOurs(name) && name !== 'x-forwarded-for'
  })
  const accepted = acceptedCodings(joinedValue(fields, 'accept-encoding'), codings)
  if (accepted !== undefined) kept.push('Accept-Encoding', accepted)
  const cookies = takenCookies(joinedCookies({ fields }), forward.cookies)
  if (cookies !== '') kept.push('Cookie', cookies)
  if (!forward.header('user-agent')) kept.push('User-Agent', 'Selvedge')
  const addresses = forward.header('x-forwarded-for') ? joinedValue(fields, 'x-forwarded-for') : undefined
  kept.push('X-Forwarded-For', addresses === undefined ? viewer.address : `${addresses}, ${viewer.address}`)
  kept.push('Via', hopOf(asked), 'CDN-Loop', cdnLoop(fields, asked.cdnId))
  kept.push('Surrogate-Capability', SURROGATE_CAPABILITY)
  for (const name of forward.cloudfront) {
    const value = cloudfrontValue(name, viewer, asked, fields)
    if (value !== undefined) kept.push(name, value)
  }
  return kept
}

/** The target as it goes on under a cache policy: only the parameters that policies take. */
export function targetByPolicy(target: string, { forward }: Selection): string {
  const query = takenQuery(queryOf(target), forward.query)
  return query === '' ? pathOf(target) : `${pathOf(target)}?${query}`
}

/**
 * `Accept-Encoding` as CloudFront sends it on: those of the enabled codings that the viewer takes, always in
 * one order, so that there are few variants; `undefined` for none.
 */
function acceptedCodings(value: string | undefined, enabled: readonly Coding[]): string | undefined {
  if (value === undefined || enabled.length === 0) return undefined
  const acceptance = memoisedAcceptance(value)
  const accepted = enabled.filter((coding) => acceptance[coding] > 0)
  return accepted.length === 0 ? undefined : accepted.join(',')
}
