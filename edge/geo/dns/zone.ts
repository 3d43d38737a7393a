import { isIPv4 } from 'node:net'
import type { FleetFile } from '../fleet/fleet-file.ts'
import { encodedRecord, wireLength } from './codec.ts'
import { edgeRecords, type Record, type RecordsByType, record, startOfAuthority } from './records.ts'
import { TYPE } from './wire.ts'

/** What is at a name. */
export interface Node {
  /** For rate limits: all names that a wildcard stands for are one. */
  id: string
  fixed: RecordsByType
  /** Whether the records of the nearest edge are here, or the asker's place in words. */
  here?: 'nearest' | 'where'
}

/** A zone's names. */
export interface Zone {
  /** In lower case. */
  name: string
  /** Its length on the wire, bytes. */
  nameBytes: number
  soa: Record
  /** Names of the name servers with their addresses, whole records, for answers that name them. */
  glue: readonly Buffer[]
  /** @returns what is at a name, `none`, or `outside` the zone. @param name in lower case */
  find(name: string): Node | 'none' | 'outside'
  /** Where each edge is, by its code. */
  edges: ReadonlyMap<string, RecordsByType>
}

const NOTHING: RecordsByType = new Map()

/** Makes the zone of a fleet. @param serial of its SOA, rising whenever the file changes */
export function zoneOf(fleet: FleetFile, serial: number): Zone {
  const { zone, dns } = fleet
  const soa = startOfAuthority(fleet, serial)
  const nodes = new Map<string, Node>()
  const edges = new Map(fleet.edges.map((edge) => [edge.code, edgeRecords(edge, dns.ttlSeconds)]))
  const fullName = (name: string) => (name === '@' ? zone : `${name}.${zone}`)

  function add(name: string, records: RecordsByType, here?: Node['here']): void {
    const known = nodes.get(name)
    const fixed = new Map([...(known?.fixed ?? []), ...records])
    const kind = here ?? known?.here
    nodes.set(name, { id: name, fixed, ...(kind !== undefined && { here: kind }) })
  }

  add(zone, apexRecords(fleet, soa))
  for (const name of dns.names) add(fullName(name), NOTHING, 'nearest')
  for (const [name, texts] of Object.entries(dns.txt)) {
    const txt = record('TXT', dns.fixedTtlSeconds, texts)
    add(fullName(name), new Map([[TYPE.TXT, [txt]]]))
  }
  for (const [code, records] of edges) add(`${code}.${zone}`, records)
  for (const { name, addresses } of dns.nameServers) {
    if (isWithin(name, zone)) add(name, addressRecords(addresses, dns.fixedTtlSeconds))
  }
  add(`where.${zone}`, NOTHING, 'where')
  addEmptyOnes(nodes, zone)

  return {
    name: zone,
    nameBytes: wireLength(zone),
    soa,
    glue: glueOf(fleet),
    edges,
    find: (name) => (isWithin(name, zone) ? findWithin(nodes, name, zone) : 'outside'),
  }
}

function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`)
}

/** By name, else by the wildcard of the closest name above that there is (RFC 4592 §3.3.1). */
function findWithin(nodes: ReadonlyMap<string, Node>, name: string, zone: string): Node | 'none' {
  const exact = nodes.get(name)
  if (exact !== undefined) return exact
  let above = name
  while (above !== zone) {
    above = above.slice(above.indexOf('.') + 1)
    if (nodes.has(above)) return nodes.get(`*.${above}`) ?? 'none'
  }
  return 'none'
}

/** Names that have no records but others beneath them: they exist, and have no data (RFC 8020). */
function addEmptyOnes(nodes: Map<string, Node>, zone: string): void {
  for (const name of [...nodes.keys()]) {
    for (
      let above = name;
      above !== zone && above.includes('.');
      above = above.slice(above.indexOf('.') + 1)
    ) {
      if (!nodes.has(above)) nodes.set(above, { id: above, fixed: NOTHING })
    }
  }
}

function apexRecords({ dns }: FleetFile, soa: Record): RecordsByType {
  const ttl = dns.fixedTtlSeconds
  const records = new Map<number, Record[]>([
    [TYPE.SOA, [soa]],
    [TYPE.NS, dns.nameServers.map(({ name }) => record('NS', ttl, name))],
  ])
  if (dns.caa.length > 0) {
    records.set(
      TYPE.CAA,
      dns.caa.map((data) => record('CAA', ttl, data)),
    )
  }
  return records
}

function addressRecords(addresses: readonly string[], ttl: number): RecordsByType {
  const of = (type: 'A' | 'AAAA') =>
    addresses.filter((address) => isIPv4(address) === (type === 'A')).map((data) => record(type, ttl, data))
  const all: [number, Record[]][] = [
    [TYPE.A, of('A')],
    [TYPE.AAAA, of('AAAA')],
  ]
  return new Map(all.filter(([, records]) => records.length > 0))
}

function glueOf({ zone, dns }: FleetFile): Buffer[] {
  return dns.nameServers
    .filter(({ name }) => isWithin(name, zone))
    .flatMap(({ name, addresses }) =>
      addresses.map((data) => {
        const type = isIPv4(data) ? 'A' : 'AAAA'
        return encodedRecord({ name, type, ttl: dns.fixedTtlSeconds, data })
      }),
    )
}
