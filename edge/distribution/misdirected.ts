import type { Distributions, MatchedDistribution } from './match.ts'

/**
 * Whether a request came over a connection that was opened for a site with another certificate. What viewers
 * were shown there doesn't speak for this site (RFC 9110 §7.4), so it answers 421, and they come again on a
 * connection of its own (§15.5.20). Sites with one certificate share connections, as HTTP/2 has it (RFC 9113
 * §9.1.1). CloudFront draws the line between accounts, which we don't have.
 *
 * @param servername what the viewer asked for when it connected (SNI), empty for nothing; `undefined` when
 *   that isn't known, or there is no TLS
 */
export function isMisdirected(
  { ofHost }: Pick<Distributions, 'ofHost'>,
  servername: string | undefined,
  hostName: string,
  distribution: MatchedDistribution,
): boolean {
  if (servername === undefined || servername === hostName) return false
  const shown = servername === '' ? undefined : ofHost(servername)
  return shown?.viewerCertificate?.cert !== distribution.viewerCertificate?.cert
}
