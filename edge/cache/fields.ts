/**
 * Header fields as they came: name, value, name, value, … (RFC 9110 §5). A field that was sent twice
 * stands twice; names keep their case and are compared without it. This is the form that node:http
 * gives (`rawHeaders`) and takes (`writeHead`), so a header crosses us without an object of its own.
 */
export type Fields = readonly string[]

/** No fields at all. */
export const NO_FIELDS: Fields = []

/** The first value of a field, or `undefined`. @param name in lower case */
export function firstValue(fields: Fields, name: string): string | undefined {
  for (let at = 0; at < fields.length; at += 2) {
    if (isNamed(fields[at] as string, name)) return fields[at + 1]
  }
  return undefined
}

/**
 * All values of a field as one list, joined by a comma (RFC 9110 §5.3), or `undefined`.
 * Not for `Set-Cookie`, whose values can't be joined. @param name in lower case
 */
export function joinedValue(fields: Fields, name: string): string | undefined {
  let joined: string | undefined
  for (let at = 0; at < fields.length; at += 2) {
    if (!isNamed(fields[at] as string, name)) continue
    const value = fields[at + 1] as string
    joined = joined === undefined ? value : `${joined}, ${value}`
  }
  return joined
}

/** How often a field was sent. @param name in lower case */
export function countOf(fields: Fields, name: string): number {
  let count = 0
  for (let at = 0; at < fields.length; at += 2) if (isNamed(fields[at] as string, name)) count += 1
  return count
}

/** The fields that `keep` wants. @param keep is given the name in lower case */
export function filterFields(fields: Fields, keep: (name: string) => boolean): string[] {
  const kept: string[] = []
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    if (keep(name.toLowerCase())) kept.push(name, fields[at + 1] as string)
  }
  return kept
}

/** A filter of fields that is made once. */
export type FieldFilter = (fields: Fields) => string[]

/** Names whose verdict is remembered, and their length: whoever makes names up must not fill memory. */
const KNOWN_NAMES_MAX = 512
const KNOWN_NAME_CHARACTERS_MAX = 64

/**
 * As `filterFields`, made once for a rule that goes by the name alone: what it says of a name is remembered, so
 * that nearly all fields cost one look-up. All responses that are kept share one text for each name, too.
 */
export function nameFilter(keep: (name: string) => boolean): FieldFilter {
  /** The one text of a name that is kept; an empty one where it isn't. */
  const known = new Map<string, string>()

  function judge(name: string): string {
    const isKept = keep(name.toLowerCase())
    if (name.length > KNOWN_NAME_CHARACTERS_MAX) return isKept ? name : ''
    if (known.size >= KNOWN_NAMES_MAX) known.clear()
    // A part of a larger text would keep all of that in memory.
    const own = Buffer.from(name, 'latin1').toString('latin1')
    known.set(own, isKept ? own : '')
    return isKept ? own : ''
  }

  return (fields) => {
    // Copied whole and then made shorter: a list that grows is copied several times.
    const kept = fields.slice()
    let length = 0
    for (let at = 0; at < fields.length; at += 2) {
      const name = fields[at] as string
      const own = known.get(name) ?? judge(name)
      if (own === '') continue
      kept[length] = own
      kept[length + 1] = fields[at + 1] as string
      length += 2
    }
    kept.length = length
    return kept
  }
}

/** The fields with one of them set: every earlier value of it is gone. */
export function withField(fields: Fields, name: string, value: string): string[] {
  const lower = name.toLowerCase()
  const rest = filterFields(fields, (other) => other !== lower)
  rest.push(name, value)
  return rest
}

/** A comma-separated list's members, in lower case, without the empty ones (RFC 9110 §5.6.1). */
export function listMembers(value: string | undefined): string[] {
  if (value === undefined) return []
  return value
    .split(',')
    .map((member) => member.trim().toLowerCase())
    .filter((member) => member !== '')
}

/** Whether two field names are the same. @param lower the wanted name, already in lower case */
function isNamed(name: string, lower: string): boolean {
  return name.length === lower.length && (name === lower || name.toLowerCase() === lower)
}
