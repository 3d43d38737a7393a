/**
 * Huffman-coded strings (RFC 7541 §5.2).
 *
 * Read an octet at a time by a table: the 256 inner nodes of the code's tree are states, and for each state and octet
 * there is one entry:
 *
 *     31          25–24     23–16           15–8         7–0
 *     EOS is in   symbols   second symbol   next state   first symbol
 *
 * No code is shorter than 5 bits, so an octet never ends more than two.
 */

import { HpackError } from './hpack-error.ts'
import { CODE_LENGTHS, CODES, EOS } from './huffman-codes.ts'

const HAS_EOS = 1 << 31

/** Bits of EOS that may fill the last octet. */
const PADDING_BITS_MAX = 7

const { table: TABLE, mayEnd: MAY_END } = buildTable()

/** What strings are decoded into, one after the other. What a longer one needs isn't kept. */
const scratch = Buffer.allocUnsafeSlow(16_384)

/**
 * The text that `bytes` have coded between `at` and `end`.
 *
 * @throws HpackError for padding that is longer than 7 bits or not of ones, and for EOS
 */
export function huffmanText(bytes: Buffer, at: number, end: number): string {
  const bytesMax = 2 * (end - at) + 2
  const text = bytesMax <= scratch.length ? scratch : Buffer.allocUnsafeSlow(bytesMax)
  let length = 0
  let state = 0
  let seen = 0
  for (let from = at; from < end; from += 1) {
    const entry = TABLE[state | (bytes[from] as number)] as number
    // Both are written, whether or not there are two: the next one goes over what didn't count.
    text[length] = entry
    text[length + 1] = entry >>> 16
    length += (entry >>> 24) & 3
    state = entry & 0xff00
    seen |= entry
  }
  if (seen < 0) throw new HpackError('a Huffman-coded string has EOS in it')
  if (MAY_END[state >>> 8] === 0)
    throw new HpackError('the padding of a Huffman-coded string is too long or not of ones')
  return text.toString('latin1', 0, length)
}

/**
 * Bytes that a text takes when it is coded.
 *
 * @throws TypeError for a character beyond latin1, which would become another one
 */
export function huffmanBytes(text: string): number {
  let bits = 0
  let all = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    all |= code
    bits += CODE_LENGTHS[code & 0xff] as number
  }
  if (all > 0xff) throw new TypeError('a field has a character that is no octet (beyond U+00FF)')
  return (bits + 7) >>> 3
}

/** Writes a text of latin1 characters coded, padded with ones. @returns where it ends */
export function writeHuffman(into: Buffer, at: number, text: string): number {
  let end = at
  let held = 0
  let heldBits = 0
  for (let from = 0; from < text.length; from += 1) {
    const symbol = text.charCodeAt(from)
    let length = CODE_LENGTHS[symbol] as number
    const code = CODES[symbol] as number
    // Up to 7 bits are held: with 25 more a word is full, so the longest codes go in two parts.
    if (length > 24) {
      held = (held << 8) | (code >>> (length - 8))
      into[end] = held >>> heldBits
      end += 1
      length -= 8
    }
    held = (held << length) | (code & ((1 << length) - 1))
    heldBits += length
    for (; heldBits >= 8; end += 1) {
      heldBits -= 8
      into[end] = held >>> heldBits
    }
  }
  if (heldBits === 0) return end
  into[end] = (held << (8 - heldBits)) | (0xff >>> heldBits)
  return end + 1
}

/** A node of the code's tree: the next one by bit, and where it is none, a symbol as `~symbol`. */
type Tree = Int16Array

function buildTree(): Tree {
  const tree = new Int16Array(2 * EOS)
  let nodes = 1
  for (let symbol = 0; symbol <= EOS; symbol += 1) {
    const code = CODES[symbol] as number
    let node = 0
    for (let bit = (CODE_LENGTHS[symbol] as number) - 1; bit > 0; bit -= 1) {
      const edge = 2 * node + ((code >>> bit) & 1)
      if (tree[edge] === 0) {
        tree[edge] = nodes
        nodes += 1
      }
      node = tree[edge] as number
    }
    tree[2 * node + (code & 1)] = ~symbol
  }
  return tree
}

function buildTable(): { table: Int32Array; mayEnd: Uint8Array } {
  const tree = buildTree()
  const table = new Int32Array(256 * 256)
  for (let at = 0; at < table.length; at += 1) table[at] = entryOf(tree, at >>> 8, at & 0xff)
  const mayEnd = new Uint8Array(256)
  for (let bits = 0, node = 0; bits <= PADDING_BITS_MAX; bits += 1, node = tree[2 * node + 1] as number)
    mayEnd[node] = 1
  return { table, mayEnd }
}

function entryOf(tree: Tree, state: number, octet: number): number {
  let node = state
  let symbols = 0
  let count = 0
  for (let bit = 7; bit >= 0; bit -= 1) {
    const next = tree[2 * node + ((octet >>> bit) & 1)] as number
    node = Math.max(next, 0)
    if (next >= 0) continue
    if (~next === EOS) return HAS_EOS
    symbols |= ~next << (16 * count)
    count += 1
  }
  return symbols | (count << 24) | (node << 8)
}
