/**
 * The one normalisation of a request's target, before anything looks at it: the cache key, the choice of
 * the behaviour, signatures and the origin's request all see the same text. Doing it twice changes nothing.
 *
 * Cache deception and poisoning live on two readers who take one address for two resources, so whatever
 * some origin may read differently from us is either made plain or refused:
 *
 * - Percent-encoding has one spelling (RFC 3986 §6.2.2): upper case, and unreserved characters as
 *   themselves. `%2e%2e` is `..` from here on, for us as for every origin.
 * - Dot segments are removed (§5.2.4), so `/static/../account` is `/account` for the behaviour too.
 * - A dot segment in disguise is refused: beside an encoded slash or a backslash (`/static/..%2Faccount`,
 *   which is `/account` to an origin that decodes first), or with parameters (`/..;/`, which Java servers
 *   take for `/../`), or in overlong UTF-8. Nobody honest sends these.
 * - Bad escapes and control characters in the path, NUL above all, are refused: some origin ends the name
 *   there, and `/account%00.css` would be kept as a style sheet.
 * - `%2F` is no slash: it stays, and matches no `/` of a path pattern. `//` stays, `;` stays and case stays:
 *   origins differ on what they mean, and they may mean something. Names of query parameters may repeat.
 *
 * In the query a `%` that begins no escape becomes `%25`, which is how every lenient reader takes it
 * (`?discount=50%` is not worth a refusal); a NUL is refused there too.
 *
 * @param target path and query, in the characters that HTTP allows there
 * @returns `undefined` where the request has to be refused with 400
 */
export function normalisedTarget(target: string): string | undefined {
  if (!UNUSUAL.test(target)) return target
  const at = target.indexOf('?')
  const path = normalisedPath(at === -1 ? target : target.slice(0, at))
  if (path === undefined || at === -1) return path
  const query = normalisedQuery(target.slice(at + 1))
  return query === undefined ? undefined : `${path}?${query}`
}

/** Without one of these a target is what it seems: nearly all of them. */
const UNUSUAL = /%|[/\\]\./

/** An escape, or a `%` that begins none. */
const ESCAPE = /%(?:([0-9A-Fa-f]{2})|)/g

/** Characters that never need an escape (RFC 3986 §2.3). */
const UNRESERVED = /[A-Za-z0-9._~-]/

/** `%00` to `%1F` and `%7F`, upper case. */
const CONTROL = /%(?:[01][0-9A-F]|7F)/

/** A bad escape, once those in order are taken away. */
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/

/** `.`, `/` and `\\` in the longer forms that UTF-8 forbids and lenient decoders undo. */
const OVERLONG = /%C0%A[EF]|%C1%9C|%E0%80%A[EF]|%E0%81%9C/

/** `.` or `..` with a neighbour that only some servers take for a separator, upper case. */
const DISGUISED = /(?:\\|%5C|%2F)\.{1,2}(?:$|[/\\;]|%2F|%5C|%3B)|\/\.{1,2}(?:[\\;]|%2F|%5C|%3B)/

function normalisedPath(path: string): string | undefined {
  if (BAD_ESCAPE.test(path)) return undefined
  const plain = withPlainEscapes(path)
  if (CONTROL.test(plain) || DISGUISED.test(plain) || OVERLONG.test(plain)) return undefined
  return withoutDotSegments(plain)
}

function normalisedQuery(query: string): string | undefined {
  const plain = withPlainEscapes(query)
  return plain.includes('%00') ? undefined : plain
}

function withPlainEscapes(text: string): string {
  return text.replace(ESCAPE, (found, digits: string | undefined) => {
    if (digits === undefined) return '%25'
    const character = String.fromCharCode(Number.parseInt(digits, 16))
    return UNRESERVED.test(character) ? character : found.toUpperCase()
  })
}

/** RFC 3986 §5.2.4 for a path that begins with a slash. */
function withoutDotSegments(path: string): string {
  const segments = path.split('/').slice(1)
  const kept: string[] = []
  for (const [at, segment] of segments.entries()) {
    if (segment === '..') kept.pop()
    const isDots = segment === '.' || segment === '..'
    // A path that ends in dots is one to a folder.
    if (!isDots) kept.push(segment)
    else if (at === segments.length - 1) kept.push('')
  }
  return `/${kept.join('/')}`
}
