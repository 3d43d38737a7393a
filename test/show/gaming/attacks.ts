import { DATA_CENTRES } from '../../../analytics/ranking/data-centres.ts'

/** What somebody does in a day who wants a rank; the words are those of attack-day.sql. */
export interface Attack {
  name: string
  addresses: number
  networks: number
  systems: number
  firstSystem: number
  agents: number
  views: number
  pages: number
}

const SYSTEM = 65_200

/** Nobody comes: the site's own visitors are all that it has, and what an attack starts from. */
export const QUIET: Attack = { ...like('nothing'), addresses: 0 }

/** A site each, all with the same few visitors of their own. */
export const ATTACKS: readonly Attack[] = [
  { ...like('a page reloaded 100,000 times'), views: 100_000, pages: 1 },
  { ...like('… by 100 browsers of one address'), agents: 100, views: 1_000, pages: 1 },
  { ...like('one /24, 10 browsers an address'), addresses: 256, agents: 10 },
  { ...like('one ASN, 256 networks'), addresses: 2_560, networks: 256 },
  { ...like('1,000 machines of a data centre'), addresses: 1_000, networks: 40, firstSystem: hetzner() },
  { ...like('1,000 addresses in 10 networks'), addresses: 1_000, networks: 10, systems: 2 },
  { ...like('… 5 browsers an address'), addresses: 1_000, networks: 10, systems: 2, agents: 5 },
  { ...like('1,000 addresses in 50 networks'), addresses: 1_000, networks: 50, systems: 10 },
  { ...like('1,000 addresses in 1,000 networks'), addresses: 1_000, networks: 1_000, systems: 100 },
  { ...like('… 5 browsers an address'), addresses: 1_000, networks: 1_000, systems: 100, agents: 5 },
]

function like(name: string): Attack {
  const one = { addresses: 1, networks: 1, systems: 1, agents: 1 }
  return { name, ...one, firstSystem: SYSTEM, views: 5, pages: 5 }
}

function hetzner(): number {
  const found = [...DATA_CENTRES].find(([, owner]) => owner === 'Hetzner')
  if (found === undefined) throw new Error('data-centres.ts has no Hetzner')
  return found[0]
}
