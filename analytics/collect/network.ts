import ipaddr from 'ipaddr.js'

/** How much of an address is kept: what a provider gives to one street or one customer, no less. */
const IPV4_PREFIX = 24
const IPV6_PREFIX = 48

const OCTET = '(?:\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])'
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`)

/** An address in its only form, IPv4 also where it came inside IPv6; `undefined` for what is no address. */
export function plainAddress(text: string): string | undefined {
  // ipaddr.js also takes the octal and one-number forms of IPv4, which no socket ever gives.
  if (IPV4.test(text)) return text
  if (!ipaddr.IPv6.isValid(text)) return undefined
  return ipaddr.process(text.replace(/%.*$/, '')).toString()
}

/** The network of an address that `plainAddress` gave: `192.0.2.0/24` or `2001:db8:1::/48`. */
export function networkOf(address: string): string {
  return address.includes(':')
    ? `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${IPV6_PREFIX}`)}/${IPV6_PREFIX}`
    : `${address.slice(0, address.lastIndexOf('.'))}.0/${IPV4_PREFIX}`
}
