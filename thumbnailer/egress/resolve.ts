import { Resolver } from 'node:dns/promises'

/** Addresses of a name, all of them; none when there is no such name. */
export type Resolve = (name: string) => Promise<string[]>

/** Of one question to one name server, and how often it is asked, ms. */
const ASK_MS = 2_000
const TRIES = 2

/**
 * Asks name servers, never the machine's own resolver: no hosts file, no search domains, so that
 * `http://metadata/` is `metadata.` and nothing of the network that we are in.
 *
 * @param servers as `192.0.2.1` or `192.0.2.1:5353`; those of the system when left out
 */
export function resolveBy(servers: readonly string[] | undefined): Resolve {
  const resolver = new Resolver({ timeout: ASK_MS, tries: TRIES })
  if (servers !== undefined) resolver.setServers(servers)
  return async (name) => {
    // A family without records is an error, and so is a server that knows one family only.
    const families = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    return families.flatMap((family) => (family.status === 'fulfilled' ? family.value : []))
  }
}
