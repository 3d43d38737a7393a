import { type Fields, joinedValue, listMembers } from '../fields.ts'
import { type Argument, type Directives, deltaSeconds, directivesOf } from './directives.ts'
import { targetedDirectives } from './targeted.ts'

/**
 * The directives that a shared cache acts on (RFC 9111 §5.2.2, RFC 5861; RFC 8246's `immutable` is for
 * caches that viewers can make reload). Lifetimes are in seconds; `undefined` means that it was not sent.
 */
export interface CacheControl {
  noStore: boolean
  /** Without field names. */
  noCache: boolean
  /** Without field names. */
  private: boolean
  public: boolean
  mustRevalidate: boolean
  proxyRevalidate: boolean
  mustUnderstand: boolean
  maxAge: number | undefined
  sMaxAge: number | undefined
  staleWhileRevalidate: number | undefined
  staleIfError: number | undefined
  /**
   * Fields that must not be kept, in lower case: those that `private="…"` names are for one viewer
   * (§5.2.2.7), those of `no-cache="…"` may not be used again without asking (§5.2.2.4).
   */
  withheld: readonly string[]
  /** Whether a field for caches like us spoke, so that `Expires` counts no more than `Cache-Control` (RFC 9213 §2.2). */
  targeted: boolean
}

/** The value of a qualified directive: a list of field names. */
const FIELD_NAMES = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:\s*,\s*[!#$%&'*+\-.^_`|~0-9A-Za-z]+)*$/

/** What a response's `Cache-Control`, or a field in its place, says. Unknown directives are ignored (§5.2.3). */
export function cacheControlOf(fields: Fields): CacheControl {
  const targeted = targetedDirectives(fields)
  if (targeted !== undefined) return meaningOf(targeted, true)
  return memoised(joinedValue(fields, 'cache-control') ?? '')
}

/** Sites say few different things, and each takes microseconds to read: bounded in number and length. */
const KNOWN_MAX = 512
const KNOWN_CHARACTERS_MAX = 256
const known = new Map<string, CacheControl>()

function memoised(value: string): CacheControl {
  const found = known.get(value)
  if (found !== undefined) return found
  const control = meaningOf(directivesOf(value), false)
  if (value.length > KNOWN_CHARACTERS_MAX) return control
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(value, control)
  return control
}

function meaningOf(directives: Directives, targeted: boolean): CacheControl {
  return {
    noStore: directives.has('no-store'),
    noCache: isUnqualified(directives, 'no-cache'),
    private: isUnqualified(directives, 'private'),
    public: directives.has('public'),
    mustRevalidate: directives.has('must-revalidate'),
    proxyRevalidate: directives.has('proxy-revalidate'),
    mustUnderstand: directives.has('must-understand'),
    maxAge: deltaSeconds(directives.get('max-age')),
    sMaxAge: deltaSeconds(directives.get('s-maxage')),
    staleWhileRevalidate: deltaSeconds(directives.get('stale-while-revalidate')),
    staleIfError: deltaSeconds(directives.get('stale-if-error')),
    withheld: [...namedBy(directives.get('private')), ...namedBy(directives.get('no-cache'))],
    targeted,
  }
}

/** Whether a directive stands there for the whole response: alone, or with what is no list of fields. */
function isUnqualified(directives: Directives, name: string): boolean {
  const argument = directives.get(name)
  return argument !== undefined && namedBy(argument).length === 0
}

/** The fields that a qualified directive names. Only as a quoted string, as the RFC has it; else there are none. */
function namedBy(argument: Argument | undefined): string[] {
  if (!argument?.quoted || !FIELD_NAMES.test(argument.value.trim())) return []
  return listMembers(argument.value)
}
