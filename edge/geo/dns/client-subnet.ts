import { longestPrefix, type Network, networkOf } from '../nearest/network.ts'

/** Longest prefixes, bits, by the family numbers of RFC 7871 §6. */
const BITS: Record<number, number> = { 1: 32, 2: 128 }

/**
 * The network that a resolver asks for (RFC 7871): EDNS option 8.
 *
 *     | family 16 | source prefix 8 | scope prefix 8 | address, as many bytes as the prefix needs |
 */
export interface ClientSubnet {
  /** What is echoed: family, source prefix and address as they came. */
  data: Buffer
  /** For whom it asks; `undefined` where it doesn't want that to be looked at (a source prefix of 0). */
  network: Network | undefined
}

/** @returns `undefined` when it is malformed, which is to be answered with FORMERR (§7.1.2) */
export function readClientSubnet(data: Buffer): ClientSubnet | undefined {
  if (data.length < 4) return undefined
  const family = data.readUInt16BE(0)
  const source = data[2] as number
  const address = data.subarray(4)
  // Scope is ours to say; the address has just the bytes that it needs, and no bit set past the prefix.
  if (data[3] !== 0 || address.length !== Math.ceil(source / 8)) return undefined
  if (family === 0) return source === 0 ? { data, network: undefined } : undefined
  const bits = BITS[family]
  if (bits === undefined || source > bits) return undefined
  if (source === 0) return { data, network: undefined }
  const bytes = new Uint8Array(bits / 8)
  bytes.set(address)
  const whole = networkOf(bytes, source)
  if (!whole.bytes.every((byte, at) => byte === bytes[at])) return undefined
  // What is longer isn't looked at (§11.1).
  return { data, network: networkOf(bytes, Math.min(source, longestPrefix(bytes))) }
}

/** The option of an answer. @param scope for a prefix of what length it holds, bits; caches keep it for that */
export function writtenClientSubnet({ data }: ClientSubnet, scope: number): Buffer {
  const answer = Buffer.from(data)
  answer[3] = scope
  return answer
}
