/**
 * The names that a request target's path stands for, decoded once, or `undefined` when it is no path
 * that an object could have: a bad escape, an encoded slash, a backslash, NUL, a `.` or `..` in any
 * encoding, or bytes that are no UTF-8. A trailing slash gives an empty last name, as does `/` itself.
 *
 * Empty names within (`//`) stay: in a bucket they are part of a key.
 */
export function objectPathOf(target: string): string[] | undefined {
  const query = target.indexOf('?')
  const path = query === -1 ? target : target.slice(0, query)
  if (!path.startsWith('/')) return undefined
  const names: string[] = []
  for (const encoded of path.slice(1).split('/')) {
    const name = decoded(encoded)
    if (name === undefined || name === '.' || name === '..' || FORBIDDEN.test(name)) return undefined
    names.push(name)
  }
  return names
}

/** What no name may hold: our separators, and control characters, NUL above all. */
const FORBIDDEN = /[/\\\p{Cc}]/u

function decoded(encoded: string): string | undefined {
  try {
    // Strict: throws on a bad escape and on bytes that are no (shortest-form) UTF-8.
    return decodeURIComponent(encoded)
  } catch {
    return undefined // a malformed path names nothing: the caller answers 400
  }
}
