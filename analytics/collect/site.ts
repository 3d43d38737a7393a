import { getDomain } from 'tldts'
import type { FrontedDistribution } from '../settings.ts'

/**
 * Says which site a distribution's record counts for.
 *
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
): (asked: { distribution: string; host: string }) => string {
  const answerToAll = new Set(
    distributions.filter(({ aliases }) => aliases.includes('*')).map(({ id }) => id),
  )

  return ({ distribution, host: asked }) => {
    if (distribution === '') return ''
    const host = asked.toLowerCase().replace(/\.$/, '')
    if (answerToAll.has(distribution) || host.endsWith('.localhost')) return host
    return getDomain(host, { allowPrivateDomains: true }) ?? host
  }
}
