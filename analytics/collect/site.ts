import { getDomain } from 'tldts'
import type { FrontedDistribution } from '../settings.ts'
import type { RecordText } from './record-line.ts'
import { remembered } from './remembered.ts'

/**
 * Says which site a record counts for.
 *
 *   - the name that the distribution gave itself, where it did;
 *   - the host as it was asked for, where the distribution answers to every name (alias `*`), and for
 *     names under `.localhost`, which are all one machine's;
 *   - else the registrable domain by the Public Suffix List, its private section included, so that
 *     `alice.github.io` is a site of its own; the host itself where there is none (an address, a
 *     single label, a public suffix).
 *
 * A request for a host that no distribution fronts counts for none (''): whoever sends a `Host` at
 * random must not make sites.
 */
export function createSiteOf(
  distributions: readonly FrontedDistribution[],
): (record: Pick<RecordText, 'site' | 'host' | 'distribution'>) => string {
  const answerToAll = new Set(
    distributions.filter(({ aliases }) => aliases.includes('*')).map(({ id }) => id),
  )

  const ofHost = ({ host: asked, distribution }: Pick<RecordText, 'host' | 'distribution'>) => {
    const host = asked.toLowerCase().replace(/\.$/, '')
    if (answerToAll.has(distribution) || host.endsWith('.localhost')) return host
    return getDomain(host, { allowPrivateDomains: true }) ?? host
  }
  const known = remembered(REMEMBERED_MAX, keyOf, ofHost)

  return (record) => {
    if (record.site !== '') return record.site
    return record.distribution === '' ? '' : known(record)
  }
}

/** Hosts remembered; who makes them up gains nothing. */
const REMEMBERED_MAX = 10_000

/** Neither can hold a tab. */
function keyOf({ host, distribution }: Pick<RecordText, 'host' | 'distribution'>): string {
  return `${distribution}\t${host}`
}
