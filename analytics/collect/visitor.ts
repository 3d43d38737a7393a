import { hash } from 'node:crypto'

/** What two visitors differ in. */
export interface VisitorTraits {
  /** The day's, 64 hexadecimal characters. */
  salt: string
  /** As `plainAddress` gives it. */
  address: string
  userAgent: string
}

/**
 * Who it was, for one day: 64 bits, in decimal, of SHA-256 over the day's salt, the address and the
 * User-Agent.
 *
 * The salt is random and thrown away after the day (see salts.ts), so that nobody, ourselves included,
 * can tell afterwards which address a visitor had, or that visitors of two days were one person. None
 * of the three can hold a line feed, so no two visitors hash the same bytes.
 */
export function visitorOf({ salt, address, userAgent }: VisitorTraits): string {
  const digest = hash('sha256', `${salt}\n${address}\n${userAgent}`, 'buffer')
  return digest.readBigUInt64LE(0).toString()
}
