import { firstValue } from '../fields.ts'
import type { RequestHead, ResponseHead } from '../message.ts'

/** Methods that change nothing at the origin (RFC 9110 §9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * The targets whose stored responses a request made invalid (RFC 9111 §4.4): after an unsafe method
 * that succeeded its own, and those of `Location` and `Content-Location` at the same origin.
 */
export function invalidatedTargets(request: RequestHead, response: ResponseHead): string[] {
  if (SAFE.has(request.method) || response.status < 200 || response.status >= 400) return []
  const named = ['location', 'content-location'].map((name) => firstValue(response.fields, name))
  const targets = named.map((reference) => sameOriginTarget(request, reference))
  return [request.target, ...targets.filter((target) => target !== undefined)]
}

/** Path and query of a reference in a response, or `undefined` when it leads to another origin, or nowhere. */
export function sameOriginTarget(request: RequestHead, reference: string | undefined): string | undefined {
  if (reference === undefined) return undefined
  const base = `${request.scheme}://${request.host}${request.target}`
  if (!URL.canParse(reference, base)) return undefined
  const url = new URL(reference, base)
  return url.origin === new URL(base).origin ? `${url.pathname}${url.search}` : undefined
}
