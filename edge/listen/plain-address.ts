import { isIP } from 'node:net'
import { bytesOf, textOf } from '../geo/nearest/network.ts'

/**
 * An address as everything behind the front has it: proxies that listen for both families write IPv4 in IPv6, and
 * IPv6 can be written in many ways; places, rules and keys know one of them.
 *
 * @returns `undefined` for what is no address; numbers such as `0x7f.1`, which some readers take for one, are none
 */
export function plainAddress(text: string): string | undefined {
  const bytes = isIP(text) === 0 ? undefined : bytesOf(text)
  return bytes && textOf(bytes)
}
