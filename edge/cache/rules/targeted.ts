import { parseDictionary } from 'structured-headers'
import { type Fields, joinedValue } from '../fields.ts'
import { type Argument, type Directives, directivesOf, unquotedParts } from './directives.ts'

/** What we call ourselves where a field may name whom it is for. */
const OURSELVES = 'selvedge'

/** Our member of `Surrogate-Capability`: we obey `Surrogate-Control`, and don't assemble pages (ESI). */
export const SURROGATE_CAPABILITY = `${OURSELVES}="Surrogate/1.0"`

/** Our target list (RFC 9213 §2.2): the first of these that holds something valid speaks, and it alone. */
const TARGETED = ['selvedge-cdn-cache-control', 'cdn-cache-control']

/** Directives whose argument is a number of seconds. */
const IN_SECONDS: ReadonlySet<string> = new Set([
  'max-age',
  's-maxage',
  'stale-while-revalidate',
  'stale-if-error',
])

/** Directives that may name fields. */
const MAY_NAME_FIELDS: ReadonlySet<string> = new Set(['no-cache', 'private'])

/**
 * The directives that are meant for a cache like us, instead of `Cache-Control` and `Expires`; `undefined`
 * when there are none. `Surrogate-Control` is the old form that RFC 9213 took the place of, and comes last.
 */
export function targetedDirectives(fields: Fields): Directives | undefined {
  for (const name of TARGETED) {
    const directives = structuredDirectives(joinedValue(fields, name))
    if (directives !== undefined) return directives
  }
  return surrogateDirectives(joinedValue(fields, 'surrogate-control'))
}

/**
 * A targeted field as RFC 9213 §2.1 has it: a Dictionary of Structured Fields whose parameters mean nothing.
 * Empty or malformed, or with an argument of another type than the directive's, it counts as not there.
 */
function structuredDirectives(value: string | undefined): Directives | undefined {
  if (value === undefined) return undefined
  const directives = new Map<string, Argument>()
  try {
    for (const [name, [item]] of parseDictionary(value)) {
      const argument = argumentOf(name, item)
      if (argument === 'invalid') return undefined
      if (argument !== undefined) directives.set(name, argument)
    }
  } catch {
    return undefined
  }
  return directives.size === 0 ? undefined : directives
}

/** `undefined` for a directive that is switched off (`?0`). */
function argumentOf(name: string, item: unknown): Argument | undefined | 'invalid' {
  if (IN_SECONDS.has(name)) {
    return Number.isInteger(item) && (item as number) >= 0
      ? { value: String(item), quoted: false }
      : 'invalid'
  }
  if (item === false) return undefined
  if (item === true) return { value: '', quoted: false }
  if (MAY_NAME_FIELDS.has(name)) return typeof item === 'string' ? { value: item, quoted: true } : 'invalid'
  return { value: '', quoted: false }
}

/**
 * `Surrogate-Control` (Edge Architecture Specification, W3C Note, 2001): `no-store` and
 * `max-age=SECONDS[+SECONDS]`, the second number for when the response can't be validated. A directive may
 * be meant for one surrogate: `max-age=60;selvedge`. Ours goes before one for everybody.
 */
function surrogateDirectives(value: string | undefined): Directives | undefined {
  if (value === undefined) return undefined
  const forAll: string[] = []
  const forUs: string[] = []
  for (const part of unquotedParts(value, ',')) {
    const [directive = '', target] = unquotedParts(part, ';')
    if (target === undefined) forAll.push(directive)
    else if (target.toLowerCase() === OURSELVES) forUs.push(directive)
  }
  const said = directivesOf([...forUs, ...forAll].join(','))
  const maxAge = said.get('max-age')
  const directives = new Map<string, Argument>()
  if (said.has('no-store')) directives.set('no-store', { value: '', quoted: false })
  if (maxAge !== undefined) {
    const [fresh = '', stale = '0'] = maxAge.value.split('+')
    directives.set('max-age', { value: fresh, quoted: false })
    directives.set('stale-if-error', { value: stale, quoted: false })
  }
  return directives.size === 0 ? undefined : directives
}
