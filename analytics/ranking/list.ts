import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Day } from '../queries/window.ts'

/** Days that a list is made of. */
export const LIST_DAYS = 30

/** Longest list, as others have it. */
export const LIST_SITES_MAX = 1_000_000

const ID_CHARACTERS = 10

/** No vowels, so that no id is a word, and nothing that is read as something else. */
const ID_ALPHABET = '23456789bcdfghjkmnpqrstvwxyz'

/** All that a list is made by. */
export interface ListConfiguration {
  /** Its last day. */
  day: Day
  days: number
  method: 'dowdall'
  sitesMax: number
  /** Computations of the daily rankings, oldest first; days without one are left out. */
  inputs: readonly string[]
}

/** Of list-entries.sql. */
export const listEntry = z.object({ rank: z.number(), site: z.string() })

export type ListEntry = z.infer<typeof listEntry>

/** A list's permanent name: made of its configuration alone, so that who makes the same gets the same. */
export function listIdOf(configuration: ListConfiguration): string {
  const digest = createHash('sha256').update(JSON.stringify(configuration)).digest()
  return Array.from(digest.subarray(0, ID_CHARACTERS), (byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join(
    '',
  )
}

/** `rank,domain` a line, without a head, as other lists have it; sites that share a rank repeat it. */
export function csvOf(entries: readonly ListEntry[]): string {
  return entries.map(({ rank, site }) => `${rank},${site}\n`).join('')
}
