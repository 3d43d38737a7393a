import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { ApiKey } from './access.ts'

/** Longest text that is looked at as a key, characters: ours have 52. */
const KEY_CHARACTERS_MAX = 256

/** By which a key that leaked into a log or a repository is recognised. */
const PREFIX = 'selvedge_'

/** 256 bits: nobody guesses them, so that one plain SHA-256 is as good as any slow hash. */
const KEY_BYTES = 32

/** Who asks: with a key of ours, with one that isn't, or with none. */
export type Caller = { kind: 'key'; key: ApiKey } | { kind: 'unknown-key' } | { kind: 'anonymous' }

const ANONYMOUS: Caller = { kind: 'anonymous' }
const UNKNOWN: Caller = { kind: 'unknown-key' }

/** A new key, and the hash of it that is kept. */
export function newKey(): { key: string; sha256: string } {
  const key = PREFIX + randomBytes(KEY_BYTES).toString('base64url')
  return { key, sha256: hash('sha256', key) }
}

/**
 * Tells who asks, by `Authorization: Bearer KEY` (RFC 6750 §2.1) or `X-API-Key: KEY`, or by a key of ours as the
 * password that a browser asks for (RFC 7617), whatever the name before it.
 *
 * Takes the same time for every key: all are compared, by hash and without an early end. What another scheme of
 * `Authorization` says is for whatever stands in front.
 */
export function keyringOf(keys: readonly ApiKey[]): (headers: IncomingHttpHeaders) => Caller {
  const known = keys.map((key) => ({ key, sha256: Buffer.from(key.sha256, 'hex') }))
  return (headers) => {
    const given = givenKey(headers)
    if (given === undefined) return ANONYMOUS
    if (given.length > KEY_CHARACTERS_MAX) return UNKNOWN
    const digest = hash('sha256', given, 'buffer')
    let found: Caller = UNKNOWN
    for (const { key, sha256 } of known) if (timingSafeEqual(digest, sha256)) found = { kind: 'key', key }
    return found
  }
}

function givenKey(headers: IncomingHttpHeaders): string | undefined {
  const [, bearer] = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? []
  const own = headers['x-api-key']
  return bearer ?? (typeof own === 'string' ? own.trim() : keyAsPassword(headers.authorization))
}

/** Passwords that are no keys are for whatever stands in front. */
function keyAsPassword(authorization = ''): string | undefined {
  const [, encoded = ''] = /^basic +(\S+) *$/i.exec(authorization) ?? []
  const pair = Buffer.from(encoded, 'base64').toString()
  const password = pair.slice(pair.indexOf(':') + 1)
  return password.startsWith(PREFIX) ? password : undefined
}
