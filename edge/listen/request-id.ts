import { randomBytes } from 'node:crypto'

/** 72 random bits: no two processes of any edge have the same. */
const prefix = randomBytes(9).toString('base64url')
let count = 0

/**
 * An id that no other request of this CDN has: unique to the process, then counted. It is no secret;
 * asking for random bytes each time would be a tenth of a cache hit's cost.
 */
export function nextRequestId(): string {
  count += 1
  return `${prefix}${count.toString(36).padStart(8, '0')}`
}
