import { STATIC_NAMES } from '../../../edge/listen/http2/hpack/static-table.ts'

/** Strings of a list's pseudo-header fields. */
export const PSEUDO_STRINGS = 8

/** What means something to node:http2 itself, or that HTTP/2 has no place for. */
const LEFT_OUT = new Set(['', 'host', 'content-length', 'transfer-encoding', 'expect'])
const KNOWN_NAMES = STATIC_NAMES.filter((name) => !name.startsWith(':') && !LEFT_OUT.has(name))

const NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-_.!#$%&'*+^`|~"
const COMMON_CHARACTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/;=,.-_ "'

type Random = () => number

/**
 * Requests as lists of fields (name, value, …), of which names and values come again as they do on a connection. All
 * that a field's grammar allows is in them, and the same seed gives the same.
 */
export function randomLists(count: number, { seed }: { seed: number }): string[][] {
  const random = generator(seed)
  const seen: string[] = ['x-first', 'first']
  return Array.from({ length: count }, () => randomList(random, seen))
}

function randomList(random: Random, seen: string[]): string[] {
  const list = [':method', oneOf(random, ['GET', 'POST', 'PUT', 'REPORT']), ':scheme', 'https']
  list.push(':authority', `${text(random, 8, NAME_CHARACTERS.slice(0, 26))}.example`)
  list.push(':path', random() < 0.3 ? '/' : `/${text(random, 30, NAME_CHARACTERS)}`)
  for (let fields = below(random, 20); fields > 0; fields -= 1) {
    const [name, value] = randomField(random, seen)
    list.push(name, value)
  }
  return list
}

function randomField(random: Random, seen: string[]): [string, string] {
  if (random() < 0.4) {
    const at = 2 * below(random, seen.length / 2)
    return [seen[at] as string, random() < 0.7 ? (seen[at + 1] as string) : randomValue(random)]
  }
  const name = random() < 0.6 ? oneOf(random, KNOWN_NAMES) : `x${text(random, 20, NAME_CHARACTERS)}`
  const value = randomValue(random)
  // The last hundred: what is older, a table may have lost.
  const at = seen.length < 200 ? seen.length : 2 * below(random, 100)
  seen[at] = name
  seen[at + 1] = value
  return [name, value]
}

function randomValue(random: Random): string {
  const kind = random()
  if (kind < 0.05) return ''
  if (kind < 0.85) return text(random, 60, COMMON_CHARACTERS).trim()
  if (kind < 0.87) return text(random, 3_000, COMMON_CHARACTERS).trim()
  return anyText(random, 40)
}

function text(random: Random, lengthMax: number, characters: string): string {
  return Array.from({ length: 1 + below(random, lengthMax) }, () => oneOf(random, characters)).join('')
}

/** All octets that a value may have but for blanks, which it may not begin or end with. */
function anyText(random: Random, lengthMax: number): string {
  return Array.from({ length: below(random, lengthMax) }, () => {
    const octet = 0x21 + below(random, 0xdf)
    return String.fromCharCode(octet === 0x7f ? 0x7e : octet)
  }).join('')
}

function oneOf<T>(random: Random, all: ArrayLike<T>): T {
  return all[below(random, all.length)] as T
}

function below(random: Random, bound: number): number {
  return Math.floor(random() * bound)
}

/** Numbers from 0 to 1 by a seed (mulberry32). */
export function generator(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
