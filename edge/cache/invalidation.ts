import { firstValue } from './fields.ts'
import type { RequestHead, ResponseHead } from './message.ts'

/** Methods that change nothing at the origin (RFC 9110 §9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * The targets whose stored responses a request made invalid (RFC 9111 §4.4): after an unsafe method
 * that succeeded its own, and those of `Location` and `Content-Location` at the same origin.
 */
export function invalidatedTargets(request: RequestHead, response: ResponseHead): string[] {
  if (SAFE.has(request.method) || response.status < 200 || response.status >= 400) return []
  const named = ['location', 'content-location'].map((name) => firstValue(response.fields, name))
  return [request.target, ...named.flatMap((reference) => sameOriginTarget(request, reference))]
}

function sameOriginTarget(request: RequestHead, reference: string | undefined): string[] {
  if (reference === undefined) return []
  const base = `${request.scheme}://${request.host}${request.target}`
  if (!URL.canParse(reference, base)) return []
  const url = new URL(reference, base)
  return url.origin === new URL(base).origin ? [`${url.pathname}${url.search}`] : []
}
