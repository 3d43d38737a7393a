import { shareOf, type Traffic } from './traffic.ts'

/** Units as CloudWatch has them. */
export type Unit = 'None' | 'Bytes' | 'Percent' | 'Milliseconds'

/** One of CloudFront's metrics: how it is summed up over a period, and what it is of the period's traffic. */
export interface Metric {
  name: string
  /** CloudWatch's word. */
  statistic: 'Sum' | 'Average' | 'p50' | 'p90' | 'p99'
  unit: Unit
  /** `null` where there is nothing to take an average of. */
  of(traffic: Traffic): number | null
}

const sum = (name: string, unit: Unit, of: Metric['of']): Metric => ({ name, statistic: 'Sum', unit, of })

const rate = (name: string, part: (traffic: Traffic) => number, whole = requestsOf): Metric => ({
  name,
  statistic: 'Average',
  unit: 'Percent',
  of: (traffic) => percent(shareOf(part(traffic), whole(traffic))),
})

const latency = (statistic: 'p50' | 'p90' | 'p99', at: 0 | 1 | 2): Metric => ({
  name: 'OriginLatency',
  statistic,
  unit: 'Milliseconds',
  of: ({ originMs }) => originMs[at],
})

/** Metrics of the namespace `AWS/CloudFront`, those included that Amazon has one switch on. */
export const METRICS: readonly Metric[] = [
  sum('Requests', 'None', requestsOf),
  sum('BytesDownloaded', 'Bytes', ({ downloaded }) => downloaded),
  sum('BytesUploaded', 'Bytes', ({ uploaded }) => uploaded),
  rate('4xxErrorRate', ({ status4xx }) => status4xx),
  rate('5xxErrorRate', ({ status5xx }) => status5xx),
  rate('TotalErrorRate', ({ status4xx, status5xx }) => status4xx + status5xx),
  rate(
    'CacheHitRate',
    ({ hits }) => hits,
    ({ cacheable }) => cacheable,
  ),
  latency('p50', 0),
  latency('p90', 1),
  latency('p99', 2),
  rate('401ErrorRate', ({ status401 }) => status401),
  rate('403ErrorRate', ({ status403 }) => status403),
  rate('404ErrorRate', ({ status404 }) => status404),
  rate('502ErrorRate', ({ status502 }) => status502),
  rate('503ErrorRate', ({ status503 }) => status503),
  rate('504ErrorRate', ({ status504 }) => status504),
]

function requestsOf({ requests }: Traffic): number {
  return requests
}

function percent(share: number | null): number | null {
  return share === null ? null : Math.round(share * 1e6) / 1e4
}
