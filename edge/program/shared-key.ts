import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'

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
  return createHmac('sha256', secretOf(key)).update(signed).digest('base64url')
}

function withLength(part: string): string {
  return `${Buffer.byteLength(part)}:${part}`
}

/** A program has one key, and uses it for every request. */
let lastSecret: { key: string; secret: KeyObject } | undefined

function secretOf(key: string): KeyObject {
  if (lastSecret?.key !== key) lastSecret = { key, secret: createSecretKey(key, 'utf8') }
  return lastSecret.secret
}
