import type { Answer } from '../cache/answer.ts'
import { type Fields, filterFields, firstValue, joinedValue, nameFilter } from '../cache/fields.ts'
import { cacheStatusMember, cacheStatusOf, type ResultType, resultTypeOf } from '../cache/outcome.ts'
import type { ResponseChange } from './response-change.ts'

/** Statuses whose responses have no content (RFC 9110 §6.4.1). */
const BODYLESS: ReadonlySet<number> = new Set([204, 304])

/** Fields that every tier of ours words for itself. */
const SAID_ANEW: ReadonlySet<string> = new Set(['cache-status', 'via', 'x-cache', 'x-selvedge-request-id'])

/**
 * And those that no viewer sees: tags are between an origin and its caches, tell how a site is built, and
 * may be 12 KB. Fastly takes `Surrogate-Key` off too, Cloudflare `Cache-Tag`.
 */
const NOT_FOR_VIEWERS: ReadonlySet<string> = new Set([
  ...SAID_ANEW,
  'cache-tag',
  'selvedge-cdn-cache-control',
  'surrogate-key',
])

const forViewers = nameFilter((name) => !NOT_FOR_VIEWERS.has(name))
const forTiers = nameFilter((name) => !SAID_ANEW.has(name))

/** What a 304 tells a viewer of the response it stands for (RFC 9110 §15.4.5), and the cookie that came with it. */
const NOT_MODIFIED_FIELDS: ReadonlySet<string> = new Set([
  'age',
  'cache-control',
  'content-location',
  'date',
  'etag',
  'expires',
  'last-modified',
  'set-cookie',
  'vary',
])

/** Who speaks, and about which request. */
export interface Respondent {
  /** Name of this cache in `Via` and `Cache-Status`. */
  node: string
  requestId: string
  /** Whether what it asked was a cache of ours: then a hit there is one here too, as with CloudFront's shield. */
  behindShield: boolean
  /** What the behaviour makes of an answer's fields, for the request that is answered. */
  change?: { apply: ResponseChange; method: string; asked: Fields } | undefined
}

/** An answer in its final form, and what the log says of it. */
export interface Responded {
  answer: Answer
  resultType: ResultType
  /** The closer reason where there is one: CloudFront's `x-edge-detailed-result-type`. */
  detailedResultType: string
  /** Our member of `Cache-Status`, without our name. */
  cacheStatus: string
}

/**
 * Words the answer: a page for a failure, `Via` (RFC 9110 §7.6.3), `X-Cache`, `Cache-Status`
 * (RFC 9211; ours comes after those of the caches nearer the origin) and the request's id.
 *
 * @param page the distribution's own page for the error that `answer` is: its status, fields and body are
 *   sent, while everything said of how it came about is of the error
 */
export function respond(answer: Answer, by: Respondent, page?: Answer): Responded {
  const spoken = page ?? (answer.outcome.kind === 'failed' ? failurePage(answer, by.requestId) : answer)
  const shieldHit = by.behindShield && isShieldHit(answer)
  const resultType = shieldHit ? 'Hit' : resultTypeOf(answer.outcome, answer.status)
  const cacheStatus = cacheStatusOf(answer.outcome)
  const member = cacheStatusMember(by.node, cacheStatus)
  const fields = by.behindShield ? viewersFields(spoken) : forTiers(spoken.fields)
  const upstream = upstreamWords(spoken, by.behindShield)
  const via = `1.1 ${by.node} (selvedge)`
  fields.push(
    'Via',
    upstream.via === '' ? via : `${upstream.via}, ${via}`,
    'X-Cache',
    `${resultType} from selvedge`,
    'Cache-Status',
    upstream.status === '' ? member : `${upstream.status}, ${member}`,
    'X-Selvedge-Request-Id',
    by.requestId,
  )
  const { outcome } = answer
  const detailedResultType = detailedResultTypeOf(answer, resultType, shieldHit)
  const told = { node: by.node, requestId: by.requestId, resultType, detailedResultType, outcome }
  const changed = by.change === undefined ? fields : by.change.apply(fields, { ...told, ...by.change })
  return {
    answer: { ...spoken, fields: changed, outcome },
    resultType,
    detailedResultType,
    cacheStatus,
  }
}

/** Of what was stored and made, all that a viewer has to know. */
function viewersFields({ status, fields }: Answer): string[] {
  const kept = forViewers(fields)
  if (status === 304) return filterFields(kept, (name) => NOT_MODIFIED_FIELDS.has(name))
  // A part tells by itself that there are some; as with nginx.
  return status === 206 ? filterFields(kept, (name) => name !== 'accept-ranges') : kept
}

/** A shield of ours, and nothing before it, as the last member of `Via` and of `Cache-Status`. */
const SHIELD_IN_VIA = /(?:^|, )1\.1 [^ ,]+-shield \(selvedge\)$/
const SHIELD_IN_STATUS = /(?:^|, )"[^"]*-shield"[^",]*$/

/**
 * What those nearer the origin said in `Via` and `Cache-Status`, '' for nothing. Viewers see edge and shield as one
 * in `Via`, as is allowed to those under one control (RFC 9110 §7.6.3); and what the shield said of an earlier
 * request is no news to one that it never saw. On a hit of 1 KB both make the difference between one packet and two.
 */
function upstreamWords({ fields, outcome }: Answer, behindShield: boolean): { via: string; status: string } {
  const via = joinedValue(fields, 'via') ?? ''
  const status = joinedValue(fields, 'cache-status') ?? ''
  if (!behindShield) return { via, status }
  // Of a stale answer they are the words with which it was stored.
  const isTheirs = outcome.forward !== undefined && outcome.kind !== 'stale'
  return {
    via: via.replace(SHIELD_IN_VIA, ''),
    status: isTheirs ? status : status.replace(SHIELD_IN_STATUS, ''),
  }
}

function isShieldHit({ outcome, status, fields }: Answer): boolean {
  return outcome.kind === 'miss' && status < 400 && firstValue(fields, 'x-cache') === 'Hit from selvedge'
}

function detailedResultTypeOf({ outcome }: Answer, resultType: ResultType, shieldHit: boolean): string {
  if (shieldHit) return 'OriginShieldHit'
  return outcome.kind === 'failed' ? (outcome.detail ?? resultType) : resultType
}

/** An answer of our own: one line of text, never cached by anybody. */
export function ownAnswer(status: number, sentence: string, more: readonly string[] = []): Answer {
  const body = Buffer.from(BODYLESS.has(status) ? '' : `${sentence}\n`)
  const fields = [
    'Date',
    new Date().toUTCString(),
    'Content-Type',
    'text/plain; charset=utf-8',
    'Content-Length',
    String(body.byteLength),
    'Cache-Control',
    'no-store',
    ...more,
  ]
  return { status, fields, body, outcome: { kind: 'own', upstreamUs: 0 } }
}

function failurePage(answer: Answer, requestId: string): Answer {
  const sentence =
    answer.status === 504 ? 'The origin did not answer in time.' : 'The origin could not be reached.'
  const page = ownAnswer(answer.status, `${sentence} Request id: ${requestId}`)
  return { ...page, outcome: answer.outcome }
}
