import { isIn, type Network, overlap } from './network.ts'

/** What an operator decides: whom it is about, and the codes of the edges that they get, the best first. */
export type Override = ({ prefix: Network } | { asn: number } | { country: string }) & {
  edges: readonly string[]
}

/** Who asks, as far as overrides go. */
export interface About {
  address: Uint8Array
  /** 0 when unknown. */
  asn: number
  /** ISO 3166-1 alpha-2, empty when unknown. */
  country: string
}

/** An operator's overrides, sorted for looking up. */
export interface Overrides {
  /** Codes of the edges for an asker; none where no override is about it. */
  edgesFor(about: About): readonly string[]
  /** How long a prefix has to be so that one answer is right for all of the block, bits. */
  prefixWithin(block: Network): number
  /** Whether any of them is by network's number: then it has to be looked up. */
  readonly byAsn: boolean
}

const NONE: readonly string[] = []

/** What is said of a smaller block goes before a larger one, a block before a network, a network before a country. */
export function overridesOf(all: readonly Override[]): Overrides {
  const byPrefix = all.filter((one) => 'prefix' in one).sort((a, b) => b.prefix.prefix - a.prefix.prefix)
  const byAsn = new Map(all.flatMap((one) => ('asn' in one ? [[one.asn, one.edges] as const] : [])))
  const byCountry = new Map(
    all.flatMap((one) => ('country' in one ? [[one.country, one.edges] as const] : [])),
  )
  return {
    byAsn: byAsn.size > 0,
    edgesFor({ address, asn, country }) {
      const inPrefix = byPrefix.find(({ prefix }) => isIn(address, prefix))
      return inPrefix?.edges ?? byAsn.get(asn) ?? byCountry.get(country) ?? NONE
    },
    prefixWithin(block) {
      return byPrefix.find(({ prefix }) => overlap(prefix, block))?.prefix.prefix ?? 0
    },
  }
}
