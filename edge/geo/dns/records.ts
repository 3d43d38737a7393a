import { isIPv4 } from 'node:net'
import type { FleetEdge, FleetFile } from '../fleet/fleet-file.ts'
import { encodedRecord, type RecordType } from './codec.ts'
import { TYPE } from './wire.ts'

/** A record as it goes into messages, from its type on: its owner's name stands before it. */
export type Record = Buffer

/** Records of one name, by type. */
export type RecordsByType = ReadonlyMap<number, readonly Record[]>

/** A record without its owner's name. @param data as dns-packet has it for the type */
export function record(type: RecordType, ttl: number, data: unknown): Record {
  // The root's name is one byte.
  return encodedRecord({ name: '.', type, ttl, data }).subarray(1)
}

/** Where an edge is: A, AAAA and HTTPS. */
export function edgeRecords(edge: FleetEdge, ttl: number): RecordsByType {
  const v4 = edge.addresses.filter((address) => isIPv4(address))
  const v6 = edge.addresses.filter((address) => !isIPv4(address))
  const records = new Map<number, Record[]>()
  if (v4.length > 0)
    records.set(
      TYPE.A,
      v4.map((data) => record('A', ttl, data)),
    )
  if (v6.length > 0)
    records.set(
      TYPE.AAAA,
      v6.map((data) => record('AAAA', ttl, data)),
    )
  if (edge.https !== undefined) {
    const data = serviceBinding(edge.https, v4, v6)
    records.set(TYPE.HTTPS, [record('UNKNOWN_65', ttl, data)])
  }
  return records
}

/** Keys of SVCB parameters, which have to be in rising order (RFC 9460 §2.2, §14.3.2). */
const PARAMETER = { alpn: 1, port: 3, ipv4hint: 4, ipv6hint: 6 } as const

/** The data of an HTTPS record in service mode, for the owner itself (RFC 9460 §9). */
function serviceBinding(
  { port, alpn }: NonNullable<FleetEdge['https']>,
  v4: readonly string[],
  v6: readonly string[],
): Buffer {
  const parts: Buffer[] = [Buffer.from([0, 1, 0])] // priority 1, target `.`
  const ids = alpn.map((id) => Buffer.from([id.length, ...Buffer.from(id, 'latin1')]))
  parts.push(parameter(PARAMETER.alpn, Buffer.concat(ids)))
  if (port !== 443) parts.push(parameter(PARAMETER.port, Buffer.from([port >> 8, port & 255])))
  if (v4.length > 0) parts.push(parameter(PARAMETER.ipv4hint, addressBytes('A', v4)))
  if (v6.length > 0) parts.push(parameter(PARAMETER.ipv6hint, addressBytes('AAAA', v6)))
  return Buffer.concat(parts)
}

function parameter(key: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(key)
  head.writeUInt16BE(value.length, 2)
  return Buffer.concat([head, value])
}

/** Type, class, TTL and length are before a record's data. */
const DATA_AT = 10

function addressBytes(type: 'A' | 'AAAA', addresses: readonly string[]): Buffer {
  return Buffer.concat(addresses.map((data) => record(type, 0, data).subarray(DATA_AT)))
}

/** The start of authority. @param serial rises whenever the zone changes */
export function startOfAuthority({ dns }: Pick<FleetFile, 'dns'>, serial: number): Record {
  const [first] = dns.nameServers
  const data = {
    mname: first?.name ?? '.',
    rname: dns.contact,
    serial,
    refresh: 3_600,
    retry: 600,
    expire: 604_800,
    minimum: dns.negativeTtlSeconds,
  }
  // Its own TTL bounds how long a negative answer is kept, as `minimum` does (RFC 2308 §5).
  return record('SOA', dns.negativeTtlSeconds, data)
}
