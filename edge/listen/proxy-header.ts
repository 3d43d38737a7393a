import { textOf } from '../geo/nearest/network.ts'
import { plainAddress } from './plain-address.ts'

/** Longest header of version 1, bytes, its line end included. */
const V1_BYTES_MAX = 107
/** Of version 2 addresses and some extensions are read; whoever sends more is cut off. */
const V2_BYTES_MAX = 4_096
const V1_START = Buffer.from('PROXY ', 'latin1')
const V2_START = Buffer.from([13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10])

/** What a proxy says before anything else: whom it speaks for, and where that ends in the bytes. */
export type ProxyHeader =
  | { kind: 'viewer'; address: string; port: number; end: number }
  /** It speaks for itself: a health check. */
  | { kind: 'itself'; end: number }
  /** Not whole yet. */
  | { kind: 'more' }
  | { kind: 'broken' }

/** Reads a header of the PROXY protocol, version 1 or 2 (HAProxy's proxy-protocol.txt). */
export function proxyHeaderIn(bytes: Buffer): ProxyHeader {
  const start = bytes[0] === V2_START[0] ? V2_START : V1_START
  const seen = Math.min(bytes.length, start.length)
  if (!bytes.subarray(0, seen).equals(start.subarray(0, seen))) return { kind: 'broken' }
  if (seen < start.length) return { kind: 'more' }
  return start === V2_START ? version2(bytes) : version1(bytes)
}

function version1(bytes: Buffer): ProxyHeader {
  const line = bytes.subarray(0, V1_BYTES_MAX).indexOf('\r\n', 0, 'latin1')
  if (line === -1) return bytes.length < V1_BYTES_MAX ? { kind: 'more' } : { kind: 'broken' }
  const end = line + 2
  const text = bytes.toString('latin1', 0, line)
  if (/^PROXY UNKNOWN( |$)/.test(text)) return { kind: 'itself', end }
  const [, family, address = '', port] =
    /^PROXY TCP([46]) ([0-9A-Fa-f.:]+) [0-9A-Fa-f.:]+ (\d{1,5}) \d{1,5}$/.exec(text) ?? []
  if (family === undefined || (family === '6') !== address.includes(':')) return { kind: 'broken' }
  const plain = plainAddress(address)
  if (plain === undefined || Number(port) > 65_535) return { kind: 'broken' }
  return { kind: 'viewer', address: plain, port: Number(port), end }
}

/**
 *     | start 12 | version 2, command 4 bits each | family, transport 4 bits each | length 16 | addresses, ports, more |
 */
function version2(bytes: Buffer): ProxyHeader {
  if (bytes.length < 16) return { kind: 'more' }
  const command = bytes[12] as number
  const family = bytes[13] as number
  const end = 16 + bytes.readUInt16BE(14)
  if (command >> 4 !== 2 || (command & 15) > 1 || end > V2_BYTES_MAX) return { kind: 'broken' }
  if (bytes.length < end) return { kind: 'more' }
  if ((command & 15) === 0) return { kind: 'itself', end }
  const size = family === 0x11 ? 4 : family === 0x21 ? 16 : undefined
  // Unix sockets and datagrams name nobody whom we could place.
  if (size === undefined) return { kind: 'itself', end }
  if (end < 16 + size * 2 + 4) return { kind: 'broken' }
  const address = plainAddress(textOf(bytes.subarray(16, 16 + size)))
  if (address === undefined) return { kind: 'broken' }
  return { kind: 'viewer', address, port: bytes.readUInt16BE(16 + size * 2), end }
}
