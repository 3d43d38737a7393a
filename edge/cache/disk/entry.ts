import { hash } from 'node:crypto'
import { deserialize, serialize } from 'node:v8'
import { crc32 } from 'node:zlib'
import type { StoredHead } from '../store/stored-response.ts'

/** One response in the store: all but its body. */
export interface Entry {
  /** The whole key: two keys may have the same digest. */
  key: string
  head: StoredHead
  /** Names its body in the store; a renewed head keeps it. */
  body: number
  bodyBytes: number
  /** CRC-32 of the body. */
  bodySum: number
  /** Its place in the order of eviction. */
  turn: number
}

/** LMDB's pages, bytes. */
export const PAGE_BYTES = 4096

/**
 * Bytes of a chunk: 16 pages of LMDB less the header of the first. Chunks of one size leave holes of that
 * size when they are evicted, so that the next ones fit in; whole slices would need 256 pages in a row. Of 4,
 * 16, 64 and 256 pages these left the smallest file after bodies of all sizes, and larger ones were little faster.
 */
export const CHUNK_BYTES = 16 * PAGE_BYTES - 16

/** What an entry takes up beside its head and its body: keys, its turn, its share of half-full pages. */
const OVERHEAD_BYTES = 512

/** What finds a key's entries: a digest, because LMDB bounds the length of keys. */
export function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer').subarray(0, 16)
}

/** Where a body is, chunk by chunk. */
export function chunkKey(body: number, chunk: number): Buffer {
  const key = Buffer.allocUnsafe(8)
  key.writeUIntBE(body, 0, 6)
  key.writeUInt16BE(chunk, 6)
  return key
}

/** How many chunks a body has. */
export function chunksOf(bodyBytes: number): number {
  return Math.ceil(bodyBytes / CHUNK_BYTES)
}

/** Bytes of disk that an entry takes up, estimated; what all take up is counted by LMDB. */
export function entryBytes({ key, head, bodyBytes }: Entry): number {
  const text = head.fields.reduce((sum, part) => sum + part.length + 4, key.length + 256)
  const body = bodyBytes < PAGE_BYTES / 2 ? bodyBytes : Math.ceil(bodyBytes / PAGE_BYTES) * PAGE_BYTES
  return body + text + OVERHEAD_BYTES
}

/**
 * The entries of one digest as bytes: their CRC-32 (4 bytes), and then what `v8.serialize` makes of them,
 * because deadlines may be infinite and field values hold any latin1 character, which JSON does not carry.
 */
export function packed(entries: readonly Entry[]): Buffer {
  const body = serialize(entries)
  const bytes = Buffer.allocUnsafe(4 + body.byteLength)
  bytes.writeUInt32BE(crc32(body), 0)
  body.copy(bytes, 4)
  return bytes
}

/** Reads what `packed` wrote; `undefined` when it isn't what was written. Copies all that it gives. */
export function unpacked(bytes: Buffer): Entry[] | undefined {
  const body = bytes.subarray(4)
  if (bytes.byteLength < 4 || crc32(body) !== bytes.readUInt32BE(0)) return undefined
  return deserialize(body) as Entry[] // our own bytes: the checksum says so
}
