import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'

/** What an address is, when it is none of the public internet: a word for the log. */
export type NotPublic = string

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number]

/**
 * Networks that `ipaddr.js` takes for public and that are not, or not for us. What it does know (the
 * registries of RFC 6890: private, loopback, link-local, CGNAT, documentation, multicast, NAT64, 6to4,
 * Teredo and their kin) is not repeated here.
 */
const ALSO_REFUSED: readonly [NotPublic, string][] = [
  ['azureHost', '168.63.129.16/32'],
  ['thisNetwork', '0.0.0.0/8'],
  ['future', '240.0.0.0/4'],
  ['relay6to4', '192.88.99.0/24'],
  ['ipv4Compatible', '::/96'],
  ['ipv4Translated', '::ffff:0:0:0/96'],
  ['nat64', '64:ff9b::/96'],
  ['localNat64', '64:ff9b:1::/48'],
  ['protocolAssignments', '2001::/23'],
  ['6to4', '2002::/16'],
  ['documentation', '3fff::/20'],
  ['6bone', '3ffe::/16'],
]

const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3') as Network
const REFUSED = ALSO_REFUSED.map(([kind, cidr]) => ({ kind, network: ipaddr.parseCIDR(cidr) as Network }))

/**
 * Judges an address, in any notation that a resolver or `URL` gives. Allowed by exception: IPv4 that
 * is global unicast, IPv6 inside 2000::/3 with no IPv4 address embedded, whatever that one is: through
 * a translator it leads to a place which nobody checked.
 *
 * @param denied networks that the operator refuses as well
 * @returns why it is refused, or `undefined` when it is public
 */
export function judgeAddress(address: string, denied: readonly Network[] = []): NotPublic | undefined {
  if (address.includes('%')) return 'zoned'
  if (!ipaddr.isValid(address)) return 'unreadable'
  const parsed = ipaddr.parse(address)
  const range = parsed.range()
  if (range !== 'unicast') return range
  if (parsed instanceof ipaddr.IPv6) {
    if (!parsed.match(GLOBAL_UNICAST)) return 'outsideGlobalUnicast'
    if (isIsatap(parsed)) return 'isatap'
  }
  const refused = REFUSED.find(({ network }) => isInside(parsed, network))
  if (refused !== undefined) return refused.kind
  return denied.some((network) => isInside(parsed, network)) ? 'denied' : undefined
}

/** @throws Error when it is no network, as `10.0.0.0/8` */
export function readNetwork(cidr: string): Network {
  return ipaddr.parseCIDR(cidr) as Network
}

/** The machine's own addresses: a public one leads to whatever listens here. */
export function ownNetworks(): Network[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .map(({ address }) => ipaddr.parse(address.replace(/%.*$/, '')))
    .map((address) => [address, address.kind() === 'ipv4' ? 32 : 128])
}

function isInside(address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: Network): boolean {
  return address.kind() === network.kind() && address.match(network, bits)
}

/** RFC 5214 §6.1: an interface identifier of ::[0200:]5efe:a.b.c.d. */
function isIsatap({ parts }: ipaddr.IPv6): boolean {
  return ((parts[4] ?? 0) & 0xfdff) === 0 && parts[5] === 0x5efe
}
