import { type Fields, joinedValue, listMembers } from '../fields.ts'

/** The request fields that selected a stored response, and their values then: name, value, name, value, … */
export type Selection = readonly string[]

/** What `Vary` of a response makes of the request that brought it (RFC 9111 §4.1). Names in lower case, sorted. */
export function selectionOf(request: Fields, response: Fields): Selection {
  const vary = joinedValue(response, 'vary')
  if (vary === undefined) return NO_SELECTION
  const names = [...new Set(listMembers(vary))].sort()
  return names.flatMap((name) => [name, normalised(name, joinedValue(request, name))])
}

const NO_SELECTION: Selection = []

/** Whether a request would select the response: every field that `Vary` named is as it was then. */
export function selects(request: Fields, selection: Selection): boolean {
  for (let at = 0; at < selection.length; at += 2) {
    const name = selection[at] as string
    if (normalised(name, joinedValue(request, name)) !== selection[at + 1]) return false
  }
  return true
}

/** Whether two selections are of the same request fields with the same values. */
export function sameSelection(one: Selection, other: Selection): boolean {
  return one.length === other.length && one.every((part, at) => part === other[at])
}

/** Fields whose members are weighed by `q`, in which case and order mean nothing (RFC 9110 §12.5.2 to §12.5.4). */
const WEIGHTED: ReadonlySet<string> = new Set(['accept-charset', 'accept-encoding', 'accept-language'])

/**
 * One spelling for all values that mean the same (RFC 9111 §4.1). White space around commas means nothing.
 * An absent field is `\0`, which no field can hold, because an empty one is something else.
 */
function normalised(name: string, value: string | undefined): string {
  if (value === undefined) return '\0'
  if (WEIGHTED.has(name)) return memoised(value)
  return value
    .trim()
    .replace(/\s*,\s*/g, ',')
    .replace(/\s+/g, ' ')
}

/** Browsers send few different weighted values, and each takes microseconds: bounded in number and length. */
const KNOWN_MAX = 2_048
const KNOWN_LENGTH_MAX = 256
const known = new Map<string, string>()

function memoised(value: string): string {
  const found = known.get(value)
  if (found !== undefined) return found
  const made = weighted(value)
  if (value.length > KNOWN_LENGTH_MAX) return made
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(value, made)
  return made
}

/**
 * `DE ; q=1.0, en` and `en,de` are one. Some servers take the order of languages of one weight for a
 * preference; RFC 9110 §12.5.4 says that it can't be relied on, and browsers send weights.
 */
function weighted(value: string): string {
  return value
    .toLowerCase()
    .replace(/\s*([,;])\s*/g, '$1')
    .trim()
    .split(',')
    .filter((member) => member !== '')
    .map((member) => member.replace(/;q=1(?:\.0{0,3})?$/, '').replace(/(;q=0(?:\.\d*?[1-9])?)\.?0*$/, '$1'))
    .sort()
    .join(',')
}
