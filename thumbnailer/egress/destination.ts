import { isIP } from 'node:net'
import type { EdgeAddress } from '../settings.ts'
import { judgeAddress, ownNetworks, readNetwork } from './address.ts'
import type { Resolve } from './resolve.ts'

/** Why something is not let out: the log's and the metric's word. */
export type RefusalReason =
  | 'scheme'
  | 'port'
  | 'name'
  | 'not-public'
  | 'unknown-name'
  | 'unconnected'
  | 'connections'
  | 'requests'
  | 'bytes'
  | 'time'
  | 'no-render'

/** What is asked for is not let out. */
export interface Refusal {
  host: string
  port: number
  because: RefusalReason
  /** The address and what it is, where that is why. */
  detail?: string
}

/** Where a connection may go: addresses that were checked, in the order to try them. */
export interface Destination {
  addresses: readonly string[]
  port: number
}

export interface EgressPolicy {
  /** Names that lead to the edge, and nowhere else. */
  isFronted: (host: string) => boolean
  edge: EdgeAddress
  resolve: Resolve
  /** Ports of public addresses that are let out to. */
  ports: readonly number[]
  /** Networks refused beside those that are not public, as `203.0.113.0/24`. */
  deny: readonly string[]
  /** Addresses of this machine's own, read anew each time: they come and go. */
  own?: () => ReturnType<typeof ownNetworks>
}

/** RFC 1035 §2.3.4: a name in text is no longer. */
const NAME_LENGTH_MAX = 253

/**
 * Decides where a connection may go. A fronted name leads to the edge, by the port that speaks what the
 * asked one does. Any other name is resolved here and now, and refused when any of its addresses is not
 * public: whoever can name an inside address beside an outside one means the inside.
 *
 * @param host as `URL` writes it: lower case, IPv6 in brackets
 */
export function createJudge(
  policy: EgressPolicy,
): (host: string, port: number) => Promise<Destination | Refusal> {
  const denied = policy.deny.map(readNetwork)
  const own = policy.own ?? ownNetworks

  return async (host, port) => {
    if (policy.isFronted(host)) {
      const edgePort = portOfEdge(policy.edge, port)
      // Without a port for TLS there is nobody to talk to: a fault of ours, not of the page.
      if (edgePort === undefined) return { host, port, because: port === 443 ? 'unconnected' : 'port' }
      return { addresses: [policy.edge.host], port: edgePort }
    }
    if (!policy.ports.includes(port)) return { host, port, because: 'port' }
    const addresses = await addressesOf(host, policy.resolve)
    if (typeof addresses === 'string') return { host, port, because: addresses }
    const networks = [...denied, ...own()]
    for (const address of addresses) {
      const kind = judgeAddress(address, networks)
      if (kind !== undefined) return { host, port, because: 'not-public', detail: `${address} is ${kind}` }
    }
    return { addresses, port }
  }
}

async function addressesOf(host: string, resolve: Resolve): Promise<string[] | 'name' | 'unknown-name'> {
  const literal = host.replace(/^\[(.*)\]$/, '$1')
  if (isIP(literal) !== 0) return [literal]
  if (!isName(host)) return 'name'
  const addresses = await resolve(host)
  return addresses.length === 0 ? 'unknown-name' : addresses
}

/** The edge's port for TLS is for TLS only; everything else that viewers use leads to the other. */
function portOfEdge({ httpPort, httpsPort }: EdgeAddress, asked: number): number | undefined {
  if (asked === 443 || asked === httpsPort) return httpsPort
  return asked === 80 || asked === httpPort ? httpPort : undefined
}

/** A name that DNS could have; one that ends in digits is an address in a spelling of its own. */
function isName(host: string): boolean {
  return (
    host.length <= NAME_LENGTH_MAX &&
    /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/.test(host) &&
    !/(^|\.)\d+\.?$/.test(host)
  )
}
