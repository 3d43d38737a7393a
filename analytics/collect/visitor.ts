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
 * The 64 bits of a visitor's id, as two signed numbers: tens of thousands are remembered, and as bytes of their own
 * each would be three objects and a piece of memory beside the heap.
 */
export interface Visitor {
  low: number
  high: number
}

/**
 * Who it was, for one day: the first 64 bits of SHA-256 over the day's salt, the address and the User-Agent, which
 * as a number are read from the lowest byte on.
 *
 * The salt is random and thrown away after the day (see salts.ts), so that nobody, ourselves included,
 * can tell afterwards which address a visitor had, or that visitors of two days were one person. None
 * of the three can hold a line feed, so no two visitors hash the same bytes.
 */
export function visitorOf({ salt, address, userAgent }: VisitorTraits): Visitor {
  const digest = hash('sha256', `${salt}\n${address}\n${userAgent}`, 'buffer')
  return { low: digest.readInt32LE(0), high: digest.readInt32LE(4) }
}
