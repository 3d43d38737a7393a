import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto'

/** How far two machines' clocks may differ, and so how long a signature is worth something, seconds. */
const CLOCK_SKEW_SECONDS_MAX = 300

/** What a signature is for: one for the shield is worth nothing at the collector. */
export type SignedFor = 'shield' | 'collector' | 'thumbnailer' | 'invalidation'

/**
 * Signs a request between two of our programs with the key they share.
 *
 * The value has the form `t=1767225600, mac=…`: the time in Unix seconds and the base64url
 * HMAC-SHA256 over purpose, time and parts, each preceded by its length, so that no two requests
 * have the same bytes.
 *
 * @param parts what must not be altered on the way: method, path, body digest …
 * @param nowMs Unix ms
 */
export function signedValue(
  key: string,
  purpose: SignedFor,
  parts: readonly string[],
  nowMs: number,
): string {
  const seconds = Math.floor(nowMs / 1000)
  return `t=${seconds}, mac=${macOf(key, purpose, seconds, parts)}`
}

/**
 * Whether a value made by `signedValue` is genuine, for these parts and not older (or newer) than
 * 300 s. Takes the same time whatever is wrong with the value, and never throws.
 */
export function isSignedBy(
  key: string,
  purpose: SignedFor,
  parts: readonly string[],
  value: string | undefined,
  nowMs: number,
): boolean {
  const match = /^t=(\d{1,12}), mac=([A-Za-z0-9_-]{43})$/.exec(value ?? '')
  if (match === null) return false
  const seconds = Number(match[1])
  if (Math.abs(nowMs / 1000 - seconds) > CLOCK_SKEW_SECONDS_MAX) return false
  const mac = macOf(key, purpose, seconds, parts)
  return timingSafeEqual(Buffer.from(match[2] as string, 'latin1'), Buffer.from(mac, 'latin1'))
}

function macOf(key: string, purpose: SignedFor, seconds: number, parts: readonly string[]): string {
  // In one piece: each update of a hash costs as much as the hash of all this.
  let signed = withLength(purpose) + withLength(String(seconds))
  for (const part of parts) signed += withLength(part)
  if (lastKey?.key !== key) lastKey = prepared(key)
  return lastKey.mac(signed)
}

function withLength(part: string): string {
  return `${Buffer.byteLength(part)}:${part}`
}

/** A program has one key, and uses it for every request. */
let lastKey: { key: string; mac(signed: string): string } | undefined

function prepared(key: string): NonNullable<typeof lastKey> {
  if (/^[\0-\x7f]{1,64}$/.test(key)) return { key, mac: macByTwoHashes(key) }
  const secret: KeyObject = createSecretKey(key, 'utf8')
  return { key, mac: (signed) => createHmac('sha256', secret).update(signed).digest('base64url') }
}

/**
 * HMAC-SHA256 as RFC 2104 §2 writes it, by Node's hash in one call, which takes half as long as its HMAC: that
 * looks its algorithm up each time.
 *
 * @param key ASCII of no more than a block of the hash, so that with either pad it is ASCII too, and goes before
 *   what is signed as text
 */
function macByTwoHashes(key: string): (signed: string) => string {
  const block = Buffer.alloc(BLOCK_BYTES)
  block.write(key, 'latin1')
  const inner = Buffer.from(block.map((byte) => byte ^ 0x36)).toString('latin1')
  const outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES)
  outer.set(block.map((byte) => byte ^ 0x5c))
  return (signed) => {
    outer.write(hash('sha256', inner + signed, 'latin1'), BLOCK_BYTES, 'latin1')
    return hash('sha256', outer, 'base64url')
  }
}

/** Of SHA-256. */
const BLOCK_BYTES = 64
const HASH_BYTES = 32
