import { hash } from 'node:crypto'

/** What two visitors differ in. */
export interface VisitorTraits {
  /** The day's, 64 hexadecimal characters. */
  salt: string
  /** As `plainAddress` gives it. */
  address: string
  userAgent: string
}

const ID_BYTES = 8

/**
 * Who it was, for one day: the first 64 bits of SHA-256 over the day's salt, the address and the User-Agent, which
 * as a number are read from the lowest byte on.
 *
 * The salt is random and thrown away after the day (see salts.ts), so that nobody, ourselves included,
 * can tell afterwards which address a visitor had, or that visitors of two days were one person. None
 * of the three can hold a line feed, so no two visitors hash the same bytes.
 */
export function visitorOf({ salt, address, userAgent }: VisitorTraits): Uint8Array {
  return new Uint8Array(hash('sha256', `${salt}\n${address}\n${userAgent}`, 'buffer').subarray(0, ID_BYTES))
}
