/** A directive's argument, and whether it was a quoted string. Empty when there was none. */
export interface Argument {
  value: string
  quoted: boolean
}

/** Cache directives by name, in lower case (RFC 9111 §5.2). */
export type Directives = ReadonlyMap<string, Argument>

/** Largest number of seconds we count to; a greater one means this one (RFC 9111 §1.2.2). */
export const DELTA_SECONDS_MAX = 2_147_483_648

/** A directive: a token, and an argument that anything may stand in. */
const DIRECTIVE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*(?:=\s*(.*))?$/s

/** A quoted string with its escapes (RFC 9110 §5.6.4). */
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/s

/** Directives that only ever forbid. */
const FORBIDDING: ReadonlySet<string> = new Set([
  'must-revalidate',
  'no-cache',
  'no-store',
  'private',
  'proxy-revalidate',
])

/**
 * Reads a `Cache-Control` field. Of a directive that stands there twice the first counts (§4.2.1). What is no
 * directive is passed over.
 *
 * Some people put semicolons for commas. Of what follows one we take what forbids and nothing else: half of
 * `no-store; private` must not turn into a permission.
 */
export function directivesOf(value: string): Map<string, Argument> {
  const directives = new Map<string, Argument>()
  const add = (part: string, isTaken: (name: string) => boolean) => {
    const [, name = '', argument = ''] = DIRECTIVE.exec(part) ?? []
    const lower = name.toLowerCase()
    if (lower === '' || directives.has(lower) || !isTaken(lower)) return
    directives.set(lower, argumentOf(argument.trim()))
  }
  for (const member of unquotedParts(value, ',')) {
    const [first = '', ...rest] = unquotedParts(member, ';')
    add(first, () => true)
    for (const part of rest) add(part, (name) => FORBIDDING.has(name))
  }
  return directives
}

/** A number of seconds; one that can't be read is 0, for then the response is best taken for stale (§4.2.1). */
export function deltaSeconds(argument: Argument | undefined): number | undefined {
  if (argument === undefined) return undefined
  return /^\d+$/.test(argument.value) ? Math.min(Number(argument.value), DELTA_SECONDS_MAX) : 0
}

/**
 * Splits at separators that stand outside quoted strings; the parts are trimmed and not empty. A quotation
 * mark that nothing closes is a character like any other, so that it can't hide what follows.
 */
export function unquotedParts(value: string, separators: string): string[] {
  const parts: string[] = []
  let from = 0
  for (let at = 0; at < value.length; at += 1) {
    const character = value[at] as string
    if (character === '"') at = endOfQuoted(value, at) ?? at
    else if (separators.includes(character)) {
      parts.push(value.slice(from, at))
      from = at + 1
    }
  }
  parts.push(value.slice(from))
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

/** Position of the mark that closes a quoted string, or `undefined`. @param open position of its first */
function endOfQuoted(value: string, open: number): number | undefined {
  for (let at = open + 1; at < value.length; at += 1) {
    if (value[at] === '\\') at += 1
    else if (value[at] === '"') return at
  }
  return undefined
}

function argumentOf(text: string): Argument {
  const inner = QUOTED.exec(text)?.[1]
  return inner === undefined
    ? { value: text, quoted: false }
    : { value: inner.replace(/\\(.)/gs, '$1'), quoted: true }
}
