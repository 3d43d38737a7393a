import { DynamicTable, ENTRY_BYTES } from './dynamic-table.ts'
import { HpackError } from './hpack-error.ts'
import { huffmanText } from './huffman.ts'
import { type Cursor, readInteger } from './integer.ts'
import { STATIC_COUNT, STATIC_NAMES, STATIC_VALUES } from './static-table.ts'

export { HpackError }

/** The fields of a block. */
export interface FieldList {
  /** Name, value, … as latin1 strings, an octet a character. Nothing about them has been checked. */
  fields: string[]
  /** What they come to by RFC 9113 §6.5.2: each name and value, and 32 bytes a field; those beyond the bounds too. */
  bytes: number
  /** Whether it went beyond the bounds, so that `fields` lack the last ones. */
  isTooLarge: boolean
}

/** The first bits of a representation (RFC 7541 §6). */
const INDEXED = 0x80
const WITH_INDEXING = 0x40
const SIZE_UPDATE = 0x20
/** A string's first bit (§5.2). */
const HUFFMAN = 0x80

/** What a peer's table may hold until it has heard of our settings (RFC 9113 §6.5.2). */
const INITIAL_TABLE_BYTES = 4_096

/** Reads the header blocks of one connection (RFC 7541). After an error the connection is of no more use. */
export class HpackDecoder {
  readonly #table = new DynamicTable(INITIAL_TABLE_BYTES)
  readonly #tableBytesMax: number
  readonly #listBytesMax: number
  readonly #stringsMax: number

  /**
   * @param tableBytesMax SETTINGS_HEADER_TABLE_SIZE that we announced. Not less than the 4,096 that hold without: less
   *   would be in force only once the peer had acknowledged it
   * @param listBytesMax what a list may come to (`FieldList.bytes`)
   * @param fieldsMax how many fields it may have
   */
  constructor(tableBytesMax: number, listBytesMax: number, fieldsMax: number) {
    if (tableBytesMax < INITIAL_TABLE_BYTES)
      throw new RangeError(`tableBytesMax: ${tableBytesMax} is less than ${INITIAL_TABLE_BYTES}`)
    this.#tableBytesMax = tableBytesMax
    this.#listBytesMax = listBytesMax
    this.#stringsMax = 2 * fieldsMax
  }

  /**
   * Counts every insertion, eviction and size change of the dynamic table: a block with the same bytes means the same
   * while it stands, if the block itself changed nothing.
   */
  get version(): number {
    return this.#table.version
  }

  /** What the dynamic table holds by RFC 7541 §4.1's measure. */
  get tableBytes(): number {
    return this.#table.bytes
  }

  /**
   * Reads a whole block. Beyond the list's bounds it is decoded to its end all the same, for the table must stay right,
   * but no more of it is kept.
   *
   * @throws HpackError what is a COMPRESSION_ERROR
   */
  decode(block: Uint8Array): FieldList {
    const bytes = Buffer.isBuffer(block)
      ? block
      : Buffer.from(block.buffer, block.byteOffset, block.byteLength)
    const cursor = { bytes, at: 0 }
    const list: FieldList = { fields: [], bytes: 0, isTooLarge: false }
    this.#readSizeUpdates(cursor)
    while (cursor.at < bytes.length) {
      const first = bytes[cursor.at] as number
      if (first >= INDEXED) this.#readIndexed(cursor, list)
      else if (first >= WITH_INDEXING) this.#readIndexing(cursor, list)
      else if (first >= SIZE_UPDATE)
        throw new HpackError('a table size update is not at the beginning of its block')
      else this.#readLiteral(cursor, list)
    }
    return list
  }

  /** §4.2: where there are any, a block begins with them. */
  #readSizeUpdates(cursor: Cursor): void {
    const { bytes } = cursor
    while (cursor.at < bytes.length && (bytes[cursor.at] as number) >> 5 === 1) {
      const tableBytes = readInteger(cursor, 0x1f)
      if (tableBytes > this.#tableBytesMax)
        throw new HpackError(
          `a table size of ${tableBytes} is more than the ${this.#tableBytesMax} announced`,
        )
      this.#table.resize(tableBytes)
    }
  }

  /** §6.1 */
  #readIndexed(cursor: Cursor, list: FieldList): void {
    const index = readInteger(cursor, 0x7f)
    if (index === 0) throw new HpackError('a field has index 0')
    if (index <= STATIC_COUNT) this.#keep(list, STATIC_NAMES[index] as string, STATIC_VALUES[index] as string)
    else {
      const age = this.#ageOf(index)
      this.#keep(list, this.#table.nameAt(age), this.#table.valueAt(age))
    }
  }

  /** §6.2.1 */
  #readIndexing(cursor: Cursor, list: FieldList): void {
    const name = this.#readName(cursor, 0x3f)
    const value = readString(cursor)
    this.#table.add(name, value)
    this.#keep(list, name, value)
  }

  /** §6.2.2, §6.2.3: what may never be indexed is no other to us, who encode nothing anew for the next hop. */
  #readLiteral(cursor: Cursor, list: FieldList): void {
    const name = this.#readName(cursor, 0x0f)
    this.#keep(list, name, readString(cursor))
  }

  #readName(cursor: Cursor, prefixMax: number): string {
    const index = readInteger(cursor, prefixMax)
    if (index === 0) return readString(cursor)
    if (index <= STATIC_COUNT) return STATIC_NAMES[index] as string
    return this.#table.nameAt(this.#ageOf(index))
  }

  #ageOf(index: number): number {
    const age = index - STATIC_COUNT - 1
    if (age >= this.#table.count) throw new HpackError(`nothing has index ${index}`)
    return age
  }

  #keep(list: FieldList, name: string, value: string): void {
    list.bytes += name.length + value.length + ENTRY_BYTES
    if (list.bytes > this.#listBytesMax || list.fields.length >= this.#stringsMax) list.isTooLarge = true
    else list.fields.push(name, value)
  }
}

/** §5.2 */
function readString(cursor: Cursor): string {
  const { bytes, at } = cursor
  const length = readInteger(cursor, 0x7f)
  const end = cursor.at + length
  if (end > bytes.length) throw new HpackError('the block ends in a string')
  const text =
    (bytes[at] as number) >= HUFFMAN
      ? huffmanText(bytes, cursor.at, end)
      : bytes.toString('latin1', cursor.at, end)
  cursor.at = end
  return text
}
