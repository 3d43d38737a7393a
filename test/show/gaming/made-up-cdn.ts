import type { ClickHouseClient } from '@clickhouse/client'
import { sqlFile } from '../../../analytics/clickhouse/sql-file.ts'
import type { Day } from '../../../analytics/queries/window.ts'
import { ATTACKS, type Attack, QUIET } from './attacks.ts'

/** A small CDN: some 20,000 visits on a working day. */
const TRAFFIC = { visits: 40_000, sites: 3_000, people: 200_000, swing: 300, until: 86_400 }

/** Sites that nobody attacks, beside those that somebody does: their median is what attacks start from. */
const QUIET_SITES = 9

/** The visitors of its own that each of them has, from as many networks. */
const OWN = { addresses: 4, networks: 4, systems: 4, firstSystem: 64_501, agents: 1, views: 2, pages: 2 }

/** A site that somebody wants a rank for. */
export interface Wanted {
  site: string
  attack: Attack
  /** Days that the attack goes on, until the last one; 0 for a quiet site. */
  days: number
}

/** Each attack for each length has a site of its own, so that none is in another's way but in the counting. */
export function wantedSites(lengths: readonly number[]): Wanted[] {
  const attacked = lengths.flatMap((days) =>
    ATTACKS.map((attack, at) => ({ site: `wanted-${days}-${at}.example`, attack, days })),
  )
  const quiet = Array.from({ length: QUIET_SITES }, (_, at) => ({
    site: `wanted-0-${at}.example`,
    attack: QUIET,
    days: 0,
  }))
  return [...attacked, ...quiet]
}

export function isWanted(site: string): boolean {
  return site.startsWith('wanted-')
}

/** @param daysLeft until the last day, which has 1 */
export async function insertDay(
  client: ClickHouseClient,
  { day, daysLeft, wanted }: { day: Day; daysLeft: number; wanted: readonly Wanted[] },
): Promise<void> {
  const madeUpDay = await sqlFile(import.meta.url, '../../bench/rankings/made-up-day.sql')
  const attackDay = await sqlFile(import.meta.url, 'attack-day.sql')
  await client.command({ query: madeUpDay, query_params: { ...TRAFFIC, day } })
  await client.command({
    query: attackDay,
    query_params: { ...OWN, day, sites: wanted.map(({ site }) => site) },
  })
  for (const { site, attack } of wanted.filter((one) => one.days >= daysLeft)) {
    const { name: _name, ...numbers } = attack
    await client.command({ query: attackDay, query_params: { ...numbers, day, sites: [site] } })
  }
}
