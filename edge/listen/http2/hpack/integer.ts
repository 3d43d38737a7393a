import { HpackError } from './hpack-error.ts'

/** Where a block is being read. */
export interface Cursor {
  readonly bytes: Buffer
  at: number
}

/** Octets after the prefix: 2²⁸ is more than any length or index of ours, and no sum leaves 32 bits. */
const OCTETS_MAX = 4

/**
 * Reads an integer (RFC 7541 §5.1), of which the first octet may have other bits above the prefix.
 *
 * @param prefixMax what fits into the prefix: 2ⁿ − 1
 * @throws HpackError where it is cut off, or longer than any that means something (§5.1 leaves the bound to us)
 */
export function readInteger(cursor: Cursor, prefixMax: number): number {
  const { bytes } = cursor
  if (cursor.at >= bytes.length) throw new HpackError('the block ends where an integer should begin')
  const prefix = (bytes[cursor.at] as number) & prefixMax
  cursor.at += 1
  return prefix < prefixMax ? prefix : readOctets(cursor, prefixMax)
}

function readOctets(cursor: Cursor, prefixMax: number): number {
  const { bytes } = cursor
  let value = prefixMax
  for (let count = 0; count < OCTETS_MAX; count += 1) {
    if (cursor.at >= bytes.length) throw new HpackError('the block ends in an integer')
    const octet = bytes[cursor.at] as number
    cursor.at += 1
    value += (octet & 0x7f) << (7 * count)
    if (octet < 0x80) return value
  }
  throw new HpackError(`an integer has more than ${OCTETS_MAX} octets after its prefix`)
}

/** The most that `writeInteger` writes, bytes. */
export const INTEGER_BYTES_MAX = 6

/**
 * Writes an integer (RFC 7541 §5.1).
 *
 * @param flags bits of the first octet above the prefix
 * @returns where it ends
 */
export function writeInteger(
  into: Buffer,
  at: number,
  value: number,
  { flags, prefixMax }: { flags: number; prefixMax: number },
): number {
  if (value < prefixMax) {
    into[at] = flags | value
    return at + 1
  }
  into[at] = flags | prefixMax
  let end = at + 1
  let rest = value - prefixMax
  for (; rest >= 0x80; rest >>>= 7) {
    into[end] = 0x80 | (rest & 0x7f)
    end += 1
  }
  into[end] = rest
  return end + 1
}
