import type { Outcome, ResultType } from '../cache/outcome.ts'

/** What `Server-Timing` tells of an answer. */
export interface Told {
  /** Name of this cache. */
  node: string
  requestId: string
  resultType: ResultType
  /** CloudFront's `x-edge-detailed-result-type`. */
  detailedResultType: string
  outcome: Outcome
}

/**
 * A `Server-Timing` field (W3C Server Timing) in CloudFront's words: whether it was a hit, where, and how
 * long the tier behind took to its first byte (`cdn-upstream-fbl`, ms).
 */
export function serverTiming({ node, requestId, resultType, detailedResultType, outcome }: Told): string {
  const isShieldHit = detailedResultType === 'OriginShieldHit'
  const metrics = [
    ...cacheMetrics(resultType, isShieldHit),
    `cdn-pop;desc="${node}"`,
    `cdn-rid;desc="${requestId}"`,
  ]
  if (outcome.upstreamUs > 0) {
    metrics.push('cdn-upstream-layer;desc="Origin Shield"')
    metrics.push(`cdn-upstream-fbl;dur=${Math.round(outcome.upstreamUs / 1000)}`)
  }
  return metrics.join(',')
}

function cacheMetrics(resultType: ResultType, isShieldHit: boolean): string[] {
  switch (resultType) {
    case 'Hit':
      return ['cdn-cache-hit', `cdn-hit-layer;desc="${isShieldHit ? 'Origin Shield' : 'EDGE'}"`]
    case 'RefreshHit':
      return ['cdn-cache-refresh', 'cdn-hit-layer;desc="EDGE"']
    case 'Miss':
      return ['cdn-cache-miss']
    case 'Error':
    case 'Redirect':
      return []
  }
}
