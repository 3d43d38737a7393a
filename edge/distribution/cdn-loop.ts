import { createHmac } from 'node:crypto'
import { type Fields, joinedValue } from '../cache/fields.ts'

/**
 * Our name in `CDN-Loop` (RFC 8586): the same for all edges and shields that share a key, and another for
 * another Selvedge, which may well be our origin. The key can't be told from it.
 */
export function cdnIdOf(sharedKey: string): string {
  const mac = createHmac('sha256', sharedKey).update('cdn-loop').digest('hex')
  return `selvedge-${mac.slice(0, 12)}`
}

/** Whether a request has been through us already. */
export function isLooping(fields: Fields, cdnId: string): boolean {
  const seen = joinedValue(fields, 'cdn-loop')
  return seen?.split(',').some((member) => nameOf(member) === cdnId) ?? false
}

/** `CDN-Loop` with ourselves put last. */
export function cdnLoop(fields: Fields, cdnId: string): string {
  const seen = joinedValue(fields, 'cdn-loop')
  return seen === undefined ? cdnId : `${seen}, ${cdnId}`
}

/** A member's name, without its parameters. */
function nameOf(member: string): string {
  return member.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}
