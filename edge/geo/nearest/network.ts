import ipaddr from 'ipaddr.js'

/** The longest prefixes that an answer may be for: no viewer is told apart within them (RFC 7871 §11.1). */
const LONGEST = { 4: 24, 6: 56 } as const

/** A block of addresses. */
export interface Network {
  family: 4 | 6
  /** All of an address: 4 bytes or 16. Bits past the prefix are 0. */
  bytes: Uint8Array
  prefix: number
}

/** The bytes of an address in text, IPv4 in IPv6 taken out; `undefined` when it is none. */
export function bytesOf(address: string): Uint8Array | undefined {
  if (!ipaddr.isValid(address)) return undefined
  return Uint8Array.from(ipaddr.process(address).toByteArray())
}

/** An address as text. @param bytes 4 or 16 */
export function textOf(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join('.') : ipaddr.fromByteArray([...bytes]).toString()
}

/** The block of a length that an address is in. @param prefix cut to what the family has */
export function networkOf(bytes: Uint8Array, prefix: number): Network {
  const bits = Math.max(0, Math.min(prefix, bytes.length * 8))
  const masked = Uint8Array.from(bytes, (byte, at) => byte & maskOf(bits - at * 8))
  return { family: bytes.length === 4 ? 4 : 6, bytes: masked, prefix: bits }
}

/** The longest prefix that we tell apart, bits. */
export function longestPrefix(bytes: Uint8Array): number {
  return LONGEST[bytes.length === 4 ? 4 : 6]
}

/** Reads `192.0.2.0/24`. @returns `undefined` when it is no block, or has bits past its prefix */
export function networkIn(text: string): Network | undefined {
  const [, address, length] = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/.exec(text) ?? []
  if (address === undefined || !ipaddr.isValid(address)) return undefined
  const bytes = Uint8Array.from(ipaddr.parse(address).toByteArray())
  const prefix = Number(length)
  if (prefix > bytes.length * 8) return undefined
  const network = networkOf(bytes, prefix)
  return bytes.every((byte, at) => byte === network.bytes[at]) ? network : undefined
}

/** Whether an address is in a block. */
export function isIn(bytes: Uint8Array, network: Network): boolean {
  if (bytes.length !== network.bytes.length) return false
  return bytes.every((byte, at) => (byte & maskOf(network.prefix - at * 8)) === network.bytes[at])
}

/** Whether two blocks have an address in common: then one holds the other. */
export function overlap(one: Network, other: Network): boolean {
  return one.prefix < other.prefix ? isIn(other.bytes, one) : isIn(one.bytes, other)
}

/** Of one byte, the bits that belong to a prefix of which `bits` are left. */
function maskOf(bits: number): number {
  return bits <= 0 ? 0 : bits >= 8 ? 0xff : (0xff << (8 - bits)) & 0xff
}
