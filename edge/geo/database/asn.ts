import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { setImmediate as turn } from 'node:timers/promises'
import ipaddr from 'ipaddr.js'
import type { Logger } from 'pino'
import { openDatabase } from './database.ts'

/**
 * The number of the autonomous system that an address belongs to; 0 when unknown.
 *
 * @param address as `plainAddress` gives it
 */
export type AsnOf = (address: string) => number

/** The database that comes with us: Route Views, DB-IP Lite and the NRO (CC BY 4.0). Ranges, in rising order. */
const BUNDLED = '@ip-location-db/asn'

const DOT = 0x2e
const ZERO = 0x30

/** Lines read at a time: a few ms of work, and then it is others' turn. */
const LINES_AT_ONCE = 20_000

/** A database of one's own, and where what is wrong with it is told. */
interface OwnAsns {
  path: string | undefined
  /** The option that names it. */
  field: string
  log?: Logger
}

/**
 * Opens a database of autonomous systems; one of the operator's own is taken over whenever the file changes.
 *
 * @param own in MaxMind's format; the bundled one when it has no path
 * @throws ConfigError when the operator's own can't be read
 */
export async function openAsns({ path, field, log }: OwnAsns): Promise<AsnOf & Disposable> {
  if (path !== undefined) {
    const database = await openDatabase(path, { field, layoutOf: () => asnIn, log })
    const asnOf = (address: string) => database.get(address).record
    return Object.assign(asnOf, { [Symbol.dispose]: () => database[Symbol.dispose]() })
  }
  const ipv4 = await readRanges('asn-ipv4-num.csv', Number)
  const ipv6 = await readRanges('asn-ipv6-num.csv', ipv6Of)
  const asnOf = (address: string) =>
    address.includes(':') ? asnAmong(ipv6, ipv6Key(address)) : asnAmong(ipv4, ipv4Key(address))
  return Object.assign(asnOf, { [Symbol.dispose]: () => undefined })
}

/** The number in a record: MaxMind's `autonomous_system_number`; one of npm's packages would say `asn`. */
function asnIn(record: unknown): number {
  const { autonomous_system_number: nested, asn } = (record ?? {}) as Record<string, unknown>
  const found = Number(nested ?? asn ?? 0)
  return Number.isInteger(found) && found > 0 ? found : 0
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

function asnAmong({ first, last, asn }: Ranges, key: number): number {
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
  let key = 0
  let octet = 0
  for (let at = 0; at < address.length; at += 1) {
    const code = address.charCodeAt(at)
    if (code === DOT) {
      key = key * 256 + octet
      octet = 0
    } else octet = octet * 10 + code - ZERO
  }
  return key * 256 + octet
}

/** The first 48 bits, which a number holds exactly: what the world routes is no smaller. */
function ipv6Of(decimal: string): number {
  return Number(BigInt(decimal) >> 80n)
}

function ipv6Key(address: string): number {
  const [high = 0, middle = 0, low = 0] = ipaddr.IPv6.parse(address).parts
  return (high * 65_536 + middle) * 65_536 + low
}
