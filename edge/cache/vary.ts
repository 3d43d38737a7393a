import { type Fields, joinedValue, listMembers } from './fields.ts'

/** The request fields that selected a stored response, and their values then: name, value, name, value, … */
export type Selection = readonly string[]

/** What `Vary` of a response makes of the request that brought it (RFC 9111 §4.1). Names in lower case, sorted. */
export function selectionOf(request: Fields, response: Fields): Selection {
  const names = [...new Set(listMembers(joinedValue(response, 'vary')))].sort()
  return names.flatMap((name) => [name, normalised(joinedValue(request, name))])
}

/** Whether a request would select the response: every field that `Vary` named is as it was then. */
export function selects(request: Fields, selection: Selection): boolean {
  for (let at = 0; at < selection.length; at += 2) {
    const name = selection[at] as string
    if (normalised(joinedValue(request, name)) !== selection[at + 1]) return false
  }
  return true
}

/** Whether two selections are of the same request fields with the same values. */
export function sameSelection(one: Selection, other: Selection): boolean {
  return one.length === other.length && one.every((part, at) => part === other[at])
}

/**
 * White space around and after commas means nothing (RFC 9111 §4.1). An absent field is `\0`,
 * which no field can hold, because an empty one is something else.
 */
function normalised(value: string | undefined): string {
  return value === undefined
    ? '\0'
    : value
        .trim()
        .replace(/\s*,\s*/g, ',')
        .replace(/\s+/g, ' ')
}
