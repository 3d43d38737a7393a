import { huffmanBytes, writeHuffman } from './huffman.ts'
import { INTEGER_BYTES_MAX, writeInteger } from './integer.ts'
import { STATIC_BY_NAME } from './static-table.ts'

/** The first bits of what is written (RFC 7541 §6.1, §6.2.2, §6.2.3, §5.2), and the most that fits behind them. */
const INDEXED = { flags: 0x80, prefixMax: 0x7f }
const WITHOUT_INDEXING = { flags: 0, prefixMax: 0x0f }
const NEVER_INDEXED = { flags: 0x10, prefixMax: 0x0f }
const HUFFMAN_STRING = { flags: 0x80, prefixMax: 0x7f }
const PLAIN_STRING = { flags: 0, prefixMax: 0x7f }

/** What nobody on the way is to keep in a table, where its value could be found by trying (§7.1.3). */
const SECRETS: ReadonlySet<string> = new Set(['set-cookie', 'authorization'])

/** What a field may take beside its name and value, when these are as they are. */
const BESIDE_BYTES_MAX = 3 * INTEGER_BYTES_MAX

/** Where fields are put before they are as long as they are. */
const scratch = Buffer.allocUnsafeSlow(16_384)

/**
 * A header block that no table was needed for and that changes none, so that it may be sent as often as one likes, on
 * any connection.
 *
 * @param fields name in lower case, value, …, with pseudo-header fields first; octets as latin1 characters
 * @throws TypeError for a character beyond latin1
 */
export function encodedBlock(fields: readonly string[]): Buffer {
  let bytesMax = 0
  for (let at = 0; at < fields.length; at += 1) bytesMax += (fields[at] as string).length + BESIDE_BYTES_MAX
  const into = bytesMax <= scratch.length ? scratch : Buffer.allocUnsafeSlow(bytesMax)
  let end = 0
  for (let at = 0; at < fields.length; at += 2)
    end = writeAny(into, end, fields[at] as string, fields[at + 1] as string)
  return Buffer.from(into.subarray(0, end))
}

function writeAny(into: Buffer, at: number, name: string, value: string): number {
  const index = STATIC_BY_NAME.get(name)?.values.get(value)
  if (index !== undefined) return writeInteger(into, at, index, INDEXED)
  return writeString(into, writeName(into, at, name), value)
}

/**
 * Writes one literal field. Where its value is as it is it may be overwritten later by another of the same length.
 *
 * @param asIs whether the value is not to be Huffman-coded
 * @returns where the field ends and where its value's characters begin
 * @throws RangeError where `into` is too short
 * @throws TypeError for a character beyond latin1
 */
export function writeField(
  into: Buffer,
  at: number,
  name: string,
  value: string,
  asIs: boolean,
): { end: number; valueAt: number } {
  const from = writeName(into, at, name)
  const end = writeString(into, from, value, asIs)
  // What is written beyond a buffer's end is lost without a word.
  if (end > into.length)
    throw new RangeError(`a field of ${end - at} bytes has no room in ${into.length - at}`)
  return { end, valueAt: end - value.length }
}

function writeName(into: Buffer, at: number, name: string): number {
  const form = SECRETS.has(name) ? NEVER_INDEXED : WITHOUT_INDEXING
  const known = STATIC_BY_NAME.get(name)
  if (known !== undefined) return writeInteger(into, at, known.index, form)
  into[at] = form.flags
  return writeString(into, at + 1, name)
}

/** Huffman-coded where that is shorter, unless it is to be as it is. */
function writeString(into: Buffer, at: number, text: string, asIs = false): number {
  const bytes = huffmanBytes(text)
  if (!asIs && bytes < text.length)
    return writeHuffman(into, writeInteger(into, at, bytes, HUFFMAN_STRING), text)
  const from = writeInteger(into, at, text.length, PLAIN_STRING)
  into.write(text, from, 'latin1')
  return from + text.length
}
