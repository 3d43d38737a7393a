import { CONNECTION_FIELDS } from './response-fields.ts'

/** What a request breaks: a sentence for the log. Whoever sent it is not told, its stream is reset (RFC 9113 §8.1.1). */
export type Fault = string

/** Names as HTTP/2 has them (§8.2): a token without capitals. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
/** No control characters, as in HTTP/1.1, and no blanks about it (§8.2.1). */
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/
const DIGITS = /^\d+$/

/** Names that have been seen to be valid: most requests have no other. */
const known = new Set<string>()
const KNOWN_MAX = 500
const KNOWN_LENGTH_MAX = 40

/** What is asked of a request by its pseudo-header fields (§8.3.1, §8.5, RFC 8441 §4). */
interface Pseudo {
  method: string | undefined
  scheme: string | undefined
  authority: string | undefined
  path: string | undefined
  protocol: string | undefined
}

/**
 * Says what makes a request malformed (RFC 9113 §8.2, §8.3): names that are no names, values that no field may have,
 * pseudo-header fields that are missing, unknown, said twice or out of place, fields about a connection.
 *
 * @param fields name, value, … as they came
 * @param takesTunnels whether `:protocol` is known (RFC 8441 §4)
 */
export function requestFault(fields: readonly string[], takesTunnels: boolean): Fault | undefined {
  const pseudo: Pseudo = {
    method: undefined,
    scheme: undefined,
    authority: undefined,
    path: undefined,
    protocol: undefined,
  }
  let at = 0
  for (; at < fields.length && (fields[at] as string).charCodeAt(0) === COLON; at += 2) {
    const fault = notePseudo(pseudo, fields[at] as string, fields[at + 1] as string)
    if (fault !== undefined) return fault
  }
  return pseudoFault(pseudo, takesTunnels) ?? regularFault(fields, at)
}

const COLON = 0x3a

/** Says what makes trailers malformed (§8.1): pseudo-header fields have no place there. */
export function trailerFault(fields: readonly string[]): Fault | undefined {
  return regularFault(fields, 0)
}

function notePseudo(pseudo: Pseudo, name: string, value: string): Fault | undefined {
  const which = name.slice(1)
  if (!Object.hasOwn(pseudo, which)) return 'a pseudo-header field that nobody knows'
  const key = which as keyof Pseudo
  if (pseudo[key] !== undefined) return `${name} is said twice`
  if (!VALUE.test(value)) return `${name} has characters that no field may have`
  pseudo[key] = value
  return undefined
}

function pseudoFault(
  { method, scheme, authority, path, protocol }: Pseudo,
  takesTunnels: boolean,
): Fault | undefined {
  if (method === undefined || !TOKEN.test(method)) return ':method is missing or no method'
  if (protocol !== undefined && (!takesTunnels || method !== 'CONNECT')) return ':protocol is out of place'
  if (method === 'CONNECT' && protocol === undefined) {
    if (scheme !== undefined || path !== undefined) return 'CONNECT has a :scheme or a :path'
    return authority === undefined ? 'CONNECT lacks an :authority' : undefined
  }
  if (scheme === undefined || !SCHEME.test(scheme)) return ':scheme is missing or no scheme'
  const isPath = path?.startsWith('/') === true || (path === '*' && method === 'OPTIONS')
  return isPath ? undefined : ':path is missing or no path'
}

function regularFault(fields: readonly string[], from: number): Fault | undefined {
  let hasLength = false
  let hasHost = false
  for (let at = from; at < fields.length; at += 2) {
    const name = fields[at] as string
    const value = fields[at + 1] as string
    if (!known.has(name) && !mayHave(name)) return 'a field has no name, or one that none may have'
    if (!VALUE.test(value)) return `the value of ${name} has characters that no field may have`
    switch (name) {
      case 'te':
        if (value !== 'trailers') return 'TE is other than trailers'
        break
      case 'content-length':
        if (hasLength || !DIGITS.test(value)) return 'Content-Length is said twice or no length'
        hasLength = true
        break
      case 'host':
        if (hasHost) return 'Host is said twice'
        hasHost = true
    }
  }
  return undefined
}

/** Whether a field of this name may be in a request: a pseudo-header field may not, once others have begun. */
function mayHave(name: string): boolean {
  if (!NAME.test(name) || CONNECTION_FIELDS.has(name)) return false
  if (known.size >= KNOWN_MAX) known.clear()
  if (name.length <= KNOWN_LENGTH_MAX) known.add(name)
  return true
}
