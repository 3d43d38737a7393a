/**
 * Rows as ClickHouse's Native format has them: column by column, numbers as it keeps them itself. It takes them in
 * at a tenth of what reading TSV costs.
 */
export interface Rows {
  readonly columns: readonly Column[]
  count: number
}

/** A column: its values, and before them for a `Nullable` one a byte each that is 1 where there is none. */
export interface Column {
  readonly name: string
  readonly type: ColumnType
  readonly values: Values
  readonly nulls: Values
}

/** What is written here; ClickHouse makes `LowCardinality(String)` of `String` where the table has that. */
export type ColumnType =
  | 'String'
  | 'Bool'
  | 'UInt16'
  | 'UInt32'
  | 'UInt64'
  | 'Nullable(UInt64)'
  | `DateTime64(3, 'UTC')`

/** Bytes that grow. */
export interface Values {
  bytes: Buffer
  used: number
}

/** Room that the first value makes, bytes: an import may have rows of many days open. */
const BYTES_MIN = 256

/** Shorter texts are copied byte by byte: a call costs more. */
const LOOP_BYTES = 24

/** Most bytes that the length of a text takes. */
const LENGTH_BYTES_MAX = 5

const NOTHING = Buffer.alloc(0)

/** @param columns names and types, in the order in which the statement names them */
export function noRows(columns: readonly (readonly [name: string, type: ColumnType])[]): Rows {
  const values = () => ({ bytes: NOTHING, used: 0 })
  return {
    columns: columns.map(([name, type]) => ({ name, type, values: values(), nulls: values() })),
    count: 0,
  }
}

/** Takes all rows out; their memory is used again. */
export function clear(rows: Rows): void {
  rows.count = 0
  for (const { values, nulls } of rows.columns) {
    values.used = 0
    nulls.used = 0
  }
}

/**
 * All the rows as one block, which ClickHouse takes whole or not at all.
 *
 * @returns pieces that lie in the rows' own memory: good until rows are put there again
 */
export function nativeBlock(parts: readonly Rows[]): Buffer[] {
  const [first] = parts
  if (first === undefined || countOf(parts) === 0) return []
  const pieces = [lengthOf(first.columns.length), lengthOf(countOf(parts))]
  for (const [at, { name, type }] of first.columns.entries()) {
    pieces.push(textOf(name), textOf(type))
    for (const { columns } of parts) pieces.push(used((columns[at] as Column).nulls))
    for (const { columns } of parts) pieces.push(used((columns[at] as Column).values))
  }
  return pieces.filter(({ length }) => length > 0)
}

/** How many rows there are in all. */
export function countOf(parts: readonly Rows[]): number {
  return parts.reduce((sum, { count }) => sum + count, 0)
}

/** Appends what is from `start` to `end`. */
export function putBytes(values: Values, from: Buffer, start: number, end: number): void {
  const length = end - start
  const at = putLength(values, length)
  const { bytes } = values
  if (length > LOOP_BYTES) from.copy(bytes, at, start, end)
  else for (let index = 0; index < length; index += 1) bytes[at + index] = from[start + index] as number
  values.used = at + length
}

/** Appends text, a character a byte. */
export function putText(values: Values, text: string): void {
  const at = putLength(values, text.length)
  const { bytes } = values
  for (let index = 0; index < text.length; index += 1) bytes[at + index] = text.charCodeAt(index)
  values.used = at + text.length
}

/** Appends a whole number of so many bytes; one below zero only of four at most, as its two's complement. */
export function putNumber(values: Values, number: number, size: 1 | 2 | 4 | 8): void {
  makeRoom(values, size)
  const { bytes, used: at } = values
  // Bits are only had of 32 at a time.
  const low = number >>> 0
  bytes[at] = low
  if (size > 1) bytes[at + 1] = low >>> 8
  if (size > 2) {
    bytes[at + 2] = low >>> 16
    bytes[at + 3] = low >>> 24
  }
  if (size > 4) {
    const high = (number - low) / 4_294_967_296
    bytes[at + 4] = high
    bytes[at + 5] = high >>> 8
    bytes[at + 6] = high >>> 16
    bytes[at + 7] = high >>> 24
  }
  values.used = at + size
}

/** Writes a text's length (LEB128) and makes room for it. @returns where the text goes */
function putLength(values: Values, length: number): number {
  makeRoom(values, LENGTH_BYTES_MAX + length)
  const { bytes } = values
  let at = values.used
  let rest = length
  for (; rest > 0x7f; rest >>>= 7) {
    bytes[at] = (rest & 0x7f) | 0x80
    at += 1
  }
  bytes[at] = rest
  return at + 1
}

function makeRoom(values: Values, length: number): void {
  if (values.used + length <= values.bytes.length) return
  const larger = Buffer.allocUnsafeSlow(Math.max(BYTES_MIN, values.used + length, values.bytes.length * 2))
  values.bytes.copy(larger, 0, 0, values.used)
  values.bytes = larger
}

function used({ bytes, used: length }: Values): Buffer {
  return bytes.subarray(0, length)
}

function lengthOf(length: number): Buffer {
  const values = { bytes: Buffer.alloc(LENGTH_BYTES_MAX), used: 0 }
  const end = putLength(values, length)
  return values.bytes.subarray(0, end)
}

function textOf(text: string): Buffer {
  return Buffer.concat([lengthOf(text.length), Buffer.from(text, 'latin1')])
}
