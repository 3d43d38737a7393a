import { type Fields, firstValue, joinedValue } from '../fields.ts'

/** Fields by which a request asks for less than the whole response (RFC 9110 §13.1, §14.2). */
export const PARTIAL_FIELDS: ReadonlySet<string> = new Set([
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
])

/** Whether a request may be answered with less than the whole, so that a part or a 304 will do. */
export function asksForLess({ method, fields }: { method: string; fields: Fields }): boolean {
  return (
    method === 'HEAD' || fields.some((name, at) => at % 2 === 0 && PARTIAL_FIELDS.has(name.toLowerCase()))
  )
}

/** What to answer once the request's preconditions are weighed (RFC 9110 §13.2.2). */
export type Precondition = 'answer' | 'not-modified' | 'failed'

/** Whether a response has just come, or was kept: then it is known to be unchanged since its `Date`. */
export type Origin = 'received' | 'stored'

/**
 * Weighs a GET or HEAD's preconditions against the response that would be sent, in the order that
 * RFC 9110 §13.2.2 sets: If-Match, else If-Unmodified-Since; then If-None-Match, else
 * If-Modified-Since, which is held against a stored response's `Date` where there is no `Last-Modified`
 * (RFC 9111 §4.3.2). Only for a response that would otherwise be 200.
 */
export function preconditionOf(request: Fields, response: Fields, origin: Origin): Precondition {
  if (!isConditional(request)) return 'answer'
  const etag = firstValue(response, 'etag')
  const modifiedMs = httpDateMs(firstValue(response, 'last-modified'))

  const ifMatch = joinedValue(request, 'if-match')
  const ifUnmodifiedSinceMs = httpDateMs(firstValue(request, 'if-unmodified-since'))
  if (ifMatch !== undefined) {
    if (!entityTagListed(ifMatch, etag, 'strong')) return 'failed'
  } else if (ifUnmodifiedSinceMs !== undefined && modifiedMs !== undefined) {
    if (modifiedMs > ifUnmodifiedSinceMs) return 'failed'
  }

  const ifNoneMatch = joinedValue(request, 'if-none-match')
  if (ifNoneMatch !== undefined) {
    return entityTagListed(ifNoneMatch, etag, 'weak') ? 'not-modified' : 'answer'
  }
  const ifModifiedSinceMs = httpDateMs(firstValue(request, 'if-modified-since'))
  const sinceMs = modifiedMs ?? (origin === 'stored' ? httpDateMs(firstValue(response, 'date')) : undefined)
  if (ifModifiedSinceMs === undefined || sinceMs === undefined) return 'answer'
  return sinceMs <= ifModifiedSinceMs ? 'not-modified' : 'answer'
}

/** Nearly no request is, and all such fields begin alike. */
function isConditional(request: Fields): boolean {
  for (let at = 0; at < request.length; at += 2) {
    const name = request[at] as string
    if (name[2] === '-' && /^if/i.test(name)) return true
  }
  return false
}

/**
 * Whether `If-Range` lets the range be sent: an entity tag compares strongly, a date exactly
 * (RFC 9110 §13.1.5). Without the field it does.
 */
export function ifRangeHolds(request: Fields, response: Fields): boolean {
  const ifRange = firstValue(request, 'if-range')?.trim()
  if (ifRange === undefined) return true
  if (/^(W\/)?"/.test(ifRange)) return entityTagListed(ifRange, firstValue(response, 'etag'), 'strong')
  const dateMs = httpDateMs(ifRange)
  return dateMs !== undefined && dateMs === httpDateMs(firstValue(response, 'last-modified'))
}

/** An HTTP date in Unix ms, in any of the three forms (RFC 9110 §5.6.7), or `undefined`. */
export function httpDateMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (value === newest.value) return newest.ms
  const ms = readDate(value)
  if (ms !== undefined) newest = { value, ms }
  return ms
}

/** All that is said within one second has one date. */
let newest = { value: 'Thu, 01 Jan 1970 00:00:00 GMT', ms: 0 }

function readDate(value: string): number | undefined {
  const text = value.trim()
  const rfc850 = RFC_850.exec(text)
  if (rfc850 !== null) return rfc850Ms(rfc850)
  if (!IMF_FIXDATE.test(text) && !ASCTIME.test(text)) return undefined
  const ms = Date.parse(ASCTIME.test(text) ? `${text} GMT` : text)
  return Number.isNaN(ms) ? undefined : ms
}

/** The three forms by their outline; `Date.parse` alone also takes `1` and `tomorrow`-like text. */
const IMF_FIXDATE = /^[A-Za-z]{3}, \d{2} [A-Za-z]{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/
const RFC_850 = /^[A-Za-z]{6,9}, (\d{2})-([A-Za-z]{3})-(\d{2}) (\d{2}:\d{2}:\d{2}) GMT$/
const ASCTIME = /^[A-Za-z]{3} [A-Za-z]{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/

/** Its year has two digits: this century's, unless that is more than 50 years ahead (§5.6.7). */
function rfc850Ms([, day, month, year, time]: RegExpExecArray): number | undefined {
  const thisYear = new Date().getUTCFullYear()
  const near = thisYear - (thisYear % 100) + Number(year)
  const ms = Date.parse(`${day} ${month} ${near > thisYear + 50 ? near - 100 : near} ${time} GMT`)
  return Number.isNaN(ms) ? undefined : ms
}

/** An entity tag, weak or strong (RFC 9110 §8.8.3). */
const ENTITY_TAG = /(W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g

/** `*` matches any response that exists; the tags are compared as RFC 9110 §8.8.3.2 says. */
function entityTagListed(list: string, etag: string | undefined, compare: 'weak' | 'strong'): boolean {
  if (list.trim() === '*') return true
  if (etag === undefined) return false
  if (compare === 'strong') return !etag.startsWith('W/') && tagsIn(list).includes(etag)
  const opaque = withoutWeakness(etag)
  return tagsIn(list).some((listed) => withoutWeakness(listed) === opaque)
}

function tagsIn(list: string): readonly string[] {
  return list.match(ENTITY_TAG) ?? []
}

function withoutWeakness(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag
}
