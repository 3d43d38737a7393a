import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { setImmediate as turn } from 'node:timers/promises'
import ipaddr from 'ipaddr.js'
import maxmind, { type AsnResponse } from 'maxmind'
import { ConfigError } from '../../edge/program/errors.ts'
import { messageOf } from '../clickhouse/failure.ts'

/**
 * The number of the autonomous system that an address belongs to; 0 when unknown.
 *
 * @param address as `plainAddress` gives it
 */
export type AsnOf = (address: string) => number

/** A record of an ASN database: MaxMind's own layout. */
type AsnRecord = Partial<AsnResponse>

/** The database that comes with us: Route Views, DB-IP Lite and the NRO (CC BY 4.0). Ranges, in rising order. */
const BUNDLED = '@ip-location-db/asn'

/** Lines read at a time: a few ms of work, and then it is others' turn. */
const LINES_AT_ONCE = 20_000

/**
 * Opens a database of autonomous systems.
 *
 * @param path one of the operator's own, in MaxMind's format; the bundled one when left out
 * @throws ConfigError when the operator's own can't be read
 */
export async function openAsns(path?: string): Promise<AsnOf> {
  if (path !== undefined) return await openOwn(path)
  const ipv4 = await readRanges('asn-ipv4-num.csv', Number)
  const ipv6 = await readRanges('asn-ipv6-num.csv', ipv6Of)
  return (address) => (address.includes(':') ? asnIn(ipv6, ipv6Key(address)) : asnIn(ipv4, ipv4Key(address)))
}

async function openOwn(path: string): Promise<AsnOf> {
  try {
    const reader = await maxmind.open<AsnRecord>(path)
    return (address) => reader.get(address)?.autonomous_system_number ?? 0
  } catch (error) {
    throw new ConfigError(
      'analytics.asnDatabase',
      `can not be read: ${messageOf(error)}`,
      'Give the path of an ASN database in MaxMind’s format (.mmdb), or leave it out.',
    )
  }
}

/** Ranges of addresses, none of which overlap; both ends are in it. Keys are numbers that rise with the address. */
interface Ranges {
  first: Float64Array
  last: Float64Array
  asn: Uint32Array
}

async function readRanges(name: string, keyOf: (decimal: string) => number): Promise<Ranges> {
  const text = await readFile(createRequire(import.meta.url).resolve(`${BUNDLED}/${name}`), 'latin1')
  const lines = text.split('\n')
  const read = {
    first: new Float64Array(lines.length),
    last: new Float64Array(lines.length),
    asn: new Uint32Array(lines.length),
  }
  let count = 0
  for (const [at, line] of lines.entries()) {
    const [first, last, asn] = line.split(',', 3)
    if (first !== undefined && last !== undefined && asn !== undefined) {
      read.first[count] = keyOf(first)
      read.last[count] = keyOf(last)
      read.asn[count] = Number(asn)
      count += 1
    }
    if (at % LINES_AT_ONCE === 0) await turn()
  }
  return {
    first: read.first.subarray(0, count),
    last: read.last.subarray(0, count),
    asn: read.asn.subarray(0, count),
  }
}

function asnIn({ first, last, asn }: Ranges, key: number): number {
  let low = 0
  let high = first.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((first[middle] as number) <= key) low = middle + 1
    else high = middle
  }
  const at = low - 1
  return at >= 0 && key <= (last[at] as number) ? (asn[at] as number) : 0
}

function ipv4Key(address: string): number {
  return address.split('.').reduce((key, octet) => key * 256 + Number(octet), 0)
}

/** The first 48 bits, which a number holds exactly: what the world routes is no smaller. */
function ipv6Of(decimal: string): number {
  return Number(BigInt(decimal) >> 80n)
}

function ipv6Key(address: string): number {
  const [high = 0, middle = 0, low = 0] = ipaddr.IPv6.parse(address).parts
  return (high * 65_536 + middle) * 65_536 + low
}
